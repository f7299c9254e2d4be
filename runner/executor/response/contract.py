"""Holds the answer of a step against the API's own description (``--contract``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from runner.contradiction import Contract, Contradiction
from runner.errors import Diagnostic
from runner.results.records import StepRecord
from runner.text import count

if TYPE_CHECKING:
    from runner.executor.call import CallOutcome

MAX_LINES = 40
"""Contradictions that the error of a scenario lists."""


def held_against(contract: Contract, api_version: str, call: CallOutcome) -> tuple[Contradiction, ...]:
    """Return what the description of an API version doesn't allow in the answer to a call. A raw request is held
    against the operation whose path it has; one that broke off is not held against anything."""
    from runner.api.contract import Answer, contradictions
    from runner.api.paths import operation_at

    prepared, response = call.prepared, call.response
    if prepared is None or response is None or call.error is not None:
        return ()
    operation = prepared.operation or operation_at(prepared.request.method, prepared.request.path)
    if operation is None:
        return ()
    answer = Answer(response.status, response.body, response.items)
    return contradictions(operation, api_version, answer, strict=contract == "strict")


def verdict(steps: Iterable[StepRecord]) -> Diagnostic | None:
    """Return the error of a scenario whose steps passed although answers contradict the description."""
    found = list(dict.fromkeys(contradictions_in(steps)))
    if not found:
        return None
    more = [f"… and {len(found) - MAX_LINES} more"] if len(found) > MAX_LINES else []
    message = f"{count(len(found), 'contradiction')} of the API's own description"
    hint = "the engine answers what its API version does not document"
    details = (*map(str, found[:MAX_LINES]), *more)
    return Diagnostic("contradiction", message, hint=hint, kind="step", details=details)


def contradictions_in(steps: Iterable[StepRecord]) -> Iterable[Contradiction]:
    """Yield the contradictions of steps and of those inside of them."""
    for step in steps:
        yield from step.contradictions
        yield from contradictions_in((*(step.each or ()), *(step.steps or ())))
