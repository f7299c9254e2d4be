"""``python -m runner`` and the console command ``run``."""

from __future__ import annotations

import gc
import os
import sys

NEW_OBJECTS = 20_000
"""How many objects come before the next look for cycles: most of what a command makes lasts as long as it runs."""


def main() -> None:
    """Run the command and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from runner import __version__

        print(f"engine-recipes {__version__}")  # noqa: T201 - the quickest answer of all
        return
    gc.set_threshold(NEW_OBJECTS)
    from runner.cli.main import run_command

    code = run_command(sys.argv[1:])
    if sys.warnoptions:  # who asks for warnings is told what was left open
        sys.exit(code)
    os._exit(code)  # all is written and closed; taking the interpreter apart would take as long as a dozen requests


if __name__ == "__main__":
    main()
