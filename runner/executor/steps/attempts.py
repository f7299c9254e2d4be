"""Runs one step: attempts, expectations, captures. What it leaves is a :class:`StepRecord`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from runner.engine.transport import Deadline
from runner.errors import DeadlineExceeded, Diagnostic, RunnerError, StepError
from runner.executor import call
from runner.executor.cancellation import INTERRUPTED
from runner.executor.context import Frame, Position, Turn
from runner.executor.response.errors import refusal
from runner.executor.steps import expectations, result
from runner.results.events import StepFinished, StepStarted
from runner.results.records import Expectation, ResponseRecord, ShowWord, Status, StepRecord
from runner.results.result_path import Source
from runner.scenario import model
from runner.scenario.expressions.expression import Expression, Scope, Text, Value
from runner.scenario.yaml import nodes

FAILURES = frozenset({"timeout", "unexpected-status", "in-band-error", "expectation"})
"""Errors that say no; any other says that the step could not be carried out."""


class Attempt:
    """What one try of a step came to; ``value`` is the result as expressions see it.

    ``final`` says that another try would not help; ``extra`` are fields of the record that only some kinds have
    (``steps``, ``awaits``, ``outputs``).
    """

    def __init__(
        self,
        *,
        exchange: call.Exchange | None = None,
        response: ResponseRecord | None = None,
        value: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.status: Status = "passed"
        self.error: Diagnostic | None = None
        self.exchange = exchange
        self.response = response
        self.expectations: list[Expectation] = []
        self.value: dict[str, Any] = {} if value is None else value
        self.captured: dict[str, Any] = {}
        self.final = False
        self.extra: dict[str, Any] = {} if extra is None else extra


Perform = Callable[[Scope, Deadline], Attempt]
"""Carries the step's kind out once, in a scope, by a deadline."""


def run_once(turn: Turn, perform: Perform) -> StepRecord:
    """One run of a step, retries and all, with its events. Captures are in the record, not yet in the frame."""
    step = turn.step
    turn.emit(StepStarted(turn.position.key, step.id, step.name, turn.position.phase, step.background))
    started_ms = turn.shared.elapsed_ms()
    deadline = Deadline.after(turn.timeout)
    tries = 0
    while True:
        tries += 1
        attempt = _attempt(turn, perform, deadline, tries, started_ms)
        if not _again(turn, attempt, deadline, tries):
            break
    record = _record(turn, attempt, tries, started_ms)
    turn.emit(StepFinished(turn.position.key, record))
    return record


def _attempt(turn: Turn, perform: Perform, deadline: Deadline, tries: int, started_ms: float) -> Attempt:
    attempt = Attempt()
    try:
        attempt = perform(turn.scope(), deadline)
        attempt.value.update(attempts=tries, duration_ms=turn.shared.elapsed_ms() - started_ms)
        not_captured = _capture(turn, attempt) if attempt.status == "passed" else None
        _judge(turn, attempt)
        if not_captured is not None and attempt.status == "passed":
            raise not_captured
        _conditions(turn, attempt)
    except RunnerError as error:
        fail(turn, attempt, error)
    if turn.interrupted() and attempt.status != "passed":
        fail(turn, attempt, _cut_off(turn))
    return attempt


def _cut_off(turn: Turn) -> StepError:
    """By the end of the run, or of the time of the block that the step stands in."""
    reason = turn.shared.stop.reason
    if reason != INTERRUPTED:
        return StepError("timeout", f"cut off: {reason}")
    return StepError("interrupted", "cut off before its end")


