"""Judges the outcome of steps that are known to fail."""

from __future__ import annotations

from runner.errors import StepError
from runner.executor.context import StepContext
from runner.executor.steps import expectations
from runner.results.records import StepRecord
from runner.results.statuses import FAILED
from runner.scenario.yaml import nodes


def judged(context: StepContext, record: StepRecord) -> StepRecord:
    """Return the record of a step that has run: a failure that was expected is ``xfailed``, and a pass instead of it is
    a failure, ``unexpected-pass``. An interruption, and a broken connection, stay what they are."""
    step = context.step
    expected = step.expected_failure
    if expected is None or record.status == "skipped":
        return record
    if expected.when is not None:
        try:
            if not expectations.condition(expected.when, context.names()).expectation.passed:
                return record
        except StepError as failure:
            return record._replace(status="error", error=failure.diagnostic(step.place))
    if record.status in FAILED:
        lost = record.error is not None and (record.error.kind == "engine" or record.error.code == "interrupted")
        return record if lost else _excused(record, expected.reason)
    key = step.node.key("expected_failure")
    error = StepError(
        "unexpected-pass",
        f"the step passed, but it was expected to fail: {expected.reason}",
        hint="take 'expected_failure' away, or say more exactly 'when' the step fails",
        place=context.step.place if key is None else nodes.place_of(key),
    )
    return record._replace(status="failed", error=error.diagnostic(step.place))


def _excused(record: StepRecord, reason: str) -> StepRecord:
    """Return a failed step as one that was expected to fail, with the failures inside it."""
    return record._replace(
        status="xfailed",
        reason=reason,
        each=None if record.each is None else tuple(_excused_if_failed(inner, reason) for inner in record.each),
        steps=None if record.steps is None else tuple(_excused_if_failed(inner, reason) for inner in record.steps),
    )


def _excused_if_failed(record: StepRecord, reason: str) -> StepRecord:
    return _excused(record, reason) if record.status in FAILED else record
