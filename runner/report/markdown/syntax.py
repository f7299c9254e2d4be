"""Recognises code spans and fences of CommonMark (https://spec.commonmark.org/0.31.2/)."""

from __future__ import annotations

import re
from typing import Final

CODE_SPAN: Final = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)")
"""A code span on one line: between its ticks is the code."""
FENCE: Final = re.compile(r" {0,3}(?P<fence>`{3,}(?=[^`]*\Z)|~{3,})")
"""A line that opens a fenced block, or closes it if it has nothing else."""


def closes(line: str, fence: str) -> bool:
    """Return whether a line ends the block that a fence has begun."""
    match = FENCE.match(line)
    return match is not None and match["fence"].startswith(fence) and not line.strip().strip(fence[0])