def judge_call(turn: Turn, attempt: Attempt) -> None:
    """After a request: its error, or its status against what was expected or documented."""
    exchange, step = attempt.exchange, turn.step
    assert exchange is not None
    attempt.response = exchange.response
    if exchange.error is not None or exchange.response is None or exchange.prepared is None:
        attempt.value = result.view(exchange.response, ok=False)
        if exchange.error is not None:
            fail(turn, attempt, exchange.error)
        return
    documented = exchange.prepared.documented
    in_band = exchange.in_band
    ok = exchange.response.status in documented and in_band is None
    attempt.value = result.view(exchange.response, ok=ok)
    found = expectations.status(step.expect, documented, exchange.response.status, turn.scope(attempt.value))
    attempt.expectations.append(found)
    if not found.passed:
        error = refusal(exchange)
        wanted = step.expect.node.get("status") if step.expect else None
        error.place = nodes.place_of(step.source, wanted) if wanted else None
        fail(turn, attempt, error)
    elif in_band is not None and (step.expect is None or step.expect.status is None):
        message = f"the engine answered {exchange.response.status}, but with an error inside: {in_band}"
        fail(turn, attempt, StepError("in-band-error", message))


def _capture(turn: Turn, attempt: Attempt) -> StepError | None:
    """Set what the step captures, before anything is expected of it: an expectation may use it, and one that does not
    hold takes no id away from what cleans up. Returns why a name could not be set."""
    for name, expression in turn.step.capture:
        try:
            attempt.captured[name] = expression.evaluate(turn.scope(attempt.captured, attempt.value))
        except StepError as error:
            return error
    return None


def _judge(turn: Turn, attempt: Attempt) -> None:
    """The expectations other than the status; the first that fails is the step's error. They are not asked where one
    needs a name that was not captured: the reason of that is the error then."""
    wanted = turn.step.expect
    if wanted is None or (attempt.error and attempt.error.code != "unexpected-status"):
        return
    lacking = {name for name, _ in turn.step.capture}.difference(attempt.captured)
    if lacking and any(reference.name in lacking for one in wanted.expressions for reference in one.references):
        return
    scope = turn.scope(attempt.captured, attempt.value)
    for verdict in expectations.verdicts(turn.step, wanted, attempt.response, scope):
        judge_condition(turn, attempt, verdict)


def judge_condition(turn: Turn, attempt: Attempt, verdict: expectations.Verdict) -> None:
    """Note one expectation; the first that fails is the step's error."""
    found = verdict.expectation
    attempt.expectations.append(found)
    if not found.passed and attempt.error is None:
        attempt.status = "failed"
        error = StepError("expectation", verdict.message, place=verdict.place)
        attempt.error = error.diagnostic(turn.step.place, verdict.lines)


def _conditions(turn: Turn, attempt: Attempt) -> None:
    """``fail_if`` ends the attempts; ``until`` asks for another one."""
    retry = turn.step.retry
    if retry is None:
        return
    scope = turn.scope(attempt.captured, attempt.value)
    if retry.fail_if is not None and _holds(retry.fail_if, scope):
        error = StepError("fail-if", f"fail_if became true: {retry.fail_if.text}", place=retry.fail_if.place())
        attempt.status, attempt.final = "failed", True
        attempt.error = error.diagnostic(turn.step.place, expectations.parts(retry.fail_if, scope))
    elif attempt.status == "passed" and retry.until is not None:
        verdict = expectations.condition(retry.until, scope)
        if not verdict.expectation.passed:
            error = StepError("until", "'until' did not become true", place=verdict.place)
            attempt.status = "failed"
            attempt.error = error.diagnostic(turn.step.place, verdict.lines)


def _holds(expression: Expression, scope: Scope) -> bool:
    try:
        return bool(expression.evaluate(scope))
    except StepError as error:
        if error.code == "undefined-name":  # an attempt that failed has less to look at
            return False
        raise


def _again(turn: Turn, attempt: Attempt, deadline: Deadline, tries: int) -> bool:
    """Whether to try once more; waits for the time between tries."""
    retry = turn.step.retry
    if retry is None or attempt.status == "passed" or attempt.final:
        return False
    if attempt.error and attempt.error.code == "timeout":
        return False
    if retry.times is not None and tries >= retry.times:
        if attempt.error and attempt.error.code == "until" and tries > 1:
            attempt.error = attempt.error._replace(message=f"{attempt.error.message} in {tries} tries")
        return False
    if deadline.at is not None and deadline.at - time.monotonic() <= retry.every:
        error = StepError("timeout", f"the step did not pass within {turn.timeout:g} s ({tries} tries)")
        last = (f"the last try: {attempt.error.message}", *attempt.error.details) if attempt.error else ()
        attempt.status, attempt.error = "failed", error.diagnostic(turn.step.place, last)
        return False
    if turn.rest(retry.every):
        fail(turn, attempt, _cut_off(turn))
        return False
    return True


