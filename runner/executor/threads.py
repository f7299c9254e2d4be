"""Runs a function over items in a thread pool."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_concurrently(function: Callable[[Item], Result], items: Iterable[Item], width: int) -> list[Result]:
    """Return the results for all items, in their order; at most ``width`` run at a time. All of them end before an
    error of any is raised. The pool is imported here because most runs need none."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(width) as pool:
        return list(pool.map(function, items))
