"""Defines filters and tests of the runner's own: JSON, regular expressions, times, versions, deep merges."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from runner.scenario.expressions import limits, regex
from runner.scenario.expressions.functions.texts import as_text
from runner.scenario.expressions.work import charge
from runner.spelling import spelled
from runner.text import shown

MAX_DEPTH: Final = 64
"""The most levels of JSON, and of mappings that are combined."""
_VERSION = re.compile(r"[vV]?([0-9]{1,18}(?:\.[0-9]{1,18})*)(?:([-~]?)([0-9A-Za-z][0-9A-Za-z.~-]*))?(?:\+.*)?")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def from_json(value: Any) -> Any:
    """Return the value that a JSON text holds. Numbers keep their spelling."""
    text = _text("from_json", value)
    charge(len(text) * 2)
    try:
        data = json.loads(text, parse_int=_whole, parse_float=_float)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}: {shown(text, 60)}") from None
    _check_depth(data)
    limits.refuse_size(limits.weight(data))
    return data


def _whole(text: str) -> int | float:
    return spelled(int(text), text)


def _float(text: str) -> float:
    return spelled(float(text), text)


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [part for value in level for part in _parts(value)]
        if not level:
            return
    raise ValueError(f"the JSON is nested deeper than {MAX_DEPTH} levels")


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


def split(value: Any, sep: Any = None) -> list[str]:
    """Return the parts of a text between separators: by default, between spaces and line breaks."""
    text = _text("split", value)
    separator = None if sep is None else _text("split", sep)
    size = len(text) + limits.ELEMENT * (len(text) + 1 if separator is None else text.count(separator or " ") + 1)
    limits.refuse_size(size)
    charge(size)
    return text.split(separator)


def regex_search(value: Any, pattern: Any, group: Any = 0) -> str | None:
    """Return the first match of a pattern, or a group of it by number or name; none where there is no match."""
    text = _text("regex_search", value)
    charge(len(text))
    number = regex.group_number(_text("regex_search", pattern), group)
    found = regex.search(str(pattern), text)
    return None if found is None else found.groups[number]


def regex_replace(value: Any, pattern: Any, *replacement: Any, **named: Any) -> str:
    r"""Return a text with each match of a pattern replaced; ``\1`` in the replacement is a group."""
    words = (*replacement, *named.values())
    if len(words) != 1 or set(named) - {"with"}:
        raise TypeError("regex_replace needs a pattern and what replaces it: regex_replace('a+', 'b')")
    text = _text("regex_replace", value)
    charge(len(text))
    result = regex.replace(_text("regex_replace", pattern), as_text(words[0]), text, limits.MAX_SIZE)
    charge(len(result))
    return result


def timestamp(value: Any) -> Any:
    """Return the Unix seconds of a time in RFC 3339, with all of its decimals."""
    from datetime import UTC, datetime, timedelta

    match = _TIME.fullmatch(_text("timestamp", value).strip())
    day, clock, fraction, zone = match.groups() if match is not None else ("", "", "", "")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone in 'Zz' else zone}")
    except ValueError:
        raise ValueError(f"not a time in RFC 3339: {shown(value, 60)}") from None
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    nanoseconds = int((fraction or "").ljust(9, "0"))
    if not nanoseconds:
        return seconds
    whole = seconds * 1_000_000_000 + nanoseconds
    sign, (before, after) = "-" if whole < 0 else "", divmod(abs(whole), 1_000_000_000)
    text = f"{sign}{before}.{after:09}".rstrip("0")
    return spelled(float(text), text)


class Version(str):
    """A text that compares as a version: ``1.10`` is more than ``1.9``, and ``2.0-rc1`` less than ``2.0``."""

    __slots__ = ()

    def lower(self) -> Version:
        """Return the same version: filters that sort ask for texts in small letters."""
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (str, int, float)) and _version_key(self) == _version_key(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: Any) -> bool:
        return _version_key(self) < _version_key(other)

    def __le__(self, other: Any) -> bool:
        return _version_key(self) <= _version_key(other)

    def __gt__(self, other: Any) -> bool:
        return _version_key(self) > _version_key(other)

    def __ge__(self, other: Any) -> bool:
        return _version_key(self) >= _version_key(other)

    def __hash__(self) -> int:
        return hash(_version_key(self))


def version(value: Any) -> Version:
    """Return a text, or a number as it was written, that compares as a version."""
    text = as_text(value)
    _version_key(text)
    return Version(text)


def _version_key(value: Any) -> tuple[tuple[int, ...], int, tuple[tuple[int, int, str], ...]]:
    """Return a key that sorts versions as https://semver.org/#spec-item-11 does; zeros at the end don't count."""
    text = str.__str__(value) if isinstance(value, str) else as_text(value)
    match = _VERSION.fullmatch(text.strip()) if len(text) <= 200 else None
    if match is None:
        raise ValueError(f"not a version: {shown(text, 60)}")
    numbers = [int(part) for part in match[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    suffix = re.findall(r"[0-9]{1,18}|[A-Za-z]+", match[3] or "")
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in suffix)
    return tuple(numbers), -1 if suffix else 0, parts


def combine(value: Any, other: Any) -> dict[str, Any]:
    """Return a mapping with another one merged into it, at every depth; lists and scalars are replaced."""
    for part in (value, other):
        if not isinstance(part, Mapping):
            raise TypeError(f"combine needs two mappings, not {shown(part, 60)}")
    size = limits.weight(value) + limits.weight(other)
    limits.refuse_size(size)
    charge(size)
    return _merged(value, other, MAX_DEPTH)


def _merged(value: Mapping[str, Any], other: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if not depth:
        raise ValueError(f"the mappings are nested deeper than {MAX_DEPTH} levels")
    result = dict(value)
    for name, inner in other.items():
        mine = result.get(name)
        both = isinstance(mine, Mapping) and isinstance(inner, Mapping)
        result[name] = _merged(mine, inner, depth - 1) if both and isinstance(mine, Mapping) else inner
    return result


def is_matching(value: Any, pattern: Any) -> bool:
    """Return whether a pattern is found in a text."""
    text = as_text(value)
    charge(len(text))
    return regex.search(_text("matching", pattern), text) is not None


def is_containing(value: Any, part: Any) -> bool:
    """Return whether a text has a part, a list an element, or a mapping a key."""
    limits.charge_search(part, value)
    if isinstance(value, str):
        return as_text(part) in value
    if isinstance(value, (list, tuple, Mapping, range)):
        return part in value
    raise TypeError(f"a text, a list or a mapping contains something, not {shown(value, 60)}")


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"{name} needs a text, not {shown(value, 60)}")
