"""Finds the differences between two JSON values, by path."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple

from runner.report.comparison.model import ABSENT, DifferenceKind
from runner.text import shown, visible

MAX_ALIGNED: Final = 400
"""Elements up to which lists are aligned by what they hold; longer ones are compared position by position."""
MAX_SHOWN: Final = 160
"""Characters of a value that are shown, at most."""
_BEFORE: Final = 30
"""Characters that are shown before the first difference of two long texts."""
_PLAIN_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/")

_TYPES: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (str, "text"),
    ((int, float), "number"),
    (Mapping, "mapping"),
    ((list, tuple), "list"),
)


class _Missing:
    """A value that is not there."""

    def __repr__(self) -> str:
        return ABSENT


MISSING: Final = _Missing()


class ValueDifference(NamedTuple):
    """Two different values, and the path to them; positions in lists are left out of the path."""

    path: str
    kind: DifferenceKind
    values: tuple[str, str]


def differences(path: str, reference: Any, other: Any, *, strict: bool) -> Iterator[ValueDifference]:
    """Yield the differences between two values. Unless ``strict``, ``null``, an empty list, an empty mapping and a key
    that is not there are the same."""
    if not strict:
        reference, other = pruned(reference), pruned(other)
    yield from _differences(path, reference, other)


def pruned(value: Any) -> Any:
    """Return a value without what is null or empty, down to :data:`MISSING`."""
    if isinstance(value, Mapping):
        kept = {name: inner for name, part in value.items() if (inner := pruned(part)) is not MISSING}
        return kept or MISSING
    if isinstance(value, (list, tuple)):
        return [None if (inner := pruned(part)) is MISSING else inner for part in value] or MISSING
    return MISSING if value is None else value


def kind_of(reference: Any, other: Any) -> DifferenceKind:
    """Return how two different values differ, as seen from the reference."""
    if other is MISSING:
        return "missing"
    if reference is MISSING:
        return "additional"
    return "value" if _type(reference) == _type(other) else "type"


def shown_pair(reference: Any, other: Any) -> tuple[str, str]:
    """Return two different values on a line each; of long texts the part around the first difference. A value that is
    cut has a digest, so that two different ones are never shown alike."""
    start = 0
    if isinstance(reference, str) and isinstance(other, str) and max(len(reference), len(other)) > MAX_SHOWN:
        start = max(0, _first_difference(reference, other) - _BEFORE)
    return _shown(reference, start), _shown(other, start)


def key_path(path: str, key: object) -> str:
    """Return the path of a key: ``body.Config``, ``body.Labels["a b"]``."""
    name = str(key)
    return f"{path}.{name}" if name and _PLAIN_NAME.issuperset(name) else f"{path}[{visible(shown(name))}]"


def _differences(path: str, reference: Any, other: Any) -> Iterator[ValueDifference]:
    if reference is other:
        return
    if isinstance(reference, Mapping) and isinstance(other, Mapping):
        for key in (*reference, *(key for key in other if key not in reference)):
            yield from _differences(key_path(path, key), reference.get(key, MISSING), other.get(key, MISSING))
    elif isinstance(reference, list) and isinstance(other, list):
        for left, right in _aligned(reference, other):
            yield from _differences(f"{path}[]", left, right)
    elif _type(reference) != _type(other) or reference != other:
        yield ValueDifference(path, kind_of(reference, other), shown_pair(reference, other))


def _aligned(reference: list[Any], other: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Pair the elements of two lists: equal ones first, what is between them in order."""
    if reference == other:
        return
    if max(len(reference), len(other)) > MAX_ALIGNED:
        yield from _side_by_side(reference, other)
        return
    matcher = SequenceMatcher(None, [*map(_canonical, reference)], [*map(_canonical, other)], autojunk=False)
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag != "equal":
            yield from _side_by_side(reference[start:end], other[other_start:other_end])


def _side_by_side(reference: list[Any], other: list[Any]) -> Iterator[tuple[Any, Any]]:
    for index in range(max(len(reference), len(other))):
        yield (
            reference[index] if index < len(reference) else MISSING,
            other[index] if index < len(other) else MISSING,
        )


def _type(value: Any) -> str:
    if isinstance(value, bool) or value is None or value is MISSING:
        return type(value).__name__
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "other")


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _first_difference(one: str, other: str) -> int:
    """Return the index of the first character that differs, by halving: slices are compared much faster than
    characters."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _shown(value: Any, start: int = 0) -> str:
    if value is MISSING:
        return ABSENT
    text = value[start : start + MAX_SHOWN] if isinstance(value, str) else value
    line = visible(shown(text, MAX_SHOWN))
    is_cut = line.endswith("…") or (isinstance(value, str) and len(value) > len(text))
    if not (is_cut or start):
        return line
    digest = hashlib.sha256(_canonical(value).encode("utf-8", "replace")).hexdigest()[:8]
    before = f"… {start} characters, then " if start else ""
    return f"{before}{line}{'' if line.endswith('…') else '…'} ({digest})"
