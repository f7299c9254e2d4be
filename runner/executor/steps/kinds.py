"""Performs the kinds of steps that have no steps inside. Requests are made by :mod:`runner.executor.call`."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from runner.engine.transport import Deadline
from runner.errors import StepError
from runner.executor import call
from runner.executor.context import StepContext
from runner.executor.response.watch import NOTHING_WATCHED
from runner.executor.steps import expectations, result
from runner.executor.steps.attempts import Attempt, judge_condition
from runner.executor.steps.status import judge_call
from runner.results.records import StepRecord
from runner.results.statuses import FAILED
from runner.scenario import duration, model
from runner.scenario.expressions.references import Scope

SingleKind = model.OperationCall | model.RawRequest | model.SetVariables | model.Check | model.Sleep
"""The kinds of steps that need nothing of other steps."""


def perform(
    context: StepContext, kind: SingleKind, names: Scope, deadline: Deadline, on_response: Callable[[], None]
) -> Attempt:
    """Perform a step once."""
    match kind:
        case model.OperationCall() | model.RawRequest():
            attempt = Attempt(call=call.perform(context, kind, names, deadline, on_response))
            judge_call(context, attempt)
            return attempt
        case model.SetVariables():
            on_response()
            return _set_variables(context, kind)
        case model.Check():
            on_response()
            return _check(context, kind, names)
        case model.Sleep():
            on_response()
            return _sleep(context, kind, names, deadline)
        case _:
            assert_never(kind)


def _set_variables(context: StepContext, kind: model.SetVariables) -> Attempt:
    attempt = Attempt(value=result.view(None, ok=True))
    for name, value in kind.values_by_name.items():
        attempt.captured[name] = value.render(context.names(attempt.captured))
    return attempt


def _check(context: StepContext, kind: model.Check, names: Scope) -> Attempt:
    attempt = Attempt(value=result.view(None, ok=True))
    for expression in kind.expressions:
        judge_condition(context, attempt, expectations.condition(expression, names))
    return attempt


def _sleep(context: StepContext, kind: model.Sleep, names: Scope, deadline: Deadline) -> Attempt:
    """Sleep for the given time. A replay doesn't sleep, but its record has the time all the same."""
    attempt = Attempt(value=result.view(None, ok=True))
    try:
        seconds = duration.seconds(kind.duration.render(names))
    except ValueError as error:
        raise StepError("bad-duration", str(error)) from None
    remaining = deadline.remaining()
    if context.sleep(seconds if remaining is None else min(seconds, remaining)):
        raise StepError("interrupted", "interrupted")
    deadline.remaining()
    if context.run.replayed:
        attempt.extra["duration_ms"] = seconds * 1000
    return attempt


def joined(context: StepContext, kind: model.Await, record: StepRecord) -> Attempt:
    """Return the outcome of ``await``: that of the background step, from its record."""
    extra = {"awaits": kind.step}
    watched = context.scope.watched.get(kind.step, NOTHING_WATCHED)
    attempt = Attempt(value=result.view_of(record), response=record.response, extra=extra, watched=watched)
    attempt.judged = result.response_of(record)
    if record.status in FAILED:
        cause = record.error.message if record.error else None
        error = StepError("awaited-step-failed", f"the background step '{kind.step}' did not pass: {cause}")
        attempt.status, attempt.error = record.status, error.diagnostic(context.step.place)
    return attempt
