"""Tells the kinds of values apart that a matcher may meet: types, numbers, times, and what is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runner.api.times import instant
from runner.scenario.matchers.operands import is_number
from runner.scenario.matchers.streamed import StreamedText


class Absent:
    """A key, an element, a header or a response that does not exist."""

    def __repr__(self) -> str:
        return "missing"


class NoBody:
    """The body of an answer without one: equal to ``""`` and ``null``."""

    def __repr__(self) -> str:
        return "no body"


ABSENT: Final = Absent()
NO_BODY: Final = NoBody()


def number_in(text: str | StreamedText) -> float | int | None:
    """Return the number that a header or an output is."""
    try:
        written = str(text).strip() if len(text) <= 400 else ""
        return int(written) if written.lstrip("+-").isdecimal() else float(written)
    except ValueError:
        return None


def ordered(value: Any) -> tuple[str, float | int] | None:
    """Return a value that has an order, with the kind of it: a number, or a point in time."""
    if is_number(value):
        return "number", value
    moment = instant(value) if isinstance(value, str) else None
    return None if moment is None else ("time", moment)


def types_of(value: Any) -> tuple[str, ...]:
    """Return the words of the matcher ``type`` that fit a value, the most exact one first."""
    if value is None or isinstance(value, NoBody):
        return ("null",)
    if isinstance(value, bool):
        return ("boolean",)
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return ("integer", "number")
    if isinstance(value, float):
        return ("number",)
    if isinstance(value, (str, StreamedText)):
        return ("string",)
    return ("mapping",) if isinstance(value, Mapping) else ("list",)


def type_of(value: Any) -> str:
    """Return what a value is called in a message."""
    return with_article(types_of(value)[0])


def with_article(word: str) -> str:
    if word == "null":
        return word
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def other_type(value: Any, wanted: str, *types: type) -> str | None:
    return None if isinstance(value, types) else f"it is {type_of(value)}, not {wanted}"
