"""Runs one step: conditions, attempts, expectations, captures. What it leaves is a :class:`StepRecord`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runner.engine.message import Deadline
from runner.errors import DeadlineExceeded, Place, RunnerError, StepError
from runner.executor import call, expect, result
from runner.executor.context import Frame, Position, deadline_of, timeout_of
from runner.executor.events import StepFinished, StepStarted
from runner.executor.record import ErrorRecord, Expectation, ResponseRecord, Status, StepRecord
from runner.scenario import duration, model
from runner.scenario.template import Expression, Reference, Scope, Value


@dataclass(slots=True)
class Attempt:
    """What one try of a step came to; ``value`` is the result as expressions see it."""

    status: Status = "passed"
    error: ErrorRecord | None = None
    exchange: call.Exchange | None = None
    response: ResponseRecord | None = None
    expectations: list[Expectation] = field(default_factory=list)
    value: dict[str, Any] = field(default_factory=dict)
    captured: dict[str, Any] = field(default_factory=dict)
    final: bool = False
    """Another try would not help."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Fields of the record that only some kinds have (``steps``, ``awaits``, ``outputs``)."""


Perform = Callable[[Scope, Deadline], Attempt]
"""Carries the step's kind out once, in a scope, by a deadline."""


def run_once(step: model.Step, frame: Frame, position: Position, perform: Perform) -> StepRecord:
    """One run of a step, retries and all, with its events. Captures are in the record, not yet in the frame."""
    emit = frame.shared.emit
    emit(StepStarted(position.key, step.id, step.name, position.phase, step.background))
    started_ms = frame.shared.elapsed_ms()
    scope = frame.scope(position.local)
    deadline = deadline_of(step, frame)
    tries = 0
    while True:
        tries += 1
        attempt = _attempt(step, frame, position, scope, deadline, perform, tries, started_ms)
        if not _again(step, frame, position, attempt, deadline, tries):
            break
    record = _record(step, frame, position, attempt, tries, started_ms)
    emit(StepFinished(position.key, record))
    return record


def _attempt(
    step: model.Step,
    frame: Frame,
    position: Position,
    scope: Scope,
    deadline: Deadline,
    perform: Perform,
    tries: int,
    started_ms: float,
) -> Attempt:
    try:
        attempt = perform(scope, deadline)
    except RunnerError as error:
        attempt = Attempt()
        _fail(attempt, step, frame, error)
    attempt.value.update(attempts=tries, duration_ms=frame.shared.elapsed_ms() - started_ms)
    own = {**position.local, **attempt.value}
    try:
        _judge(step, frame.scope(own), attempt)
        if attempt.status == "passed":
            _capture(step, frame, own, attempt)
        _conditions(step, frame.scope(own, attempt.captured), attempt)
    except RunnerError as error:
        _fail(attempt, step, frame, error)
    if frame.shared.stop.asked(position.urgency) and attempt.status != "passed":
        attempt.status = "error"
        attempt.error = error_record(StepError("interrupted", "interrupted"), step)
    return attempt


def judge_call(step: model.Step, attempt: Attempt, frame: Frame, scope: Scope) -> None:
    """After a request: its error, or its status against what was expected or documented."""
    exchange = attempt.exchange
    assert exchange is not None
    attempt.response = exchange.response
    if exchange.error is not None:
        attempt.value = result.view(None, ok=False)
        _fail(attempt, step, frame, exchange.error)
        return
    assert exchange.prepared is not None and exchange.response is not None
    documented = exchange.prepared.documented
    in_band = exchange.in_band
    ok = exchange.response.status in documented and in_band is None
    attempt.value = result.view(exchange.response, ok=ok)
    found = expect.status(step.expect, documented, exchange.response.status, {**scope, **attempt.value})
    attempt.expectations.append(found)
    if not found.passed:
        _fail(attempt, step, frame, _status_error(step, exchange))
    elif in_band is not None and (step.expect is None or step.expect.status is None):
        message = f"the engine answered {exchange.response.status}, but with an error inside: {in_band}"
        _fail(attempt, step, frame, StepError("in-band-error", message))


def _status_error(step: model.Step, exchange: call.Exchange) -> StepError:
    error = call.refusal(exchange)
    if step.expect is not None and step.expect.status is not None:
        key = step.expect.node
        node = getattr(key, "get", lambda _name: None)("status")
        from runner.scenario import nodes

        error.place = nodes.place_of(step.source, node) if node is not None else None
    return error


