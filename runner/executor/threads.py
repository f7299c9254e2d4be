"""Runs a function over items in a thread pool."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from runner.engine.sockets.descriptors import concurrency

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_concurrently(
    function: Callable[[Item], Result], items: Iterable[Item], width: int, *, at_once: bool = False
) -> list[Result]:
    """Return the results for all items, in their order; at most ``width`` run at a time, and fewer where the limit of
    descriptors allows fewer connections, unless the items wait for each other: then they begin ``at_once``. All of them
    end before an error of any is raised. The pool is imported here because most runs need none."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(width if at_once else concurrency(width)) as pool:
        return list(pool.map(function, items))
