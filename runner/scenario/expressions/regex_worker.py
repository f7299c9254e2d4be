"""Makes searches in a process of its own, which ends when one has used its processor time or memory.

Run as a program by :mod:`runner.scenario.expressions.regex`. It reads requests from its standard input and writes an
answer for each to its standard output, a JSON value on a line. It imports nothing of this package, so that it starts
quickly and can run isolated.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sys
import time
import warnings
from typing import Any

MAX_MEMORY = 1024**3
"""The most memory that this process may use, in bytes."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer one request: the groups of a search, the span of one from ``start`` on, or a text with its matches
    replaced; None where nothing was found, or the text would be too long."""
    pattern, text = re.compile(request["pattern"]), request["text"]
    if "start" in request:
        match = pattern.search(text, request["start"])
        return {"result": match.span() if match else None}
    if "replacement" not in request:
        match = pattern.search(text)
        return {"result": [match[0], *match.groups()] if match else None}
    try:
        result = pattern.sub(request["replacement"], text)
    except MemoryError:
        return {"result": None}
    except (re.error, IndexError) as error:
        return {"error": str(error)}
    return {"result": result if len(result) <= request["limit"] else None}


def main() -> None:
    """Answer until the input ends."""
    seconds = float(sys.argv[1])
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    requests, replies = os.fdopen(0, "rb"), os.fdopen(1, "wb")
    for line in requests:
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal ends the process
        began = time.process_time()
        reply = answer(request)
        reply["seconds"] = time.process_time() - began
        signal.setitimer(signal.ITIMER_PROF, 0)
        replies.write(json.dumps(reply).encode("ascii") + b"\n")
        replies.flush()


if __name__ == "__main__":
    main()
