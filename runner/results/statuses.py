"""Ranks statuses, and derives the status of a whole from those of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from runner.errors import Diagnostic
from runner.results.records import CONSEQUENCES, Status, StepRecord

STATUS_MARKS: Final[dict[Status, str]] = {
    "passed": "✓",
    "failed": "✗",
    "error": "✗",
    "skipped": "-",
    "xfailed": "~",
}
"""The mark of each status, in the order in which counts are shown."""

FAILED: Final[frozenset[Status]] = frozenset({"failed", "error"})
"""The statuses of steps that did not pass although they ran."""

_SEVERITY: Final[dict[Status, int]] = {"skipped": 0, "passed": 1, "xfailed": 1, "failed": 2, "error": 3}


def most_severe(statuses: Iterable[Status]) -> Status:
    """Return the status of a report or scenario from those of its parts, whatever their order: an error outranks a
    failure, a whole of which anything ran was not skipped, and a failure that was expected is none. Of nothing:
    ``passed``."""
    worst: Status = max(statuses, key=_SEVERITY.__getitem__, default="passed")
    return "passed" if worst == "xfailed" else worst


def first_failure(steps: Sequence[StepRecord]) -> tuple[Status, Diagnostic | None]:
    """Return the status and the error of a sequence of steps: those of its first step that did not pass. A step that
    failed only as a consequence of another counts where no other failed."""
    failed = [step for step in steps if step.status in FAILED]
    if not failed:
        return "passed", None
    cause = next((step for step in failed if step.error and step.error.code not in CONSEQUENCES), failed[0])
    return cause.status, cause.error


def leaves(steps: Iterable[StepRecord]) -> Iterator[StepRecord]:
    """Yield the steps that did something themselves: those inside a loop or block in its place. Every report counts
    these."""
    for step in steps:
        if step.inside:
            yield from leaves(step.inside)
        else:
            yield step
