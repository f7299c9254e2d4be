"""Steps that go on beside the others, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from runner.engine.message import Response
from runner.executor.context import Position
from runner.executor.record import StepRecord
from runner.scenario import model

BEGIN_GRACE = 1.0
"""How long a background request may stay unanswered before the steps go on, in seconds. An attach or an exec is
waited for until it is established."""

END_GRACE = 2.0
"""How long background steps may go on after the steps have failed and the cleanup has run, in seconds."""

Begun = Callable[[Response | None], None]
"""Called when a step's answer has begun, with the response if it was a request."""


@dataclass(slots=True)
class Background:
    """A background step, from its start until it is joined."""

    step: model.Step
    position: Position
    expected: int = 1
    """How many answers must begin before the steps go on: one, or one for each element of a loop."""
    responses: list[Response] = field(default_factory=list)
    record: StepRecord | None = None
    joined: bool = False
    _count: int = 0
    _begun: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _bug: BaseException | None = None

    def begin(self, response: Response | None) -> None:
        """One more answer has begun."""
        self._count += 1
        if response is not None:
            self.responses.append(response)
        if self._count >= self.expected:
            self._begun.set()

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
        if not self.responses:
            self._thread.join(0.01)  # over already, if it could not be sent

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


def end(running: list[Background], abort: Callable[[], None]) -> None:
    """After a failure and its cleanup: what still runs gets a moment, then it is cut off."""
    limit = time.monotonic() + END_GRACE
    late = [one for one in running if not one.join(max(0.0, limit - time.monotonic()))]
    for one in late:
        for response in one.responses:
            response.close()
    if any(not one.responses for one in late):
        abort()
    for one in late:
        one.join()
