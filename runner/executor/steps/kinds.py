"""What each kind of step does when it is its turn; requests to the engine are in :mod:`runner.executor.call`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from runner.engine.transport import Deadline
from runner.errors import DeadlineExceeded, StepError
from runner.executor import call
from runner.executor.context import Frame, Position, Turn
from runner.executor.steps import expectations, result
from runner.executor.steps.attempts import Attempt, fail, judge_call, judge_condition, view_of
from runner.executor.steps.background import Begun
from runner.executor.threads import side_by_side
from runner.executor.variables import included_variables
from runner.results.statuses import first_failure
from runner.scenario import duration, model
from runner.scenario.expressions.expression import Scope

if TYPE_CHECKING:
    from runner.executor.steps.flow import Flow


def perform(flow: Flow, turn: Turn, scope: Scope, deadline: Deadline, begun: Begun) -> Attempt:
    """Carry a step's kind out once."""
    kind = turn.step.kind
    if isinstance(kind, (model.OperationCall, model.RawRequest)):
        attempt = Attempt(exchange=call.perform(turn, scope, deadline, begun))
        judge_call(turn, attempt)
        return attempt
    if isinstance(kind, model.Await):
        return _await(flow, turn.step, kind)
    begun()
    attempt = Attempt(value=result.view(None, ok=True))
    if isinstance(kind, model.SetVariables):
        for name, value in kind.values_by_name.items():
            attempt.captured[name] = value.render(turn.scope(attempt.captured))
    elif isinstance(kind, model.Check):
        for expression in kind.expressions:
            judge_condition(turn, attempt, expectations.condition(expression, scope))
    elif isinstance(kind, model.Sleep):
        seconds = _sleep(turn, kind, scope, deadline)
        if turn.engine.recorded_at is not None:  # nobody slept
            attempt.extra["duration_ms"] = seconds * 1000
    else:
        _block(flow, turn, scope, deadline, attempt)
    return attempt


def _block(flow: Flow, turn: Turn, scope: Scope, deadline: Deadline, attempt: Attempt) -> None:
    """Steps inside a step. Each has its own time; the block has one only if it says so, and what is not done by then
    is cut off."""
    if turn.step.timeout is None:
        _inside(flow, turn, scope, attempt)
        return
    part = flow.part()
    stop = part.shared.stop
    over = f"the time of '{turn.step.id}' was over"
    timer = threading.Timer(deadline.remaining() or 0, stop.reach, (turn.position.urgency, over))
    timer.daemon = True
    timer.start()
    try:
        _inside(part, turn, scope, attempt)
    finally:
        timer.cancel()
        timer.join()
    if stop.reason == over:
        fail(turn, attempt, DeadlineExceeded())


def _inside(flow: Flow, turn: Turn, scope: Scope, attempt: Attempt) -> None:
    kind = turn.step.kind
    if isinstance(kind, model.Parallel):
        _parallel(flow, kind, turn.position, attempt)
    elif isinstance(kind, model.Include):
        _include(flow, kind, turn.position, scope, attempt)


def _await(flow: Flow, step: model.Step, kind: model.Await) -> Attempt:
    background = flow.join(kind.step)
    assert background is not None and background.record is not None, "what was never started is not awaited"
    record = background.record
    attempt = Attempt(value=view_of(record), response=record.response, extra={"awaits": kind.step})
    if record.status in ("failed", "error"):
        said = record.error.message if record.error else None
        error = StepError("awaited-step-failed", f"the background step '{kind.step}' did not pass: {said}")
        attempt.status, attempt.error = record.status, error.diagnostic(step.place)
    return attempt


def _sleep(turn: Turn, kind: model.Sleep, scope: Scope, deadline: Deadline) -> float:
    """Returns the seconds that it was asked for."""
    try:
        seconds = duration.seconds(kind.duration.render(scope))
    except ValueError as error:
        raise StepError("bad-duration", str(error)) from None
    left = deadline.remaining()
    if turn.rest(seconds if left is None else min(seconds, left)):
        raise StepError("interrupted", "interrupted")
    deadline.remaining()
    return seconds


def _parallel(flow: Flow, kind: model.Parallel, at: Position, attempt: Attempt) -> None:
    """Side by side; one that fails lets the others finish, then fails the block."""
    jobs = list(enumerate(kind.steps))
    entries = side_by_side(lambda job: flow.run(job[1], at.child(job[0])), jobs, len(jobs))
    records = flow.resolve(entries)
    attempt.extra["steps"] = tuple(records)
    attempt.status, attempt.error = first_failure(records)


def _include(flow: Flow, kind: model.Include, at: Position, scope: Scope, attempt: Attempt) -> None:
    """Another scenario, with variables of its own; what it defers runs at the end of the whole run."""
    given = {name: value.render(scope) for name, value in kind.given.items()}
    frame = Frame(kind.scenario, flow.shared.part())
    frame.variables = included_variables(kind.scenario, given, frame, flow.shared.options.secrets)
    inner = flow.inside(frame)
    entries = inner.sequence(kind.scenario.steps, Position(at.key, at.phase))
    entries += inner.sequence(kind.scenario.finally_, Position(at.key, "finally"), len(kind.scenario.steps))
    inner.end_background()
    records = inner.resolve(entries)
    attempt.extra["steps"] = tuple(records)
    attempt.status, attempt.error = first_failure(records)
    if attempt.status == "passed":
        outputs = {name: one.evaluate(frame.scope()) for name, one in kind.scenario.outputs.items()}
        attempt.value = result.view(None, ok=True, outputs=outputs)
        attempt.extra["outputs"] = outputs
