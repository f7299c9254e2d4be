"""Events on their way from a run's threads to whoever iterates over them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator

from runner.results.events import Event, ItemArrived, OutputArrived

TICK = 0.02
"""Seconds between two looks at what has happened: too short to be seen."""
ROOM = 4 * 1024 * 1024
"""Bytes of events that may wait to be read, about. Whoever brings more waits too, and with it the engine that sends."""
OVERHEAD = 512
"""What an event takes besides the bytes that it brings, about."""


class Outbox:
    """A queue that holds bounded memory, however slow its reader is.

    The reader looks in every few milliseconds instead of being woken for each event: two threads that wake each other
    thousands of times a second spend more time on that than on their work.
    """

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._held = 0
        self._room = threading.Condition()
        self._look = threading.Event()
        self._open = False
        self._dropping = False
        self._over = False
        self._bug: BaseException | None = None

    def put(self, event: Event) -> None:
        """Add an event, from any thread; waits while there is no room for it."""
        with self._room:
            while self._held >= ROOM and not self._open:
                self._look.set()
                self._room.wait()
            if self._held >= ROOM and self._open:
                self._dropping = True
            if not (self._dropping and isinstance(event, (OutputArrived, ItemArrived))):
                self._held += _weight(event)
                self._events.append(event)

    def open(self) -> None:
        """Let nobody wait any more, because the run is to end, whether or not anybody still reads. From where there is
        no room on, pieces of streams are dropped; a step's record has them all the same."""
        with self._room:
            self._open = True
            self._room.notify_all()

    def close(self, bug: BaseException | None = None) -> None:
        """No more events; a bug is raised again where they are read."""
        self._bug = bug
        self._over = True
        self._look.set()

    def drain(self, idle: Callable[[], None]) -> Iterator[Event]:
        """The events until there are no more; ``idle`` is called while none comes."""
        over = False
        while not over:
            self._look.wait(TICK)
            self._look.clear()
            over = self._over
            with self._room:
                events, self._events, self._held = self._events, deque(), 0
                self._room.notify_all()
            if not events:
                idle()
            while events:
                yield events.popleft()
        if self._bug is not None:
            raise self._bug


def _weight(event: Event) -> int:
    if isinstance(event, OutputArrived):
        return OVERHEAD + len(event.data)
    return OVERHEAD + event.size if isinstance(event, ItemArrived) else OVERHEAD
