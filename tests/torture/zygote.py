"""Runs the command again and again, each time in a process of its own, without loading it each time.

``python -m tests.torture.zygote`` reads a request as a line of JSON from stdin (``arguments``, ``folder``, ``env``,
``stdout``, ``stderr``, ``seconds``), forks, and writes the exit code as a line to stdout. A command that runs longer
than ``seconds`` writes where each of its threads is, and ends with :data:`HUNG`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import os
import pkgutil
import sys
from typing import Any, NoReturn

import runner

HUNG = "Timeout (0:"
"""How what faulthandler writes begins."""


def main() -> None:
    for name in (
        "jinja2.sandbox",
        "jsonschema",
        "yaml",
        *(m.name for m in pkgutil.walk_packages(runner.__path__, "runner.")),
    ):
        with contextlib.suppress(ImportError):  # an optional extra
            if not name.endswith("__main__"):
                importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            command(request)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def command(request: dict[str, Any]) -> NoReturn:
    """Be the command."""
    for number, path in ((1, request["stdout"]), (2, request["stderr"])):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
        os.close(file)
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[1:] = request["arguments"]
    faulthandler.dump_traceback_later(request["seconds"], exit=True)
    importlib.import_module("runner.__main__").main()
    os._exit(0)


if __name__ == "__main__":
    main()
