"""Runs the console command ``run``, also as ``python -m runner``."""

from __future__ import annotations

import gc
import os
import sys

GC_THRESHOLD = 20_000
"""New objects between two collections of the youngest generation: most objects live as long as the command."""
COMPLETING = "_ARGCOMPLETE"
"""The environment variable with which a shell asks for completions (https://kislyuk.github.io/argcomplete/)."""
FULL_EXIT = "RUN_FULL_EXIT"
"""The environment variable that asks for a complete shutdown of the interpreter: ``atexit`` handlers, coverage, and
warnings about what was left open. Without it the process ends at once, which saves about 25 ms."""


def main() -> None:
    """Run the command and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from runner.version import __version__

        print(f"engine-recipes {__version__}")  # noqa: T201 - nothing else is loaded for this
        return
    gc.set_threshold(GC_THRESHOLD)
    from runner.cli.main import run_command
    from runner.cli.output.console import process_console

    console = process_console()
    if COMPLETING in console.environment:
        from runner.cli.completion import complete

        complete(console)
    code = run_command(sys.argv[1:], console)
    if console.environment.get(FULL_EXIT):
        sys.exit(code)
    os._exit(code)


if __name__ == "__main__":
    main()
