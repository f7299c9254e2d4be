"""Ctrl-C and SIGTERM: once to stop and clean up, twice to stop now."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any

from runner.cli import problems
from runner.executor.stop import Stop


class Signals:
    """While entered, signals ask the run to stop; ``received`` is the first one's name."""

    def __init__(self, stop: Stop) -> None:
        self.received: str | None = None
        self._stop = stop
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        first = self.received is None
        if first:
            self.received = signal.Signals(number).name
        self._stop.request()
        problems.say("stopping, and cleaning up (again to stop now)" if first else "stopping now")