def _judge(step: model.Step, scope: Scope, attempt: Attempt) -> None:
    """The expectations other than the status; the first that fails is the step's error."""
    if step.expect is None or attempt.status == "error" or (attempt.error and attempt.error.code != "unexpected-status"):
        return
    for verdict in expect.verdicts(step, step.expect, attempt.response, scope):
        judge_condition(step, attempt, verdict)


def judge_condition(step: model.Step, attempt: Attempt, verdict: expect.Verdict) -> None:
    """Note one expectation; the first that fails is the step's error."""
    found = verdict.expectation
    attempt.expectations.append(found)
    if not found.passed and attempt.error is None:
        attempt.status = "failed"
        error = StepError("expectation", verdict.message, place=verdict.place)
        attempt.error = error_record(error, step, (found.expression, *found.details))


def _capture(step: model.Step, frame: Frame, own: Mapping[str, Any], attempt: Attempt) -> None:
    for name, expression in step.capture:
        attempt.captured[name] = expression.evaluate(frame.scope(own, attempt.captured))


def _conditions(step: model.Step, scope: Scope, attempt: Attempt) -> None:
    """``fail_if`` ends the attempts; ``until`` asks for another one."""
    retry = step.retry
    if retry is None:
        return
    if retry.fail_if is not None and _holds(retry.fail_if, scope):
        message = f"fail_if became true: {retry.fail_if.text}"
        error = StepError("fail-if", message, place=retry.fail_if.place())
        attempt.status, attempt.error = "failed", error_record(error, step)
        attempt.final = True
    elif attempt.status == "passed" and retry.until is not None:
        verdict = expect.condition(retry.until, scope)
        if not verdict.expectation.passed:
            error = StepError("until", "'until' did not become true", place=verdict.place)
            attempt.status = "failed"
            attempt.error = error_record(error, step, (retry.until.text, *verdict.expectation.details))


def _holds(expression: Expression, scope: Scope) -> bool:
    try:
        return bool(expression.evaluate(scope))
    except StepError as error:
        if error.code == "undefined-name":  # an attempt that failed has less to look at
            return False
        raise


def _again(
    step: model.Step, frame: Frame, position: Position, attempt: Attempt, deadline: Deadline, tries: int
) -> bool:
    """Whether to try once more; waits for the time between tries."""
    if step.retry is None or attempt.status == "passed" or attempt.final:
        return False
    if step.retry.times is not None and tries >= step.retry.times:
        return False
    left = deadline.at - time.monotonic() if deadline.at is not None else step.retry.every
    if attempt.error is not None and attempt.error.code == "timeout":
        return False
    if left <= step.retry.every:
        error = StepError("timeout", f"the step did not pass within {timeout_of(step, frame):g} s ({tries} tries)")
        last = (attempt.error.message, *attempt.error.details) if attempt.error else ()
        attempt.error = error_record(error, step, last)
        attempt.status = "failed"
        return False
    return not frame.shared.stop.wait(step.retry.every, position.urgency)


def _fail(attempt: Attempt, step: model.Step, frame: Frame, error: RunnerError) -> None:
    """Say no: the engine's own refusals and timeouts are failures, what could not be carried out is an error."""
    details: tuple[str, ...] = ()
    if isinstance(error, DeadlineExceeded):
        error = StepError("timeout", _timeout_message(step, frame, attempt), hint=_timeout_hint(step, attempt))
    failures = ("timeout", "unexpected-status", "in-band-error", "expectation")
    attempt.status = "failed" if error.code in failures else "error"
    attempt.error = error_record(error, step, details)


def _timeout_message(step: model.Step, frame: Frame, attempt: Attempt) -> str:
    seconds = timeout_of(step, frame)
    if _is_endless(attempt):
        return f"the stream did not end within {seconds:g} s"
    return f"no complete answer within {seconds:g} s"


def _timeout_hint(step: model.Step, attempt: Attempt) -> str:
    if _is_endless(attempt):
        return "it does not end by itself: bound it with 'take' (a number of items, 'for' or 'until')"
    return "give the step more time with 'timeout'"


