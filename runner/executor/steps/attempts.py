"""Runs one step: attempts, expectations, captures. The outcome is a :class:`StepRecord`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from runner.contradiction import Contradiction
from runner.engine.sockets.descriptors import refuse_if_exhausted
from runner.engine.transport import Deadline
from runner.errors import DeadlineExceeded, Diagnostic, RunnerError, StepError
from runner.executor.call import CallOutcome
from runner.executor.cancellation import INTERRUPTED
from runner.executor.context import StepContext
from runner.executor.response.watch import NOTHING_WATCHED, Watched
from runner.executor.steps import expectations, result
from runner.executor.steps.expected_failures import judged
from runner.executor.steps.limits import with_limits
from runner.executor.steps.not_run import not_performed, skipped_record
from runner.masking import texts_in
from runner.results.events import StepFinished, StepStarted
from runner.results.records import Expectation, ResponseRecord, Status, StepRecord
from runner.scenario import model
from runner.scenario.expressions.conditions import NOT_A_CONDITION
from runner.scenario.expressions.expression import Expression, SecretExpression
from runner.scenario.expressions.references import Scope
from runner.scenario.expressions.work import watched

FAILURE_CODES: Final = frozenset({"timeout", "unexpected-status", "in-band-error", "expectation"})
"""Codes of errors that make a step ``failed``. With any other it could not be performed, which is an ``error``."""


class Attempt:
    """The outcome of one attempt at a step; ``value`` is the result as expressions see it.

    After a ``final`` attempt there is no other; ``extra`` are fields of the record that only some kinds have
    (``steps``, ``awaits``, ``outputs``). ``watched`` are streams that were too long to be kept; ``judged`` is what is
    compared in place of the response, where no answer has begun.
    """

    def __init__(
        self,
        *,
        call: CallOutcome | None = None,
        response: ResponseRecord | None = None,
        value: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
        watched: Watched = NOTHING_WATCHED,
    ) -> None:
        self.status: Status = "passed"
        self.error: Diagnostic | None = None
        self.call = call
        self.response = response
        self.judged: ResponseRecord | None = None
        self.watched = call.watched if call is not None else watched
        self.expectations: list[Expectation] = []
        self.value: dict[str, Any] = {} if value is None else value
        self.captured: dict[str, Any] = {}
        self.final = False
        self.extra: dict[str, Any] = {} if extra is None else extra


Perform = Callable[[Scope, Deadline], Attempt]
"""Performs the step's kind once, with the names that it sees, by a deadline."""


def run_attempts(context: StepContext, perform: Perform) -> StepRecord:
    """Run a step with its retries and events. Captured variables are in the record; they are not set yet."""
    try:
        step = with_limits(context.step, context.names())
    except StepError as error:
        return not_performed(context, error)
    context = context._replace(step=step)
    context.emit(StepStarted(context.key, step.id, step.name, context.position.phase, step.background))
    started_ms = context.run.elapsed_ms()
    deadline = Deadline.never() if _has_no_end(step) else Deadline.after(context.timeout)
    number = 0
    while True:
        number += 1
        attempt = _attempt(context, perform, deadline, number, started_ms)
        if not _wait_for_another(context, attempt, deadline, number):
            break
    record = judged(context, _record(context, attempt, number, started_ms))
    context.emit(StepFinished(context.key, record))
    return record


def _has_no_end(step: model.Step) -> bool:
    """Return whether a step may take as long as the steps inside it do."""
    is_block = isinstance(step.kind, model.Parallel | model.Group | model.Include)
    return is_block and step.timeout is None and (step.retry is None or step.retry.times is not None)


def _attempt(context: StepContext, perform: Perform, deadline: Deadline, number: int, started_ms: float) -> Attempt:
    attempt = Attempt()
    try:
        with watched(lambda: _end_in_time(context, deadline)):
            attempt = perform(context.names(), deadline)
            attempt.value.update(attempts=number, duration_ms=context.run.elapsed_ms() - started_ms)
            capture_error = _capture(context, attempt) if attempt.status == "passed" else None
            _judge(context, attempt)
            if capture_error is not None and attempt.status == "passed":
                raise capture_error
            _conditions(context, attempt)
    except RunnerError as error:
        fail(context, attempt, error)
        attempt.final = error.code == NOT_A_CONDITION
    except (OSError, ImportError) as error:
        _fail_if_exhausted(context, attempt, error)
    if context.cancelled() and attempt.status != "passed":
        fail(context, attempt, _cut_off(context))
    return attempt


def _fail_if_exhausted(context: StepContext, attempt: Attempt, error: Exception) -> None:
    """Fail the step if nothing more can be opened, be it a file or a module; anything else is raised again."""
    try:
        refuse_if_exhausted(error)
    except RunnerError as refusal:
        fail(context, attempt, refusal)
    else:
        raise error


def _end_in_time(context: StepContext, deadline: Deadline) -> None:
    """End the evaluation of an expression when the step's time is up or the run is cancelled."""
    deadline.remaining()
    if context.cancelled():
        raise _cut_off(context)


def _cut_off(context: StepContext) -> StepError:
    """Return the error of a step that was cancelled, with the run or by the timeout of the block around it."""
    reason = context.run.cancellation.reason
    if reason != INTERRUPTED:
        return StepError("timeout", f"cut off: {reason}")
    return StepError("interrupted", "cut off before its end")


def _capture(context: StepContext, attempt: Attempt) -> StepError | None:
    """Capture variables, before expectations are evaluated: those may use them, and the cleanup needs the captured ids
    even if an expectation fails. Returns the error of a variable that could not be captured."""
    for name, expression in context.step.capture:
        try:
            value = expression.evaluate(context.names(attempt.captured, attempt.value))
            if isinstance(expression, SecretExpression):
                context.run.conceal(texts_in(value))
            attempt.captured[name] = value
        except StepError as error:
            return error
    return None


