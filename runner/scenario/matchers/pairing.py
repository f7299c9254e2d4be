"""Pairs the elements of two lists, whatever their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def unmatched(
    wanted: Sequence[Any], actual: Sequence[Any], holds: Callable[[Any, Any], bool]
) -> tuple[list[int], list[int]]:
    """Pair each expected element with another actual one for which ``holds`` is true, as many as possible.

    Returns the indexes of the expected and of the actual elements that are left over. Equal texts and numbers are
    paired first, without a search: an expected one fits nothing else.
    """
    pairs: dict[int, int] = {}  # from actual to wanted
    waiting: list[int] = []
    free: dict[tuple[type, Any], list[int]] = {}
    for at, value in enumerate(actual):
        if isinstance(value, (str, int)):
            free.setdefault((type(value), value), []).append(at)
    for index, value in enumerate(wanted):
        same = free.get((type(value), value)) if isinstance(value, (str, int)) else None
        if same:
            pairs[same.pop()] = index
        else:
            waiting.append(index)
    without_pair = [index for index in waiting if not _pair(index, wanted, actual, holds, pairs)]
    return without_pair, [at for at in range(len(actual)) if at not in pairs]


def _pair(
    first: int, wanted: Sequence[Any], actual: Sequence[Any], holds: Callable[[Any, Any], bool], pairs: dict[int, int]
) -> bool:
    """Find an augmenting path (Kuhn's algorithm), breadth first: pair one more expected element, moving others."""
    came_from: dict[int, int] = {}  # from an actual element to the expected one that reached it
    reached = [first]
    for index in reached:
        for at in range(len(actual)):
            if at in came_from or not holds(wanted[index], actual[at]):
                continue
            came_from[at] = index
            if at in pairs:
                reached.append(pairs[at])
                continue
            _shift(at, came_from, pairs)
            return True
    return False


def _shift(free: int, came_from: dict[int, int], pairs: dict[int, int]) -> None:
    """Pair a free element, and shift the pairs along the way that led to it."""
    at: int | None = free
    while at is not None:
        index = came_from[at]
        before = next((old for old, owner in pairs.items() if owner == index), None)
        pairs[at] = index
        at = before
