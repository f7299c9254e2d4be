"""``python -m runner`` and the console command ``run``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from runner import __version__

        print(f"engine-recipes {__version__}")  # noqa: T201 - the quickest answer of all
        return
    from runner.cli.main import run_command

    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
