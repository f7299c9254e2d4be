"""Passes events from a run's threads to the consumer through a bounded queue."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from runner.results.events import Event, ItemArrived, OutputArrived

POLL_INTERVAL: Final = 0.02
"""Seconds between two polls of the consumer, too short to be noticed."""
CAPACITY: Final = 4 * 1024 * 1024
"""Approximate bytes of queued events from which on :meth:`EventQueue.put` blocks, and so the engine that is sending."""
OVERHEAD: Final = 512
"""Approximate size of an event without its data, in bytes."""


class EventQueue:
    """A queue of bounded size, however slow its consumer is.

    The consumer polls instead of being woken for each event: two threads that wake each other thousands of times a
    second spend more time on that than on their work.
    """

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._size = 0
        self._changed = threading.Condition()
        self._poll = threading.Event()
        self._unbounded = False
        self._dropping = False
        self._closed = False
        self._bug: BaseException | None = None

    def put(self, event: Event) -> None:
        """Add an event, from any thread; blocks while the queue is full."""
        with self._changed:
            while self._size >= CAPACITY and not self._unbounded:
                self._poll.set()
                self._changed.wait()
            if self._size >= CAPACITY and self._unbounded:
                self._dropping = True
            if not (self._dropping and isinstance(event, (OutputArrived, ItemArrived))):
                self._size += _size(event)
                self._events.append(event)

    def stop_blocking(self) -> None:
        """Stop applying backpressure, because the run is ending. Once the queue is full, pieces of streams are dropped
        instead; the records of steps hold them all the same."""
        with self._changed:
            self._unbounded = True
            self._changed.notify_all()

    def close(self, bug: BaseException | None = None) -> None:
        """End the stream of events; a bug is raised again in the consumer."""
        self._bug = bug
        self._closed = True
        self._poll.set()

    def drain(self, idle: Callable[[], None]) -> Iterator[Event]:
        """Yield events until the queue is closed; ``idle`` is called whenever there are none."""
        closed = False
        while not closed:
            self._poll.wait(POLL_INTERVAL)
            self._poll.clear()
            closed = self._closed
            with self._changed:
                events, self._events, self._size = self._events, deque(), 0
                self._changed.notify_all()
            if not events:
                idle()
            while events:
                yield events.popleft()
        if self._bug is not None:
            raise self._bug


def _size(event: Event) -> int:
    match event:
        case OutputArrived(data=data):
            return OVERHEAD + len(data)
        case ItemArrived(size=size):
            return OVERHEAD + size
        case _:
            return OVERHEAD
