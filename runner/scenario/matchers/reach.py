"""Bounds how much text a regular expression can look at from where a match begins.

A stream that is too long to be kept is searched piece by piece. Whether a match begins at a place is certain as soon as
everything that the pattern can look at from there has arrived: so many characters, so many lines, so many runs of white
space. Facts about patterns come from the parser of Python's ``re``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, NamedTuple

_NEW_LINE: Final = 10
_CHARACTERS: Final = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})
_REPEATS: Final = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_ASSERTIONS: Final = frozenset({"ASSERT", "ASSERT_NOT"})
_GROUPS: Final = _ASSERTIONS | {"SUBPATTERN", "BRANCH", "ATOMIC_GROUP", "GROUPREF_EXISTS", "FAILURE"}
_MAX_CHARACTERS: Final = 1000
"""From so many repetitions on, those within a line are counted as that line."""
_MAX_LINES: Final = 20
"""How many repetitions of lines are counted as lines."""
_WHITE_SPACE: Final = re.compile(r"\s+")
_LINE: Final = re.compile(r"[^\n]+")


class Reach(NamedTuple):
    """Bounds what a pattern can look at: ``characters``, whole ``lines`` and runs of white space (``blanks``) from
    the beginning of a match on, and ``before`` characters in front of it. With ``is_bounded`` false there is no such
    limit; ``looks_ahead`` means that a match depends on text behind it."""

    characters: int = 0
    lines: int = 0
    blanks: int = 0
    before: int = 0
    is_bounded: bool = True
    looks_ahead: bool = False

    def then(self, other: Reach) -> Reach:
        """Return the reach of one pattern behind another."""
        return Reach(
            self.characters + other.characters,
            self.lines + other.lines,
            self.blanks + other.blanks,
            max(self.before, other.before),
            self.is_bounded and other.is_bounded,
            self.looks_ahead or other.looks_ahead,
        )

    def either(self, other: Reach) -> Reach:
        """Return the reach of one pattern or another."""
        return Reach(
            max(self.characters, other.characters),
            max(self.lines, other.lines),
            max(self.blanks, other.blanks),
            max(self.before, other.before),
            self.is_bounded and other.is_bounded,
            self.looks_ahead or other.looks_ahead,
        )

    def in_text(self, text: str) -> float:
        """Return the reach in characters, if lines and runs are no longer than the longest ones of a text."""
        if not self.is_bounded:
            return float("inf")
        reach = self.characters + self.before
        if self.lines:
            reach += self.lines * (_longest(_LINE, text) + 1)
        if self.blanks:
            reach += self.blanks * (_longest(_WHITE_SPACE, text) + 1)
        return reach


def _longest(pattern: re.Pattern[str], text: str) -> int:
    return max((match.end() - match.start() for match in pattern.finditer(text)), default=0)


@lru_cache(maxsize=64)
def reach_of(pattern: str) -> Reach:
    """Return the reach of a valid pattern."""
    parsed = import_module("re._parser").parse(pattern)
    found = _sequence(parsed, bool(parsed.state.flags & re.DOTALL))
    return found._replace(characters=found.characters + 2)  # an end of the text is seen by what follows it


def _sequence(parts: Any, dot_all: bool) -> Reach:
    reach = Reach()
    for op, operand in parts:
        reach = reach.then(_part(str(op), operand, dot_all))
    return reach


def _part(name: str, operand: Any, dot_all: bool) -> Reach:
    if name in _CHARACTERS:
        return Reach(characters=1)
    if name == "AT":
        return Reach(characters=2, before=2)
    if name in _REPEATS:
        return _repeat(operand[1], operand[2], dot_all)
    reach = Reach(is_bounded=name in _GROUPS)  # a back reference is as long as what it refers to
    for inner, dot in _inside(name, operand, dot_all):
        reach = reach.either(_sequence(inner, dot))
    if name in _ASSERTIONS:
        if operand[0] < 0:
            return reach._replace(before=reach.before + reach.characters + 1)
        return reach._replace(looks_ahead=True)
    return reach


def _inside(name: str, operand: Any, dot_all: bool) -> list[tuple[Any, bool]]:
    """Return the alternatives inside a part, each with whether a dot in it is any character."""
    if name == "SUBPATTERN":
        _, added, removed, inner = operand
        return [(inner, (dot_all or bool(added & re.DOTALL)) and not removed & re.DOTALL)]
    branches: list[Any] = []
    if name == "BRANCH":
        branches = operand[1]
    elif name == "ATOMIC_GROUP":
        branches = [operand]
    elif name == "GROUPREF_EXISTS":
        branches = [operand[1], operand[2] or ()]
    elif name in _ASSERTIONS:
        branches = [operand[1]]
    elif name in _REPEATS:
        branches = [operand[2]]
    return [(branch, dot_all) for branch in branches]


def _repeat(most: Any, inner: Any, dot_all: bool) -> Reach:
    once = _sequence(inner, dot_all)
    is_finite = str(most) != "MAXREPEAT"
    if is_finite and most * once.characters <= _MAX_CHARACTERS and (most <= _MAX_LINES or not once.lines + once.blanks):
        return once._replace(characters=once.characters * most, lines=once.lines * most, blanks=once.blanks * most)
    consumed = list(_consumed(inner, dot_all))
    if not any(kind.is_line_break for kind in consumed):
        return once._replace(lines=once.lines + 1)
    if all(kind.is_blank for kind in consumed):
        return once._replace(blanks=once.blanks + 1)
    return once._replace(is_bounded=False)


class _Kind(NamedTuple):
    """Describes a character that a pattern consumes."""

    is_line_break: bool
    is_blank: bool


def _consumed(parts: Any, dot_all: bool) -> Iterator[_Kind]:
    """Yield what each character that a pattern consumes can be."""
    for op, operand in parts:
        name = str(op)
        match name:
            case "LITERAL":
                yield _Kind(operand == _NEW_LINE, chr(operand).isspace())
            case "NOT_LITERAL":
                yield _Kind(operand != _NEW_LINE, is_blank=False)
            case "ANY":
                yield _Kind(dot_all, is_blank=False)
            case "IN":
                yield _Kind(_can_be_line_break(operand), all(map(_is_blank, operand)))
            case _ if name not in _ASSERTIONS:
                for inner, dot in _inside(name, operand, dot_all):
                    yield from _consumed(inner, dot)


def _can_be_line_break(members: Any) -> bool:
    negated = False
    found = False
    for op, operand in members:
        match str(op):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found = found or operand == _NEW_LINE
            case "RANGE":
                found = found or operand[0] <= _NEW_LINE <= operand[1]
            case "CATEGORY":
                found = found or str(operand) in ("CATEGORY_SPACE", "CATEGORY_NOT_DIGIT", "CATEGORY_NOT_WORD")
            case _:
                return True
    return found is not negated


def _is_blank(member: Any) -> bool:
    op, operand = member
    if str(op) == "LITERAL":
        return chr(operand).isspace()
    return str(op) == "CATEGORY" and str(operand) == "CATEGORY_SPACE"
