"""Waits until a run has died, then removes what is left of it; see :mod:`runner.library.reaper.watcher`."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Final

MAX_SECONDS: Final = 180
"""Seconds after which the process ends, whatever it waits for."""
MAX_LINE: Final = 4096
"""Bytes that a pipe which is ready takes at once (``PIPE_BUF``)."""


def main() -> None:
    """Read the order from stdin, wait for its end, and remove what is left; a line on stderr for each resource."""
    try:
        errors = os.dup(2)  # before anything else can become file 2, where the run had none
    except OSError:
        errors = os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(0, "rb") as pipe:
        line = pipe.readline()
        if not line.endswith(b"\n"):
            return  # the runner has died before anything was sent
        with contextlib.suppress(OSError):
            os.write(1, b".")  # it waits for this
        pipe.read()
    signal.alarm(MAX_SECONDS)
    from runner.executor.cleanup.reap import reap
    from runner.library.reaper.watcher import Order
    from runner.masking import Masker
    from runner.text import visible

    order = Order.from_line(line)
    masker = Masker((*order.secrets, *order.endpoint.secrets))
    for text in reap(order.endpoint, order.api_version, order.runs, order.folder):
        _say(errors, f"reap: {visible(masker.text(text))}")


def _say(errors: int, line: str) -> None:
    """Write a line, if it is read: removing the rest does not wait for that, and the terminal may have gone."""
    from select import select

    with contextlib.suppress(OSError, ValueError):
        if select([], [errors], [], 1.0)[1]:
            os.write(errors, line.encode("utf-8", "replace")[: MAX_LINE - 1] + b"\n")


if __name__ == "__main__":
    main()