def _is_endless(attempt: Attempt) -> bool:
    prepared = attempt.exchange.prepared if attempt.exchange else None
    return bool(prepared and prepared.operation and prepared.operation.is_endless(dict(prepared.params)))


def error_record(error: RunnerError, step: model.Step, details: tuple[str, ...] = ()) -> ErrorRecord:
    """An error as it stands in a report, at its own place or else at the step's."""
    place: Place = error.place or step.place
    return ErrorRecord(
        code=error.code,
        message=error.message,
        hint=error.hint,
        file=place.file,
        line=place.line,
        column=place.column,
        excerpt=place.text,
        width=place.length,
        details=details,
    )


def _record(
    step: model.Step, frame: Frame, position: Position, attempt: Attempt, tries: int, started_ms: float
) -> StepRecord:
    prepared = attempt.exchange.prepared if attempt.exchange else None
    show, shown = _shown(step, frame, position, attempt)
    record = StepRecord(
        id=step.id,
        kind=step.name,
        phase=position.phase,
        status=attempt.status,
        title=_text(step.title, frame, position),
        about=_text(step.about, frame, position),
        operation=prepared.operation.id if prepared and prepared.operation else operation_id(step),
        attempts=tries,
        started_ms=started_ms,
        duration_ms=frame.shared.elapsed_ms() - started_ms,
        request=prepared.record() if prepared else None,
        response=attempt.response,
        captured=attempt.captured if attempt.status == "passed" else {},
        capture_sources={name: expression.text for name, expression in step.capture},
        expectations=tuple(attempt.expectations),
        error=attempt.error,
        background=step.background,
        show=show,
        shown=shown,
        volatile=step.volatile,
    )
    return replace(record, **attempt.extra) if attempt.extra else record


def operation_id(step: model.Step) -> str | None:
    return step.kind.operation.id if isinstance(step.kind, model.OperationCall) else None


def _shown(step: model.Step, frame: Frame, position: Position, attempt: Attempt) -> tuple[str | None, Any]:
    if not isinstance(step.show, Expression):
        return step.show, None
    try:
        return step.show.text, step.show.evaluate(frame.scope({**position.local, **attempt.value}))
    except StepError:
        return None, None  # the step failed, or its answer lacks what was to be shown; all of it is shown instead


def _text(value: Value | None, frame: Frame, position: Position) -> str | None:
    """A title or a description, rendered; as written, if it names something that isn't there (yet)."""
    if value is None:
        return None
    try:
        return str(value.render(frame.scope(position.local)))
    except StepError:
        return str(value.written)


def skipped_record(step: model.Step, frame: Frame, position: Position, reason: str | None = None) -> StepRecord:
    """The record of a step that did not run, with what is known of it without running."""
    return StepRecord(
        id=step.id,
        kind=step.name,
        phase=position.phase,
        status="skipped",
        title=_text(step.title, frame, position),
        about=_text(step.about, frame, position),
        operation=operation_id(step),
        started_ms=frame.shared.elapsed_ms(),
        capture_sources={name: expression.text for name, expression in step.capture},
        reason=reason,
        background=step.background,
        show=step.show if isinstance(step.show, str) else None,
        volatile=step.volatile,
    )


def skipped(step: model.Step, frame: Frame, position: Position, reason: str) -> StepRecord:
    """A step that does not run, and the event that says so."""
    record = skipped_record(step, frame, position, reason)
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


def names_set_by(step: model.Step) -> tuple[str, ...]:
    """The variables that a step sets when it passes."""
    captured = tuple(name for name, _ in step.capture)
    return (*captured, *step.kind.values_by_name) if isinstance(step.kind, model.SetVariables) else captured


def references_of(step: model.Step) -> Iterator[Reference]:
    """The names that a step needs before it can run."""
    values = [*getattr(step.kind, "values", ())]
    if isinstance(step.kind, model.Sleep):
        values.append(step.kind.duration)
    if isinstance(step.kind, model.Include):
        values += step.kind.given.values()
    expressions = [expression for value in values for expression in value.expressions]
    if isinstance(step.kind, model.Check):
        expressions += step.kind.expressions
    for expression in expressions:
        yield from expression.references


def sleep_seconds(value: Value, scope: Scope) -> float:
    """A rendered duration in seconds."""
    try:
        return duration.seconds(value.render(scope))
    except ValueError as error:
        raise StepError("bad-duration", str(error)) from None
