"""Runs background steps, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from runner.results.records import StepRecord
from runner.results.statuses import FAILED
from runner.scenario import model

START_GRACE: Final = 1.0
"""Seconds that the next step waits for a background response to begin. It waits longer for attach and exec, whose
stream must be established."""

END_GRACE: Final = 1.0
"""Seconds that background steps may continue after the steps have failed and the cleanup has run."""


class Latch:
    """A countdown latch: it opens once all parties have arrived. One that ends before it could arrive withdraws;
    with only those the latch stays closed, since the step itself is about to end."""

    def __init__(self, parties: int) -> None:
        self._expected = parties
        self._arrived = False
        self._lock = threading.Lock()
        self._event = threading.Event()

    def party(self) -> Party:
        return Party(self._count)

    def _count(self, arrived: bool) -> None:
        with self._lock:
            self._arrived = self._arrived or arrived
            self._expected -= 1
            if self._expected <= 0 and self._arrived:
                self._event.set()

    def open(self) -> None:
        """Open the latch, no matter which parties are missing."""
        self._event.set()

    def wait(self, seconds: float) -> None:
        self._event.wait(seconds)


class Party:
    """Counts once at its latch, however often it arrives: a step may be attempted several times."""

    def __init__(self, count: Callable[[bool], None]) -> None:
        self._count = count
        self._counted = False

    def arrive(self) -> None:
        """Note that the response has begun."""
        self._once(True)

    def withdraw(self) -> None:
        """Note that the step has ended; without effect if its response had begun."""
        self._once(False)

    def _once(self, arrived: bool) -> None:
        if not self._counted:
            self._counted = True
            self._count(arrived)


def ignore_response() -> None:
    """Do nothing when a response begins: the step runs in the foreground."""


class Background:
    """A background step, from its start until it is joined. ``width`` is how many of its elements must begin before the
    next step runs: one, or all of a loop's."""

    def __init__(self, step: model.Step, width: int = 1) -> None:
        self.step = step
        self.record: StepRecord | None = None
        self.settled = False
        """Whether the step's variables and result have been set."""
        self.latch = Latch(width)
        self._thread: threading.Thread | None = None
        self._bug: BaseException | None = None

    def start(self, run: Callable[[], StepRecord], patience: float) -> None:
        """Start a thread; return once the latch is open, the step has ended, or ``patience`` (in seconds) has
        passed."""

        def body() -> None:
            try:
                self.record = run()
            except BaseException as error:  # noqa: BLE001 - a bug is raised again in join()
                self._bug = error
            finally:
                self.latch.open()

        self._thread = threading.Thread(target=body, name=f"background-{self.step.id}", daemon=True)
        self._thread.start()
        self.latch.wait(patience)

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the end of the step; False if it has not ended in time."""
        assert self._thread is not None
        self._thread.join(seconds)
        if self._bug is not None:
            raise self._bug
        return not self._thread.is_alive()

    @property
    def failure(self) -> StepRecord | None:
        """The record of a step that has already ended without passing."""
        return self.record if self.record is not None and self.record.status in FAILED else None


def end_all(running: list[Background], cancel: Callable[[], None]) -> None:
    """End the steps that still run after a failure and its cleanup: after a grace period they are cancelled."""
    deadline = time.monotonic() + END_GRACE
    if not all(background.join(max(0.0, deadline - time.monotonic())) for background in running):
        cancel()
    for background in running:
        background.join()
