"""Counts the work of an evaluation, and lets a step's time limit or a cancellation end it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

MAX_WORK: Final = 64 * 1024 * 1024
"""The most that one evaluation may look at, in characters, with each element of a list or mapping as eight: a second or
two at most."""
_WATCHED: Final = 1024 * 1024
"""The work between two calls of what watches over an evaluation."""


class LimitError(Exception):
    """An evaluation that would take too much time or memory."""


class _Work(threading.local):
    """The work of this thread's evaluation, and what watches over it."""

    done = 0
    unwatched = 0
    watch: Callable[[], None] | None = None


_work = _Work()


@contextmanager
def watched(watch: Callable[[], None]) -> Iterator[None]:
    """Call ``watch`` now and then while this thread evaluates expressions: it may raise a step's error to end the
    evaluation, because the time is up or the run is cancelled."""
    before, _work.watch = _work.watch, watch
    try:
        yield
    finally:
        _work.watch = before


def begin() -> None:
    """Start to count the work of one evaluation."""
    _work.done = 0
    _observe(_WATCHED // 100)


def charge(amount: int) -> None:
    """Count work.

    Raises:
        LimitError: this evaluation has done too much.
    """
    _work.done += amount
    if _work.done > MAX_WORK:
        raise LimitError("the expression takes too long: it goes through too many values")
    _observe(amount)


def _observe(amount: int) -> None:
    _work.unwatched += amount
    if _work.unwatched > _WATCHED:
        _work.unwatched = 0
        if _work.watch is not None:
            _work.watch()
