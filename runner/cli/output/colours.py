"""Colours on stderr: on a terminal only, and not where ``NO_COLOR`` or ``--no-color`` says no."""

from __future__ import annotations

import os
import sys

_CODES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "grey": "90", "bold": "1"}
_choice: list[bool] = []


def switch_off() -> None:
    """``--no-color``."""
    _choice[:] = [False]


def enabled() -> bool:
    if not _choice:
        wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        _choice.append(wanted and sys.stderr.isatty())
    return _choice[0]


def paint(text: str, colour: str) -> str:
    return f"\033[{_CODES[colour]}m{text}\033[0m" if text and enabled() else text
