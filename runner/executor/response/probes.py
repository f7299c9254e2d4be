"""Answers questions about a whole text while it passes, in bounded memory."""

from __future__ import annotations

import re
from typing import Final, Protocol, assert_never

from runner.errors import StepError
from runner.scenario.expressions import regex
from runner.scenario.matchers.reach import Reach, reach_of
from runner.scenario.matchers.streamed import Finding, TextQuestion, cut_value

PIECE: Final = 256 * 1024
"""Characters that are searched at a time."""
LONGEST: Final = 1024 * 1024
"""The most characters that a search looks at together."""
_SPECIAL: Final = re.compile(r"[\\.^$*+?{}\[\]|()]")


class Probe(Protocol):
    """Answers one question about a text that comes in pieces."""

    def feed(self, text: str) -> None:
        """Look at the next piece."""
        ...

    def finish(self) -> Finding:
        """Return the answer, after the last piece."""
        ...


def probe_for(question: TextQuestion) -> Probe:
    """Return what answers a question."""
    name, operand = question
    match name:
        case "equals":
            return EqualsProbe(operand)
        case "contains":
            return ContainsProbe(operand)
        case "matches":
            return ContainsProbe(operand) if _SPECIAL.search(operand) is None else MatchesProbe(operand)
        case _:
            assert_never(name)


class EqualsProbe:
    """Compares the text with another one."""

    def __init__(self, other: str) -> None:
        self._other = other
        self._at = 0
        self._same = True

    def feed(self, text: str) -> None:
        self._same = self._same and self._other.startswith(text, self._at)
        self._at += len(text)

    def finish(self) -> Finding:
        return self._same and self._at == len(self._other)


class ContainsProbe:
    """Looks for another text. Small pieces are collected, so that each character is looked at about
    twice however long the other text is."""

    def __init__(self, part: str, piece: int = PIECE) -> None:
        self._part = part
        self._found = not part
        self._pieces: list[str] = []
        self._size = 0
        self._enough = max(2 * len(part), piece)

    def feed(self, text: str) -> None:
        if not self._found:
            self._pieces.append(text)
            self._size += len(text)
            if self._size >= self._enough:
                self._search()

    def _search(self) -> None:
        text = "".join(self._pieces)
        self._found = self._part in text
        rest = text[max(0, len(text) - len(self._part) + 1) :] if len(self._part) > 1 else ""
        self._pieces, self._size = ([], 0) if self._found else ([rest], len(rest))

    def finish(self) -> Finding:
        if not self._found:
            self._search()
        return self._found


class MatchesProbe:
    """Searches the text for a regular expression.

    The answer is the one that a search of the whole text would give. A beginning of a match is certain as soon as all
    that the pattern can look at from there has arrived (:class:`~runner.scenario.matchers.reach.Reach`). Where that
    would be more than ``longest`` characters, a match may still be found; if none is, the answer is not known.
    """

    def __init__(self, pattern: str, piece: int = PIECE, longest: int = LONGEST) -> None:
        self._pattern = pattern
        self._piece = piece
        self._longest = longest
        self._reach: Reach = reach_of(pattern)
        self._text = ""
        self._start = 0
        self._pieces: list[str] = []
        self._waiting = 0
        self._enough = piece
        self._uncertain = False
        self._finding: Finding | None = None

    def feed(self, text: str) -> None:
        if self._finding is None:
            self._pieces.append(text)
            self._waiting += len(text)
            if self._waiting >= self._enough:
                self._look(is_end=False)

    def finish(self) -> Finding:
        if self._finding is None:
            self._look(is_end=True)
        if self._finding is not None:
            return self._finding
        if self._uncertain:
            return cut_value(f"the pattern may match more than {self._longest:,} characters, which are not kept")
        return False

    def _look(self, *, is_end: bool) -> None:
        try:
            self._search(is_end)
        except StepError as error:
            self._finding = error
        if self._finding is not None:
            self._text, self._pieces = "", []

    def _search(self, is_end: bool) -> None:
        text = self._text = "".join([self._text, *self._pieces])
        self._pieces, self._waiting, self._enough = [], 0, self._piece
        if is_end:
            if regex.find(self._pattern, text, self._start) is not None:
                self._finding = True
            return
        certain = int(max(0, len(text) - min(self._reach.in_text(text), len(text))))
        if certain > self._start:
            span = regex.find(self._pattern, text, self._start)
            if span is not None and span[0] < certain:
                self._finding = True
            self._go_on(certain)
        elif len(text) < self._longest:
            self._enough = len(text)  # look again when there is twice as much
        else:
            self._look_uncertainly(text)

    def _look_uncertainly(self, text: str) -> None:
        """Look for a match that ends before the end of what has arrived: it is one whatever follows, unless the pattern
        looks ahead."""
        self._uncertain = True
        span = regex.find(self._pattern, text, self._start)
        if span is not None and span[1] < len(text) - 1 and not self._reach.looks_ahead:
            self._finding = True
        self._go_on(len(text) // 2)

    def _go_on(self, start: int) -> None:
        """Drop what is no longer needed: all but what the pattern can see before the next possible beginning."""
        kept = max(0, start - self._reach.before - 1)
        self._text, self._start = self._text[kept:], start - kept
