"""Doing several things at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def side_by_side(one: Callable[[A], B], of: Iterable[A], width: int) -> list[B]:
    """What ``one`` makes of each, in their order; ``width`` of them at a time, in threads. All end before an error of
    any is raised. The pool is imported here because most runs need none."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(width) as pool:
        return list(pool.map(one, of))
