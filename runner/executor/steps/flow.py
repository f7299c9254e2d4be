"""Runs steps in order, in loops, in the background, and at the end."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from runner.engine.transport import Deadline
from runner.errors import RunnerError, StepError
from runner.executor.cancellation import Level
from runner.executor.context import Position, RunContext, StepContext, VariableScope
from runner.executor.requirements import unmet
from runner.executor.steps import background, blocks, dependencies, kinds
from runner.executor.steps.attempts import Attempt, run_attempts
from runner.executor.steps.background import Background, ignore_response
from runner.executor.steps.elements import element_steps
from runner.executor.steps.loops import asks_for_each, elements_of, loop_record
from runner.executor.steps.not_run import not_performed, skip
from runner.executor.threads import run_concurrently
from runner.results.events import StepFinished, StepStarted
from runner.results.records import EMPTY, Phase, StepRecord
from runner.results.statuses import FAILED
from runner.scenario import model
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.references import Scope

Entry: TypeAlias = StepRecord | Background
"""A step's record, or the background step whose record is not there yet."""


class Deferred(NamedTuple):
    """Steps to run at the end of the whole run, with what the deferring step saw. ``path`` is its position, ``unset``
    are the names that it would have set if it had passed, with its id."""

    path: tuple[int, ...]
    steps: tuple[model.Step, ...]
    run: RunContext
    scope: VariableScope
    local: Mapping[str, Any]
    unset: Mapping[str, str]


