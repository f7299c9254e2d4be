"""Recognises the headings of reStructuredText, whose levels a page decides by their order
(https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html#sections)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_LINE: Final = re.compile(r"([!-/:-@\[-`{-~])\1*[ \t]*\Z")


class Style(NamedTuple):
    """Describes the headings of one level of a page."""

    character: str
    overlined: bool


def style_of(above: str, title: str, below: str) -> Style | None:
    """Return the style of the heading that three lines are; None if they are none."""
    match = _LINE.match(below)
    if match is None or not title.strip() or _LINE.match(title) or len(below.rstrip()) < len(title.rstrip()):
        return None
    return Style(match[1], overlined=above.rstrip() == below.rstrip())
