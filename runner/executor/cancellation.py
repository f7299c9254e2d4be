"""Cancels a run in two levels: the first ends its steps while cleanup still runs, the second ends everything."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import IntEnum
from typing import Final

INTERRUPTED: Final = "the run was interrupted"
"""The default reason for a cancellation."""


class Level(IntEnum):
    """Says how much of a run is cancelled."""

    NOTHING = 0
    STEPS = 1
    EVERYTHING = 2


class CancelScope:
    """Cancels a run, or a part of it. Thread-safe; :meth:`escalate` may be called from a signal handler."""

    def __init__(self) -> None:
        self.level = Level.NOTHING
        self.reason = INTERRUPTED
        """Why steps are cut off or skipped."""
        self._events = {Level.STEPS: threading.Event(), Level.EVERYTHING: threading.Event()}
        self._callbacks: list[Callable[[Level], None]] = []

    def on_cancel(self, callback: Callable[[Level], None]) -> None:
        """Register a callback that wakes threads which wait on the network; it is called with each new level."""
        self._callbacks.append(callback)

    def escalate(self) -> None:
        """Cancel one level more."""
        self.cancel(Level(min(self.level + 1, Level.EVERYTHING)))

    def cancel(self, level: Level = Level.STEPS, reason: str | None = None) -> None:
        """Cancel up to this level. If it is reached already, nothing changes."""
        if level > self.level:
            self.reason = reason or self.reason
            self.level = level
            for reached in (Level.STEPS, Level.EVERYTHING)[:level]:
                self._events[reached].set()
            for callback in tuple(self._callbacks):
                callback(level)

    def child(self) -> CancelScope:
        """Return a scope that is cancelled by itself, and whenever this one is."""
        child = CancelScope()
        self.on_cancel(lambda level: child.cancel(level, self.reason))
        child.cancel(self.level, self.reason)
        return child

    def reached(self, level: Level) -> bool:
        """Return whether work that ends at this level must end."""
        return self.level >= level

    def wait(self, seconds: float, level: Level) -> bool:
        """Sleep until the time has passed (False) or the level is reached (True)."""
        return self._events[level].wait(seconds)