class Flow:
    """Runs the steps of one scenario. All scenarios of a run share ``deferred``; ``unset`` are names without a value
    for these steps, with the step that should have set them; ``started`` are the background steps, by id."""

    def __init__(
        self,
        run: RunContext,
        scope: VariableScope,
        deferred: list[Deferred],
        unset: Mapping[str, str] = EMPTY,
        started: ChainMap[str, Background] | None = None,
    ) -> None:
        self.run_context = run
        self.scope = scope
        self.deferred = deferred
        self.unset = unset
        self.started: ChainMap[str, Background] = ChainMap() if started is None else started

    def inside(self, scope: VariableScope) -> Flow:
        """Return the flow of an included scenario, which can be cancelled by itself."""
        return Flow(self.run_context.child(), scope, self.deferred)

    def child(self) -> Flow:
        """Return the same flow with a child cancel scope, for steps that can be cancelled by themselves."""
        return Flow(self.run_context.child(), self.scope, self.deferred, self.unset, self.started)

    def group(self, steps: tuple[model.Step, ...]) -> Flow:
        """Return the flow of a group's steps. Its background steps end with it: they can be cancelled by themselves."""
        if not any(below.background for step in steps for below in step.walk()):
            return self
        return Flow(self.run_context.child(), self.scope, self.deferred, self.unset, self.started.new_child())

    def _layered(self) -> Flow:
        """Return the flow of the steps inside one element of a loop: what they set is theirs."""
        return Flow(self.run_context, self.scope.layer(), self.deferred, self.unset, self.started.new_child())

    def sequence(
        self, steps: tuple[model.Step, ...], at: Position, first: int = 0, *, on_failure: tuple[model.Step, ...] = ()
    ) -> list[Entry]:
        """Run steps in order; ``first`` is the index of the first one, ``on_failure`` what follows one that failed.

        After a failure the rest is skipped, except with ``--keep-going``, ``continue_on_failure`` or in a cleanup.
        Background steps are joined once all of these have passed.
        """
        entries: list[Entry] = []
        cancellation = self.run_context.cancellation
        stop_reason: str | None = None
        for index, step in enumerate(steps, first):
            position = at.child(index)
            if stop_reason is None and cancellation.reached(at.level):
                stop_reason = cancellation.reason
            if stop_reason is not None:
                entries.append(self._skip(self._context(step, position), stop_reason))
                continue
            entry = self.run(step, position)
            record = entry.failure if isinstance(entry, Background) else entry
            if record is not None and record.status in FAILED:
                if record is entry:
                    entry = self._explain(self._context(step, position), record, on_failure)
                if not self._continues(at) and not step.continue_on_failure:
                    cancelled = cancellation.reached(at.level)
                    stop_reason = cancellation.reason if cancelled else f"step '{record.id}' did not pass"
            entries.append(entry)
        if stop_reason is None:
            for entry in entries:
                if isinstance(entry, Background):
                    self._join(entry.step.id)
        return entries

    def _continues(self, at: Position) -> bool:
        """Return whether steps run after a failure."""
        return self.run_context.options.keep_going or at.phase != "steps" or at.after_failure

    def _context(self, step: model.Step, position: Position) -> StepContext:
        return StepContext(step, self.run_context, self.scope, position)

    def run(self, step: model.Step, position: Position) -> Entry:
        """Run one step; one in the background is only started."""
        context = self._context(step, position)
        record = self._held_back(context)
        if record is not None:
            return record
        if step.background:
            return self._start(context)
        if isinstance(step.kind, model.Await) and step.kind.step not in self.started:
            return self._skip(context, f"'{step.kind.step}' was not started")
        if step.for_each is not None:
            record = self._for_each(context, step.for_each, None, step.for_each.parallel)
        else:
            record = self._once(context, ignore_response)
            self._defer(context, record)
        dependencies.settle(self.scope, step, record)
        return record

    def _held_back(self, context: StepContext) -> StepRecord | None:
        """Return the record of a step that is not to run, by its condition or because it needs what another step did
        not give; None if it is to run."""
        step = context.step
        if step.when is not None and not asks_for_each(step):
            reason = dependencies.missing(context, self.unset, (step.when,))
            if reason is not None:
                return self._skip(context, reason, older=True)
            record = self._skip_unless(step.when, context)
            if record is not None:
                dependencies.settle(self.scope, step, record)
                return record
        elements = step.for_each.elements.expressions if step.for_each is not None else ()
        reason = dependencies.missing(context, self.unset, (*elements, *step.needed_expressions))
        return None if reason is None else self._skip(context, reason, older=True)

    def _skip(self, context: StepContext, reason: str, *, older: bool = False) -> StepRecord:
        """Skip a step; with ``older``, the names that it sets lose the values from before."""
        dependencies.lose(self.scope, context.step, older=older)
        return skip(context, reason)

    def _skip_unless(self, when: Expression, context: StepContext) -> StepRecord | None:
        """Return the record of a step whose ``when`` is false, or can't be evaluated; None if the step is to run."""
        try:
            if when.holds(context.names()):
                return None
        except StepError as error:
            return not_performed(context, error)
        return skip(context, f"when: {when.text}")

    def _once(self, context: StepContext, on_response: Callable[[], None]) -> StepRecord:
        """Run a step once, without its loop."""
        step = context.step
        if isinstance(step.kind, model.Include):
            try:
                reason = unmet(step.kind.scenario.requires, context.engine)
            except RunnerError as error:
                return not_performed(context, error)
            if reason is not None:
                return skip(context, reason)

        def perform(names: Scope, deadline: Deadline) -> Attempt:
            return self._perform(context, names, deadline, on_response)

        return self._explain(context, run_attempts(context, perform), step.on_failure)

    def _explain(self, context: StepContext, record: StepRecord, steps: tuple[model.Step, ...]) -> StepRecord:
        """Run what follows a failure, and return the record of the failed step with the records of that. One that was
        interrupted needs no explanation."""
        if not steps or record.status not in FAILED or context.cancelled():
            return record
        position = context.position._replace(after_failure=True)
        flow = self._layered()
        step_id = context.step.id.partition("[")[0]  # an element of a loop is the step here
        dependencies.settle(flow.scope, context.step._replace(id=step_id), record)
        entries = flow.sequence(steps, position, len(record.inside) + len(record.on_failure))
        flow.end_background()
        return record._replace(on_failure=(*record.on_failure, *flow.resolve(entries)))

    def _perform(
        self, context: StepContext, names: Scope, deadline: Deadline, on_response: Callable[[], None]
    ) -> Attempt:
        kind = context.step.kind
        match kind:
            case model.Await():
                record = self._join(kind.step)
                assert record is not None, "the awaited step was never started"
                return kinds.joined(context, kind, record)
            case model.Parallel() | model.Group() | model.Include():
                on_response()
                return blocks.perform(self, context, kind, names, deadline)
            case _:
                return kinds.perform(context, kind, names, deadline, on_response)

    def _defer(self, context: StepContext, record: StepRecord) -> None:
        step = context.step
        if step.defer and record.attempts:
            step_id = step.id.partition("[")[0]
            unset = {name: step_id for name in step.sets if name not in record.captured}
            local = {**context.position.local, **record.captured}
            self.deferred.append(Deferred(context.key.path, step.defer, self.run_context, self.scope, local, unset))

    # Loops

    def _for_each(
        self, context: StepContext, loop: model.ForEach, latch: background.Latch | None, width: int
    ) -> StepRecord:
        """Run a step once per element. Its record holds those of the elements; captured variables become lists."""
        step, position = context.step, context.position
        context.emit(StepStarted(context.key, step.id, step.name, position.phase, step.background))
        started_ms = context.run.elapsed_ms()
        try:
            elements = elements_of(context, loop)
            steps = element_steps(context, loop, elements)
        except StepError as error:
            return not_performed(context, error)
        jobs = [
            self._context(steps[index], position.child(index, **{loop.name: element}))
            for index, element in enumerate(elements)
        ]
        each = self._run_elements(jobs, asks_for_each(step), latch, width)
        record = loop_record(context, each, started_ms)
        context.emit(StepFinished(context.key, record))
        return record

    def _run_elements(
        self, jobs: list[StepContext], has_conditions: bool, latch: background.Latch | None, width: int
    ) -> list[StepRecord]:
        def run(job: StepContext) -> StepRecord:
            flow = self._layered() if job.step.children else self
            job = job._replace(scope=flow.scope)
            party = latch.party() if latch is not None else None
            try:
                if job.cancelled():
                    return skip(job, self.run_context.cancellation.reason)
                record = None
                if has_conditions and job.step.when is not None:
                    record = self._skip_unless(job.step.when, job)
                if record is None:
                    record = flow._once(job, party.arrive if party is not None else ignore_response)
            finally:
                if party is not None:
                    party.withdraw()
            flow._defer(job, record)
            return record

        if width > 1 and len(jobs) > 1:
            return run_concurrently(run, jobs, min(width, len(jobs)), at_once=latch is not None)
        records: list[StepRecord] = []
        for job in jobs:
            failed = bool(records) and records[-1].status in FAILED
            if failed and not self._continues(job.position) and not job.step.continue_on_failure:
                rest = jobs[len(records) :]
                return records + [skip(left, "an earlier element did not pass") for left in rest]
            records.append(run(job))
        return records

    # Background

    def _start(self, context: StepContext) -> Entry:
        """Start a background step, and return once its response has begun. For attach and exec that is when the stream
        is established, so that no output of a following start is lost."""
        step, loop = context.step, context.step.for_each
        width = 1
        if loop is not None:
            try:
                width = len(elements_of(context, loop))
            except StepError as error:
                return not_performed(context, error)
        entry = Background(step, width)
        self.started[step.id] = entry

        def run() -> StepRecord:
            if loop is not None:
                return self._for_each(context, loop, entry.latch, max(1, width))
            record = self._once(context, entry.latch.party().arrive)
            self._defer(context, record)
            return record

        streams = step.operation is not None and step.operation.answer in ("output", "upgrade")
        entry.start(run, context.timeout if streams else background.START_GRACE)
        return entry

    def _join(self, step_id: str) -> StepRecord | None:
        """Wait for a background step, and set its variables; None if it was never started."""
        entry = self.started.get(step_id)
        if entry is None:
            return None
        entry.join()
        if not entry.settled:
            entry.settled = True
            assert entry.record is not None
            dependencies.settle(self.scope, entry.step, entry.record)
        return entry.record

    def end_background(self) -> None:
        """Wait for the background steps, and cancel those that do not end."""
        own = self.started.maps[0]
        running = [entry for entry in own.values() if not entry.settled]
        background.end_all(running, lambda: self.run_context.cancellation.cancel(Level.STEPS))
        for step_id in own:
            self._join(step_id)

    def resolve(self, entries: Sequence[Entry]) -> list[StepRecord]:
        """Return the records, once every background step has ended."""
        records = (self._join(entry.step.id) if isinstance(entry, Background) else entry for entry in entries)
        return [record for record in records if record is not None]

    # The end

    def finish(self, at: Callable[[Phase], Position]) -> list[Entry]:
        """Run the scenario's ``finally``, then the deferred steps, whichever of them fail. The last one in the file
        comes first, so that the order does not depend on which concurrent step ended first."""
        position = at("finally")
        entries = self.sequence(self.scope.scenario.finally_, position, len(self.scope.scenario.steps))
        entries += self._run_deferred(position, len(self.scope.scenario.steps) + len(entries))
        self.end_background()  # which may defer more
        entries += self._run_deferred(position, len(self.scope.scenario.steps) + len(entries))
        return entries

    def _run_deferred(self, position: Position, first: int) -> list[Entry]:
        entries: list[Entry] = []
        self.deferred.sort(key=lambda deferred: deferred.path)
        while self.deferred:
            deferred = self.deferred.pop()
            at = Position(position.key, "finally", deferred.local)
            flow = Flow(deferred.run, deferred.scope, self.deferred, deferred.unset)
            entries += flow.sequence(deferred.steps, at, first + len(entries))
        return entries
