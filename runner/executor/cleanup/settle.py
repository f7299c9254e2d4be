"""Waits for what requests that were cut off may still create."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from runner.executor.cancellation import Level
from runner.executor.tracking.creating import LATE

if TYPE_CHECKING:
    from runner.executor.cleanup.find import Leftover
    from runner.executor.context import RunContext
    from runner.executor.tracking.created import Creation

SETTLE_TIME: Final = 5.0
"""Seconds after a connection broke in which the engine may still create what was asked for."""
_POLL_INTERVAL: Final = 0.2


def await_responses(run: RunContext) -> None:
    """Wait for the responses to creating requests and builds whose steps have ended; then break the connections of the
    rest."""
    deadline = time.monotonic() + LATE
    for creation in run.created.unsettled():
        while creation.pending and time.monotonic() < deadline and not run.cancellation.reached(Level.EVERYTHING):
            creation.wait(_POLL_INTERVAL)
    for build in run.created.builds:
        while build.pending and time.monotonic() < deadline and not run.cancellation.reached(Level.EVERYTHING):
            build.wait(_POLL_INTERVAL)
    late = [creation for creation in run.created.unsettled() if creation.pending]
    if late:
        run.creating_engine.abort()
    late_builds = [build for build in run.created.builds if build.pending]
    for build in late_builds:
        build.break_off()
    for creation in late:
        creation.wait(1.0)
    for build in late_builds:
        build.wait(1.0)


class Doubts:
    """The creations whose outcome is in doubt, until the cleanup has found what they created."""

    def __init__(self, run: RunContext) -> None:
        self._run = run
        self._open = [creation for creation in run.created.unsettled() if creation.in_doubt]

    @property
    def nouns(self) -> set[str]:
        return {creation.noun for creation in self._open}

    def resolve(self, leftovers: Iterable[Leftover]) -> None:
        """Close the doubts about creations whose resources have been found."""
        for leftover in leftovers:
            if leftover.id not in self._run.created.ids:
                creation = next((creation for creation in self._open if _matches(creation, leftover)), None)
                if creation is not None:
                    self._open.remove(creation)

    def wait(self) -> bool:
        """Wait a moment, if there are doubts and the engine may not have settled yet; False if not."""
        settled = max((creation.cut_off_at for creation in self._open), default=0.0) + SETTLE_TIME
        if not self._open or self._run.cancellation.reached(Level.EVERYTHING):
            return False
        if self._run.replayed:
            return True  # the recording ends at some time
        time.sleep(_POLL_INTERVAL)
        return time.monotonic() < settled

    def lines(self) -> list[str]:
        """Return a line about each creation whose outcome is still in doubt."""
        return [
            f"{_with_article(creation.noun)} of step '{creation.step_id}' may be left: its request was cut off"
            for creation in self._open
        ]


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _matches(creation: Creation, leftover: Leftover) -> bool:
    return creation.noun == leftover.kind.noun and creation.origin in (None, leftover.origin)
