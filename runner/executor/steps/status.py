"""Judges the answer to a step's request: by its error, or by its status."""

from __future__ import annotations

from typing import Final

from runner.api.error_message import bounded
from runner.errors import StepError
from runner.executor.context import StepContext
from runner.executor.request import registry_credentials
from runner.executor.response.errors import refusal
from runner.executor.steps import expectations, result
from runner.executor.steps.attempts import Attempt, fail
from runner.scenario.yaml import nodes

_GONE: Final = 404
"""The status of a removal whose work is done already, in what cleans up."""


def judge_call(context: StepContext, attempt: Attempt) -> None:
    """Judge a request: by its error, or by its status against the expected or documented ones."""
    call, step = attempt.call, context.step
    assert call is not None
    attempt.response = call.response
    if call.is_unanswered:
        _judge_unanswered(context, attempt)
        return
    if call.error is not None or call.response is None or call.prepared is None:
        attempt.value = result.view(call.response, ok=False)
        if call.error is not None:
            fail(context, attempt, call.error)
        return
    documented = call.prepared.documented
    if context.position.phase != "steps" and call.prepared.request.method == "DELETE":
        documented = (*documented, _GONE)
    ok = call.response.status in documented and call.in_band_error is None
    attempt.value = result.view(call.response, ok=ok)
    try:
        expectation = expectations.status(step.expect, documented, call.response.status, context.names(attempt.value))
    except StepError as error:
        fail(context, attempt, error)
        return
    attempt.expectations.append(expectation)
    if not expectation.passed:
        refused = refusal(call.prepared.request, call.response, expectation)
        if step.expect is not None and step.expect.status is not None:
            refused.place = nodes.place_of(step.expect.status.node)
        fail(context, attempt, refused)
    elif call.in_band_error is not None and (step.expect is None or step.expect.status is None):
        message = bounded(call.in_band_error)
        hint = registry_credentials.hint(context.run, call.prepared.operation, message)
        text = f"the engine answered {call.response.status}, but with an error inside: {message}"
        fail(context, attempt, StepError("in-band-error", text, hint=hint))


def _judge_unanswered(context: StepContext, attempt: Attempt) -> None:
    """Judge a request to which no answer has begun within ``take.for``: a success, unless a status is expected."""
    expect = context.step.expect
    attempt.judged = result.NO_ANSWER
    attempt.value = result.view(attempt.judged, ok=True)
    if expect is None or expect.status is None:
        return
    try:
        expectation = expectations.status(expect, (), None, context.names(attempt.value))
    except StepError as error:
        fail(context, attempt, error)
        return
    attempt.expectations.append(expectation)
    if not expectation.passed:
        seconds = context.step.take.seconds if context.step.take is not None else None
        details = (f"expected  {expectation.expression}", "actual    no answer")
        message = f"no answer had begun within {seconds or 0:g} s, the time of take.for"
        place = nodes.place_of(expect.status.node)
        fail(context, attempt, StepError("unexpected-status", message, place=place, details=details))