def fail(turn: Turn, attempt: Attempt, error: RunnerError) -> None:
    """Note why an attempt did not pass: the engine's refusals and timeouts are failures, all else is an error."""
    if isinstance(error, DeadlineExceeded):
        error = _timeout(turn, attempt)
    attempt.status = "failed" if error.code in FAILURES else "error"
    attempt.error = error.diagnostic(turn.step.place)


def _timeout(turn: Turn, attempt: Attempt) -> StepError:
    prepared = attempt.exchange.prepared if attempt.exchange else None
    if prepared and prepared.operation and prepared.operation.is_endless(prepared.params):
        hint = "it does not end by itself: bound it with 'take' (a number of items, 'for' or 'until')"
        return StepError("timeout", f"the stream did not end within {turn.timeout:g} s", hint=hint)
    message = f"no complete answer within {turn.timeout:g} s" if prepared else f"not done within {turn.timeout:g} s"
    return StepError("timeout", message, hint="give the step more time with 'timeout'")


def _record(turn: Turn, attempt: Attempt, tries: int, started_ms: float) -> StepRecord:
    prepared = attempt.exchange.prepared if attempt.exchange else None
    show, shown = _shown(turn, attempt)
    record = skipped_record(turn)._replace(
        status=attempt.status,
        attempts=tries,
        started_ms=started_ms,
        duration_ms=turn.shared.elapsed_ms() - started_ms,
        request=prepared.record() if prepared else None,
        response=attempt.response,
        captured=attempt.captured,
        expectations=tuple(attempt.expectations),
        error=attempt.error,
        show=show,
        shown=shown,
    )
    return record._replace(**attempt.extra) if attempt.extra else record


def _shown(turn: Turn, attempt: Attempt) -> tuple[ShowWord | Source | None, Any]:
    show = turn.step.show
    if not isinstance(show, Expression):
        return show, None
    try:
        return show.origin, show.evaluate(turn.scope(attempt.captured, attempt.value))
    except StepError:
        return None, None  # the step failed, or its answer lacks what was to be shown; all of it is shown instead


def _text(value: Value | None, turn: Turn) -> str | None:
    """A title or a description, rendered; as written, if it names something that isn't there (yet)."""
    if value is None:
        return None
    try:
        return str(value.render(turn.scope()))
    except StepError:
        return value.written if isinstance(value, Text) else None


def skipped_record(turn: Turn, reason: str | None = None) -> StepRecord:
    """The record of a step that did not run, with what is known of it without running."""
    step = turn.step
    return StepRecord(
        id=step.id,
        kind=step.name,
        phase=turn.position.phase,
        status="skipped",
        title=_text(step.title, turn),
        about=_text(step.about, turn),
        operation=step.kind.operation.id if isinstance(step.kind, model.OperationCall) else None,
        started_ms=turn.shared.elapsed_ms(),
        capture_sources={name: expression.origin for name, expression in step.capture},
        reason=reason,
        background=step.background,
        show=None if isinstance(step.show, Expression) else step.show,
        volatile=step.volatile,
    )


def skip(step: model.Step, frame: Frame, position: Position, reason: str) -> StepRecord:
    """A step that does not run, and the event that says so."""
    record = skipped_record(Turn(step, frame, position), reason)
    frame.shared.emit(StepFinished(position.key, record))
    return record


def view_of(record: StepRecord) -> dict[str, Any]:
    """A finished step's result, as later expressions see it under ``steps.<id>``."""
    return result.view(
        record.response,
        ok=record.status == "passed",
        attempts=record.attempts,
        duration_ms=record.duration_ms,
        each=[view_of(one) for one in record.each] if record.each is not None else None,
        outputs=record.outputs,
    )
