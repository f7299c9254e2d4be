"""Runs the steps inside a step: those of ``parallel``, of ``group``, and of an included scenario."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol, assert_never

from runner.engine.transport import Deadline
from runner.errors import DeadlineExceeded
from runner.executor.context import Position, RunContext, StepContext, VariableScope
from runner.executor.steps import result
from runner.executor.steps.attempts import Attempt, fail
from runner.executor.steps.background import Background
from runner.executor.threads import run_concurrently
from runner.executor.variables import given_variables, set_included_variables
from runner.results.records import StepRecord
from runner.results.statuses import first_failure
from runner.scenario import model
from runner.scenario.expressions.references import Scope

BlockKind = model.Parallel | model.Group | model.Include
"""The kinds of steps that have steps inside."""


class Runner(Protocol):
    """Runs the steps of one scenario, for the steps that have steps inside."""

    @property
    def run_context(self) -> RunContext: ...

    def child(self) -> Runner:
        """Return the same runner with a child cancel scope."""

    def group(self, steps: tuple[model.Step, ...]) -> Runner:
        """Return a runner of a group's steps, whose background steps end with it."""

    def inside(self, scope: VariableScope) -> Runner:
        """Return a runner of an included scenario's steps."""

    def run(self, step: model.Step, position: Position) -> StepRecord | Background:
        """Run one step; one in the background is only started."""

    def sequence(
        self, steps: tuple[model.Step, ...], at: Position, first: int = 0, *, on_failure: tuple[model.Step, ...] = ()
    ) -> list[StepRecord | Background]:
        """Run steps in order; ``first`` is the index of the first one, ``on_failure`` what follows one that failed."""

    def end_background(self) -> None:
        """Wait for the background steps, and cancel those that do not end."""

    def resolve(self, entries: Sequence[StepRecord | Background]) -> list[StepRecord]:
        """Return the records, once every background step has ended."""


def perform(runner: Runner, context: StepContext, kind: BlockKind, names: Scope, deadline: Deadline) -> Attempt:
    """Run the steps inside a step once. Each has its own timeout; the block has one only if the step sets it, and then
    cuts off what has not ended in time."""
    attempt = Attempt(value=result.view(None, ok=True))
    if context.step.timeout is None:
        _run(runner, context, kind, names, attempt)
        return attempt
    child = runner.child()
    cancellation = child.run_context.cancellation
    reason = f"the time of '{context.step.id}' was over"
    timer = threading.Timer(deadline.remaining() or 0, cancellation.cancel, (context.position.level, reason))
    timer.daemon = True
    timer.start()
    try:
        _run(child, context, kind, names, attempt)
    finally:
        timer.cancel()
        timer.join()
    if cancellation.reason == reason:
        fail(context, attempt, DeadlineExceeded())
    return attempt


def _run(runner: Runner, context: StepContext, kind: BlockKind, names: Scope, attempt: Attempt) -> None:
    match kind:
        case model.Parallel():
            _parallel(runner, kind, context.position, attempt)
        case model.Group():
            _group(runner, kind, context.position, attempt)
        case model.Include():
            _include(runner, kind, context.position, names, attempt)
        case _:
            assert_never(kind)


def _parallel(runner: Runner, kind: model.Parallel, at: Position, attempt: Attempt) -> None:
    """Run steps concurrently. One that fails lets the others finish, then fails the block."""
    jobs = list(enumerate(kind.steps))
    entries = run_concurrently(lambda job: runner.run(job[1], at.child(job[0])), jobs, len(jobs))
    _finish(runner.resolve(entries), attempt)


def _group(runner: Runner, kind: model.Group, at: Position, attempt: Attempt) -> None:
    """Run steps in order. What they set is there for the steps after them, inside the group and behind it."""
    inner = runner.group(kind.steps)
    entries = inner.sequence(kind.steps, at)
    inner.end_background()
    _finish(inner.resolve(entries), attempt)


def _include(runner: Runner, kind: model.Include, at: Position, names: Scope, attempt: Attempt) -> None:
    """Run another scenario, with variables of its own. Its deferred steps run at the end of the whole run."""
    values = {name: value.render(names) for name, value in kind.vars.items()}
    if kind.every_var is not None:
        values = given_variables(kind, kind.every_var.render(names))
    run = runner.run_context
    scope = VariableScope(kind.scenario, run.engine, run.generated, at.key.path)
    set_included_variables(scope, values, run.options.secrets)
    inner = runner.inside(scope)
    entries = inner.sequence(kind.scenario.steps, Position(at.key, at.phase), on_failure=kind.scenario.on_failure)
    entries += inner.sequence(kind.scenario.finally_, Position(at.key, "finally"), len(kind.scenario.steps))
    inner.end_background()
    _finish(inner.resolve(entries), attempt)
    if attempt.status == "passed":
        outputs = {name: expression.evaluate(scope.names()) for name, expression in kind.scenario.outputs.items()}
        attempt.value = result.view(None, ok=True, outputs=outputs)
        attempt.extra["outputs"] = outputs


def _finish(records: list[StepRecord], attempt: Attempt) -> None:
    attempt.extra["steps"] = tuple(records)
    attempt.status, attempt.error = first_failure(records)
