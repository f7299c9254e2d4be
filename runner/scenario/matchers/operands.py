"""Names the matchers, and finds mistakes in an expectation that holds them.

A mapping all of whose keys are matchers is one. The same rules hold for what a file says, where parts that only a run
can compute are :data:`UNKNOWN`, and for what a run has computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from runner.api.times import instant
from runner.nearest import did_you_mean
from runner.scenario.expressions.functions.texts import as_text
from runner.scenario.expressions.regex import PatternError, check_pattern
from runner.text import shown

Path = tuple[str | int, ...]
"""Keys and indexes that lead to a part of a value."""


class Subject(Enum):
    """Says what an expectation is about, which decides what may be in it."""

    VALUE = auto()
    """A value of JSON: ``body``, ``items``."""
    TEXT = auto()
    """A text: ``stdout``, ``stderr``. Numbers and booleans are compared with it as text."""
    HEADERS = auto()
    """A mapping of texts."""
    STATUS = auto()
    """An HTTP status; ``2xx`` is a class."""
    LENGTH = auto()
    """A whole number that is not negative."""


class Unknown:
    """A value, or a key, that only a run can compute."""

    def __repr__(self) -> str:
        return "…"


UNKNOWN: Final = Unknown()

TYPES: Final = ("string", "number", "integer", "boolean", "list", "mapping", "null")
"""The words of the matcher ``type``."""
_OTHER_TYPES: Final = {
    **dict.fromkeys(("text", "str"), "string"),
    **dict.fromkeys(("int", "long"), "integer"),
    **dict.fromkeys(("float", "double"), "number"),
    "bool": "boolean",
    **dict.fromkeys(("array", "collection"), "list"),
    **dict.fromkeys(("object", "dict", "map", "hash"), "mapping"),
    **dict.fromkeys(("none", "nil"), "null"),
}
"""What other tools call these types."""

COMPARISONS: Final = ("above", "below", "at_least", "at_most")
"""The matchers that compare numbers, or times."""

_SINGLE: Final = frozenset({Subject.STATUS, Subject.LENGTH, Subject.TEXT})
"""The subjects that are single values."""
_STATUS: Final = re.compile(r"[1-5][xX][xX]|[1-5][0-9][0-9]")


class Mistake(NamedTuple):
    """A mistake in an expectation: where in it, what is wrong, and what to write instead."""

    path: Path
    message: str
    hint: str | None = None
    is_pattern: bool = False
    """Whether it is in a regular expression."""
    at_key: bool = False
    """Whether it is about the last key of the path, and not about its value."""


def is_matcher(wanted: Any) -> bool:
    """Return whether a value is a mapping all of whose keys are matchers."""
    return isinstance(wanted, Mapping) and bool(wanted) and all(key in MATCHERS for key in wanted)


def mistakes(wanted: Any, subject: Subject) -> Iterator[Mistake]:
    """Yield the mistakes in an expectation."""
    if wanted is UNKNOWN:
        return
    match subject:
        case Subject.HEADERS if not isinstance(wanted, Mapping):
            yield Mistake((), f"headers are a mapping, not {shown(wanted, 60)}", "write {Content-Type: text/plain}")
        case Subject.STATUS if isinstance(wanted, list):
            for index, status in enumerate(wanted):
                yield from _inside(status, (index,), subject)
        case _:
            yield from _inside(wanted, (), subject)


def _inside(wanted: Any, path: Path, subject: Subject) -> Iterator[Mistake]:
    if isinstance(wanted, Mapping):
        names = [key for key in wanted if key in MATCHERS]
        others = [key for key in wanted if isinstance(key, str) and key not in MATCHERS]
        if names and others:
            yield _beside((*path, names[0]), names[0], others[0])
        elif names:
            for name in names:
                yield from MATCHERS[name](wanted[name], (*path, name), subject)
        elif subject in _SINGLE and (others or not wanted):
            yield _no_text(wanted, path)
        else:
            inner = Subject.TEXT if subject is Subject.HEADERS else subject
            for key, value in wanted.items():
                yield from _inside(value, (*path, key if isinstance(key, str) else ""), inner)
    elif isinstance(wanted, list) and subject is Subject.VALUE:
        for index, value in enumerate(wanted):
            yield from _inside(value, (*path, index), subject)
    elif isinstance(wanted, list) and subject is Subject.TEXT:
        yield _no_text(wanted, path)
    elif subject is Subject.STATUS:
        yield from _status(wanted, path)
    elif subject is Subject.LENGTH:
        yield from _whole_number(wanted, path)


def _no_text(wanted: Any, path: Path) -> Mistake:
    """Return the mistake of a list, or of a mapping that is not a matcher, where a single value is compared."""
    key = next((key for key in wanted if isinstance(key, str)), None) if isinstance(wanted, Mapping) else None
    if key is None:
        message = f"a single value or a matcher is expected here, not {shown(wanted, 60)}"
        return Mistake(path, message, f"the matchers are {', '.join(MATCHERS)}")
    hint = did_you_mean(key, MATCHERS) or f"the matchers are {', '.join(MATCHERS)}"
    return Mistake((*path, key), f"'{key}' is not a matcher", hint, at_key=True)


def _beside(path: Path, name: str, other: str) -> Mistake:
    message = f"the matcher '{name}' is beside '{other}', which is not a matcher"
    hint = did_you_mean(other, MATCHERS)
    hint = hint or f"if '{name}' is a key of the value, put the mapping inside 'equals': it is taken literally there"
    return Mistake(path, message, hint, at_key=True)


# Operands


def _anything(_operand: Any, _path: Path, _subject: Subject) -> Iterator[Mistake]:
    return iter(())


def _status_or_anything(operand: Any, path: Path, subject: Subject) -> Iterator[Mistake]:
    """Check the operand of ``equals``, which is taken literally."""
    if operand is not UNKNOWN and subject is Subject.STATUS:
        yield from _status(operand, path)
    if operand is not UNKNOWN and subject is Subject.LENGTH:
        yield from _whole_number(operand, path)


def _status(operand: Any, path: Path) -> Iterator[Mistake]:
    if operand is None or operand is UNKNOWN:  # null: no answer
        return
    if isinstance(operand, bool) or not _STATUS.fullmatch(str(operand)):
        hint = "write a number such as 201, or a class (1xx to 5xx)"
        yield Mistake(path, f"{shown(operand, 60)} can't be an HTTP status", hint)


def _whole_number(operand: Any, path: Path) -> Iterator[Mistake]:
    if operand is not UNKNOWN and (isinstance(operand, bool) or not isinstance(operand, int) or operand < 0):
        hint = "a length is a whole number that is not negative, or a matcher: {at_least: 1}"
        yield Mistake(path, f"{shown(operand, 60)} can't be a length", hint)


def _pattern(operand: Any, path: Path, subject: Subject) -> Iterator[Mistake]:
    if operand is UNKNOWN:
        return
    if subject is Subject.LENGTH:
        yield Mistake(path, "a length is a number, in which no pattern is found", "write at_least, at_most or one_of")
        return
    if operand is None or isinstance(operand, (Mapping, list)):
        message = f"'matches' takes a regular expression, not {shown(operand, 60)}"
        yield Mistake(path, message, "write it as a text: {matches: '^v[0-9]+'}")
        return
    try:
        check_pattern(as_text(operand))
    except PatternError as error:
        yield Mistake(path, f"not a regular expression: {error.message}", error.hint, is_pattern=True)


def _contains(operand: Any, path: Path, subject: Subject) -> Iterator[Mistake]:
    if operand is UNKNOWN:
        return
    if subject is Subject.TEXT and (operand is None or isinstance(operand, (Mapping, list))):
        yield Mistake(path, f"a text contains a text, not {shown(operand, 60)}", "write {contains: part of the text}")
    elif subject in (Subject.STATUS, Subject.LENGTH):
        yield Mistake(path, "a number contains nothing", "write one_of, above, below, at_least or at_most")
    else:
        yield from _inside(operand, path, Subject.TEXT if subject is Subject.HEADERS else subject)


def _type(operand: Any, path: Path, _subject: Subject) -> Iterator[Mistake]:
    if operand is UNKNOWN or operand is None or operand in TYPES:
        return
    word = str(operand).lower()
    meant = _OTHER_TYPES.get(word)
    hint = f"did you mean '{meant}'?" if meant else did_you_mean(word, TYPES) or f"it is one of {', '.join(TYPES)}"
    yield Mistake(path, f"{shown(operand, 60)} is not a type", hint)


def _length(operand: Any, path: Path, _subject: Subject) -> Iterator[Mistake]:
    if operand is not UNKNOWN:
        yield from _inside(operand, path, Subject.LENGTH)


def _comparison(operand: Any, path: Path, subject: Subject) -> Iterator[Mistake]:
    if operand is UNKNOWN:
        return
    if is_number(operand):
        if subject is Subject.LENGTH:
            yield from _whole_number(operand, path)
        return
    if isinstance(operand, str) and instant(operand) is not None and subject is not Subject.LENGTH:
        return
    name = path[-1]
    hint = f"write {{{name}: 5}} or {{{name}: '2026-01-31T12:00:00Z'}}"
    if isinstance(operand, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", operand):
        hint = f"write it without quotes: {{{name}: {operand}}}"
    yield Mistake(path, f"'{name}' takes a number, or a time in RFC 3339, not {shown(operand, 60)}", hint)


def _one_of(operand: Any, path: Path, subject: Subject) -> Iterator[Mistake]:
    if operand is UNKNOWN:
        return
    if not isinstance(operand, list) or not operand:
        yield Mistake(path, "'one_of' takes a list of at least one value", "write {one_of: [200, 304]}")
        return
    for index, value in enumerate(operand):
        yield from _inside(value, (*path, index), subject)


def _any_order(operand: Any, path: Path, subject: Subject) -> Iterator[Mistake]:
    if operand is UNKNOWN:
        return
    if subject is not Subject.VALUE:
        yield Mistake(path, "'any_order' compares lists, and this is none", "write contains, matches or one_of")
    elif not isinstance(operand, list):
        yield Mistake(path, f"'any_order' takes a list, not {shown(operand, 60)}", "write {any_order: [web, db]}")
    else:
        yield from _inside(operand, path, subject)


def _absent(operand: Any, path: Path, _subject: Subject) -> Iterator[Mistake]:
    if operand is not UNKNOWN and not isinstance(operand, bool):
        yield Mistake(path, f"'absent' takes true or false, not {shown(operand, 60)}", "write {absent: true}")


MATCHERS: Final[Mapping[str, Callable[[Any, Path, Subject], Iterator[Mistake]]]] = {
    "equals": _status_or_anything,
    "not": lambda operand, path, subject: _inside(operand, path, subject) if operand is not UNKNOWN else iter(()),
    "matches": _pattern,
    "contains": _contains,
    "type": _type,
    "length": _length,
    **dict.fromkeys(COMPARISONS, _comparison),
    "one_of": _one_of,
    "any_order": _any_order,
    "absent": _absent,
}
"""The matchers by their names, each with what finds the mistakes in its operand."""


def is_number(value: Any) -> bool:
    """Return whether a value is a number; a boolean is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