def _judge(context: StepContext, attempt: Attempt) -> None:
    """Evaluate the expectations other than the status; the first that fails is the step's error. They are left out if
    one of them needs a variable that was not captured, which is the step's error then."""
    expected = context.step.expect
    if expected is None or (attempt.error and attempt.error.code != "unexpected-status"):
        return
    not_captured = {name for name, _ in context.step.capture}.difference(attempt.captured)
    references = (reference for expression in expected.expressions for reference in expression.references)
    if not_captured and any(reference.name in not_captured for reference in references):
        return
    names = context.names(attempt.captured, attempt.value)
    response = attempt.judged or attempt.response
    for verdict in expectations.verdicts(expected, response, names, attempt.watched):
        judge_condition(context, attempt, verdict)


def judge_condition(context: StepContext, attempt: Attempt, verdict: expectations.Verdict) -> None:
    """Add one expectation to an attempt; the first that fails is the step's error."""
    attempt.expectations.append(verdict.expectation)
    if not verdict.expectation.passed and attempt.error is None:
        attempt.status = "failed" if verdict.error is None else "error"
        error = verdict.error or StepError("expectation", verdict.message, place=verdict.place)
        attempt.error = error.diagnostic(context.step.place, verdict.lines)


def _conditions(context: StepContext, attempt: Attempt) -> None:
    """Evaluate ``fail_if``, which ends the attempts, and ``until``, which asks for another one."""
    retry = context.step.retry
    if retry is None:
        return
    names = context.names(attempt.captured, attempt.value)
    if retry.fail_if is not None and _is_true(retry.fail_if, names):
        error = StepError("fail-if", f"fail_if became true: {retry.fail_if.text}", place=retry.fail_if.place())
        attempt.status, attempt.final = "failed", True
        attempt.error = error.diagnostic(context.step.place, expectations.parts(retry.fail_if, names))
    elif attempt.status == "passed" and retry.until is not None:
        verdict = expectations.condition(retry.until, names)
        if verdict.error is not None:
            raise verdict.error
        if not verdict.expectation.passed:
            error = StepError("until", "'until' did not become true", place=verdict.place)
            attempt.status = "failed"
            attempt.error = error.diagnostic(context.step.place, verdict.lines)


def _is_true(expression: Expression, names: Scope) -> bool:
    try:
        return expression.holds(names)
    except StepError as error:
        if error.code == "undefined-name":  # the result of a failed attempt has fewer parts
            return False
        raise


def _wait_for_another(context: StepContext, attempt: Attempt, deadline: Deadline, number: int) -> bool:
    """Return whether to make another attempt; waits for the time between attempts."""
    retry = context.step.retry
    if retry is None or attempt.status == "passed" or attempt.final:
        return False
    if attempt.error and attempt.error.code == "timeout":
        return False
    if retry.times is not None and number >= retry.times:
        if attempt.error and attempt.error.code == "until" and number > 1:
            attempt.error = attempt.error._replace(message=f"{attempt.error.message} in {number} tries")
        return False
    if deadline.at is not None and deadline.at - time.monotonic() <= retry.every:
        error = StepError("timeout", f"the step did not pass within {context.timeout:g} s ({number} tries)")
        last = (f"the last try: {attempt.error.message}", *attempt.error.details) if attempt.error else ()
        attempt.status, attempt.error = "failed", error.diagnostic(context.step.place, last)
        return False
    if context.sleep(retry.every):
        fail(context, attempt, _cut_off(context))
        return False
    return True


def fail(context: StepContext, attempt: Attempt, error: RunnerError) -> None:
    """Set the error of an attempt: refusals of the engine and timeouts are failures, everything else is an error."""
    if isinstance(error, DeadlineExceeded):
        error = _timeout(context, attempt)
    attempt.status = "failed" if error.code in FAILURE_CODES else "error"
    attempt.error = error.diagnostic(context.step.place)


def _timeout(context: StepContext, attempt: Attempt) -> StepError:
    prepared = attempt.call.prepared if attempt.call else None
    seconds = f"{context.timeout:g} s"
    if prepared and prepared.operation and prepared.operation.is_endless(prepared.params):
        hint = "it does not end by itself: bound it with 'take' (a number of items, 'for' or 'until')"
        return StepError("timeout", f"the stream did not end within {seconds}", hint=hint)
    message = f"no complete answer within {seconds}" if prepared else f"not done within {seconds}"
    return StepError("timeout", message, hint="give the step more time with 'timeout'")


def _record(context: StepContext, attempt: Attempt, attempts: int, started_ms: float) -> StepRecord:
    prepared = attempt.call.prepared if attempt.call else None
    show, shown = result.shown_part(context.step, context.names(attempt.captured, attempt.value))
    record = skipped_record(context)._replace(
        status=attempt.status,
        attempts=attempts,
        started_ms=started_ms,
        duration_ms=context.run.elapsed_ms() - started_ms,
        request=prepared.record() if prepared else None,
        response=attempt.response,
        captured=attempt.captured,
        expectations=tuple(attempt.expectations),
        error=attempt.error,
        show=show,
        shown=shown,
        retry=result.retry_record(context.step),
        contradictions=_contradictions(context, attempt),
    )
    return record._replace(**attempt.extra) if attempt.extra else record


def _contradictions(context: StepContext, attempt: Attempt) -> tuple[Contradiction, ...]:
    contract = context.run.options.contract
    if contract is None or attempt.call is None:
        return ()
    from runner.executor.response.contract import held_against

    return held_against(contract, context.engine.api_version, attempt.call)
