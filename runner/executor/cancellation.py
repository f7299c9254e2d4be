"""How a run is asked to end early: once to stop and clean up, twice to stop now."""

from __future__ import annotations

import threading
from collections.abc import Callable

STEPS = 1
"""The urgency that ends the steps; what cleans up goes on."""
EVERYTHING = 2

INTERRUPTED = "the run was interrupted"
"""Why steps are kept from running, unless another reason is given."""


class Stop:
    """Shared by all threads of a run. :meth:`request` may be called from a signal handler."""

    def __init__(self) -> None:
        self.urgency = 0
        self.reason = INTERRUPTED
        self._events = {STEPS: threading.Event(), EVERYTHING: threading.Event()}
        self._wake: list[Callable[[int], None]] = []

    def on_request(self, wake: Callable[[int], None]) -> None:
        """Register what breaks waits on the network; it is called with the urgency reached."""
        self._wake.append(wake)

    def request(self) -> None:
        """Ask once more: the first time the steps end, the second time everything does."""
        self.reach(min(self.urgency + 1, EVERYTHING))

    def reach(self, urgency: int, reason: str | None = None) -> None:
        """Make it at least that urgent; ``reason`` is what is said of the steps that it keeps from running."""
        if urgency > self.urgency:
            self.reason = reason or self.reason
            self.urgency = urgency
            for level in range(STEPS, urgency + 1):
                self._events[level].set()
            for wake in tuple(self._wake):
                wake(urgency)

    def part(self) -> Stop:
        """A stop of its own for a part of the run: asked by itself, and whenever this one is."""
        part = Stop()
        self.on_request(lambda urgency: part.reach(urgency, self.reason))
        part.reach(self.urgency, self.reason)
        return part

    def asked(self, urgency: int) -> bool:
        return self.urgency >= urgency

    def wait(self, seconds: float, urgency: int) -> bool:
        """Sleep, unless it is (or gets) that urgent; True says that it was cut short."""
        return self._events[urgency].wait(seconds)
