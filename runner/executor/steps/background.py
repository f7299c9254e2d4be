"""Steps that go on beside the others, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from runner.executor.context import Position
from runner.results.records import StepRecord
from runner.scenario import model

BEGIN_GRACE = 1.0
"""How long a background request may stay unanswered before the steps go on, in seconds. An attach or an exec is
waited for until it is established."""

END_GRACE = 1.0
"""How long background steps may go on after the steps have failed and the cleanup has run, in seconds."""


class Begun(Protocol):
    """Called when a step's answer has begun, or with ``over`` when the step is; only the first call counts."""

    def __call__(self, *, over: bool = False) -> None: ...


class Background:
    """A background step, from its start until it is joined. ``waiting`` is how many have yet to begin before the steps
    go on: one, or one for each element of a loop."""

    def __init__(self, step: model.Step, position: Position) -> None:
        self.step = step
        self.position = position
        self.waiting = 1
        self.record: StepRecord | None = None
        self.joined = False
        self._lock = threading.Lock()
        self._any = False
        self._begun = threading.Event()
        self._thread: threading.Thread | None = None
        self._bug: BaseException | None = None

    def gate(self) -> Begun:
        """For one element: however often it is tried, it counts once."""
        counted = False

        def begun(*, over: bool = False) -> None:
            nonlocal counted
            with self._lock:
                if counted:
                    return
                counted = True
                self._any = self._any or not over
                self.waiting -= 1
                if self.waiting <= 0 and self._any:
                    self._begun.set()

        return begun

    def start(self, run: Callable[[], StepRecord], patience: float) -> None:
        """Run in a thread; return once the answers have begun, the step is over, or patience (in seconds) is."""

        def body() -> None:
            try:
                self.record = run()
            except BaseException as error:  # noqa: BLE001 - a bug must reach whoever joins, not die with its thread
                self._bug = error
            finally:
                self._begun.set()

        self._thread = threading.Thread(target=body, name=f"background-{self.step.id}", daemon=True)
        self._thread.start()
        self._begun.wait(patience)

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the end; True says that it has come."""
        assert self._thread is not None
        self._thread.join(seconds)
        if self._bug is not None:
            raise self._bug
        return not self._thread.is_alive()

    def refused(self) -> StepRecord | None:
        """The record of a step that ended without passing, as soon as that is known."""
        return self.record if self.record is not None and self.record.status in ("failed", "error") else None


def end(running: list[Background], stop: Callable[[], None]) -> None:
    """After a failure and its cleanup: what still runs gets a moment, then it is cut off."""
    limit = time.monotonic() + END_GRACE
    if not all(one.join(max(0.0, limit - time.monotonic())) for one in running):
        stop()
    for one in running:
        one.join()
