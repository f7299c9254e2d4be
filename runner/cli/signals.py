"""Handles Ctrl-C, SIGTERM and SIGHUP: the first stops the run, which cleans up; the second stops everything."""

from __future__ import annotations

import signal
import threading
from queue import SimpleQueue
from types import FrameType, TracebackType
from typing import Any

from runner.cli.output.console import Console
from runner.executor.cancellation import CancelScope

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """While entered, signals ask the run to stop; ``received`` is the name of the first one.

    A handler may interrupt any code, itself included, so it only queues the signal; a thread acts on it.
    """

    def __init__(self, stop: CancelScope, console: Console) -> None:
        self.received: str | None = None
        self._stop = stop
        self._console = console
        self._before: dict[int, Any] = {}
        self._arrived: SimpleQueue[int | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._act, name="signals", daemon=True)

    def __enter__(self) -> Signals:
        self._thread.start()
        for number in HANDLED:
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores it
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._arrived.put(None)
        self._thread.join()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received = self.received or signal.Signals(number).name
        self._arrived.put(number)

    def _act(self) -> None:
        message = "stopping, and cleaning up (again to stop now)"
        while self._arrived.get() is not None:
            self._stop.escalate()
            self._console.say(message)
            message = "stopping now"
