"""Runs steps in order, in loops, in the background, and at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from runner.engine.transport import Deadline
from runner.errors import RunnerError, StepError
from runner.executor.cancellation import Level
from runner.executor.context import Position, RunContext, StepContext, VariableScope
from runner.executor.requirements import unmet
from runner.executor.steps import background, blocks, kinds
from runner.executor.steps.attempts import Attempt, not_performed, run_attempts, skip, skipped_record
from runner.executor.steps.background import Background, ignore_response
from runner.executor.steps.result import view_of
from runner.executor.threads import run_concurrently
from runner.results.events import StepFinished, StepStarted
from runner.results.records import Phase, StepRecord
from runner.results.statuses import FAILED, first_failure
from runner.scenario import model
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.references import Scope
from runner.text import shown

Entry: TypeAlias = StepRecord | Background
"""A step's record, or the background step whose record is not there yet."""


class Deferred(NamedTuple):
    """Steps to run at the end of the whole run, with what the deferring step saw. ``path`` is its position, ``unset``
    are the names that it would have set if it had passed."""

    path: tuple[int, ...]
    steps: tuple[model.Step, ...]
    run: RunContext
    scope: VariableScope
    local: Mapping[str, Any]
    unset: frozenset[str]


class Flow:
    """Runs the steps of one scenario. All scenarios of a run share ``deferred``."""

    def __init__(
        self,
        run: RunContext,
        scope: VariableScope,
        deferred: list[Deferred],
        unset: frozenset[str] = frozenset(),
        started: dict[str, Background] | None = None,
    ) -> None:
        self.run_context = run
        self.scope = scope
        self.deferred = deferred
        self.unset = unset
        self.started: dict[str, Background] = {} if started is None else started
        """The background steps, by id."""
        self.settable = {name for step in scope.scenario.walk() for name in step.sets}

    def inside(self, scope: VariableScope) -> Flow:
        """Return the flow of an included scenario, which can be cancelled by itself."""
        return Flow(self.run_context.child(), scope, self.deferred)

    def child(self) -> Flow:
        """Return the same flow with a child cancel scope, for steps that can be cancelled by themselves."""
        return Flow(self.run_context.child(), self.scope, self.deferred, self.unset, self.started)

    def sequence(self, steps: tuple[model.Step, ...], at: Position, first: int = 0) -> list[Entry]:
        """Run steps in order; ``first`` is the index of the first one.

        After a failure the rest is skipped, except with ``--keep-going`` or in a cleanup. Background steps are joined
        once all of these have passed.
        """
        entries: list[Entry] = []
        cancellation = self.run_context.cancellation
        stop_reason: str | None = None
        for index, step in enumerate(steps, first):
            position = at.child(index)
            if stop_reason is None and cancellation.reached(at.level):
                stop_reason = cancellation.reason
            if stop_reason is not None:
                entries.append(skip(self._context(step, position), stop_reason))
                continue
            entry = self.run(step, position)
            entries.append(entry)
            record = entry.failure if isinstance(entry, Background) else entry
            if record is not None and record.status in FAILED and not self._continues(at):
                cancelled = cancellation.reached(at.level)
                stop_reason = cancellation.reason if cancelled else f"step '{record.id}' did not pass"
        if stop_reason is None:
            for entry in entries:
                if isinstance(entry, Background):
                    self._join(entry.step.id)
        return entries

    def _continues(self, at: Position) -> bool:
        """Return whether steps run after a failure."""
        return self.run_context.options.keep_going or at.phase != "steps"

    def _context(self, step: model.Step, position: Position) -> StepContext:
        return StepContext(step, self.run_context, self.scope, position)

    def run(self, step: model.Step, position: Position) -> Entry:
        """Run one step; one in the background is only started."""
        context = self._context(step, position)
        if step.when is not None and not _asks_for_each(step):
            record = self._skip_unless(step.when, context)
            if record is not None:
                return record
        if step.background:
            return self._start(context)
        if isinstance(step.kind, model.Await) and step.kind.step not in self.started:
            return skip(context, f"'{step.kind.step}' was not started")
        if step.for_each is not None:
            record = self._for_each(context, step.for_each, None, step.for_each.parallel)
        else:
            record = self._once(context, ignore_response)
            self._defer(context, record)
        self._settle(step, record)
        return record

    def _skip_unless(self, when: Expression, context: StepContext) -> StepRecord | None:
        """Return the record of a step whose ``when`` is false, or can't be evaluated; None if the step is to run."""
        try:
            if when.evaluate(context.names()):
                return None
        except StepError as error:
            return not_performed(context, error)
        return skip(context, f"when: {when.text}")

    def _once(self, context: StepContext, on_response: Callable[[], None]) -> StepRecord:
        """Run a step once, without its loop."""
        step = context.step
        if context.position.phase != "steps":
            missing = self._never_set(context)
            if missing is not None:
                return skip(context, f"'{missing}' was never set")
        if isinstance(step.kind, model.Include):
            try:
                reason = unmet(step.kind.scenario.requires, context.engine)
            except RunnerError as error:
                return not_performed(context, error)
            if reason is not None:
                return skip(context, reason)

        def perform(names: Scope, deadline: Deadline) -> Attempt:
            return self._perform(context, names, deadline, on_response)

        return run_attempts(context, perform)

    def _perform(
        self, context: StepContext, names: Scope, deadline: Deadline, on_response: Callable[[], None]
    ) -> Attempt:
        kind = context.step.kind
        match kind:
            case model.Await():
                record = self._join(kind.step)
                assert record is not None, "the awaited step was never started"
                return kinds.joined(context, kind, record)
            case model.Parallel() | model.Include():
                on_response()
                return blocks.perform(self, context, kind, names, deadline)
            case _:
                return kinds.perform(context, kind, names, deadline, on_response)

    def _never_set(self, context: StepContext) -> str | None:
        """Return a name that a cleanup step needs and that no step has set: there is nothing to clean up then."""
        names = context.names()
        for reference in context.step.references:
            if reference.optional:
                continue
            if reference.name in self.unset or (reference.name in self.settable and reference.name not in names):
                return reference.name
            if reference.name == "steps" and reference.path and reference.path[0] not in self.scope.results:
                return f"steps.{reference.path[0]}"
        return None

    def _settle(self, step: model.Step, record: StepRecord) -> None:
        """Set a finished step's variables and result; a skipped one has none."""
        if record.status != "skipped":
            self.scope.set(record.captured)
            self.scope.results[step.id] = view_of(record)

    def _defer(self, context: StepContext, record: StepRecord) -> None:
        step = context.step
        if step.defer and record.attempts:
            unset = frozenset(step.sets).difference(record.captured)
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
            elements = _elements(context, loop)
        except StepError as error:
            return not_performed(context, error)
        jobs = [
            self._context(
                step._replace(for_each=None, background=False, id=f"{step.id}[{index}]"),
                position.child(index, **{loop.name: element}),
            )
            for index, element in enumerate(elements)
        ]
        each = self._run_elements(jobs, _asks_for_each(step), latch, width)
        status, error_record = first_failure(each)
        record = skipped_record(context)._replace(
            status=status,
            error=error_record,
            reason=None,
            attempts=1,
            started_ms=started_ms,
            duration_ms=context.run.elapsed_ms() - started_ms,
            captured={
                name: [record.captured[name] for record in each if name in record.captured] for name in step.sets
            },
            each=tuple(each),
        )
        context.emit(StepFinished(context.key, record))
        return record

    def _run_elements(
        self, jobs: list[StepContext], asks_for_each: bool, latch: background.Latch | None, width: int
    ) -> list[StepRecord]:
        def run(job: StepContext) -> StepRecord:
            party = latch.party() if latch is not None else None
            try:
                if job.cancelled():
                    return skip(job, self.run_context.cancellation.reason)
                record = None
                if asks_for_each and job.step.when is not None:
                    record = self._skip_unless(job.step.when, job)
                if record is None:
                    record = self._once(job, party.arrive if party is not None else ignore_response)
            finally:
                if party is not None:
                    party.withdraw()
            self._defer(job, record)
            return record

        if width > 1 and len(jobs) > 1:
            return run_concurrently(run, jobs, min(width, len(jobs)), at_once=latch is not None)
        records: list[StepRecord] = []
        for job in jobs:
            if records and records[-1].status in FAILED and not self._continues(job.position):
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
                width = len(_elements(context, loop))
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
            self._settle(entry.step, entry.record)
        return entry.record

    def end_background(self) -> None:
        """Wait for the background steps, and cancel those that do not end."""
        running = [entry for entry in self.started.values() if not entry.settled]
        background.end_all(running, lambda: self.run_context.cancellation.cancel(Level.STEPS))
        for step_id in self.started:
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


def _elements(context: StepContext, loop: model.ForEach) -> list[Any]:
    """Return a loop's elements.

    Raises:
        StepError: ``not-a-list``, or the template fails.
    """
    value = loop.elements.render(context.names())
    if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
        hint = "a mapping's items: for_each: data.items() | list" if isinstance(value, Mapping) else None
        raise StepError("not-a-list", f"for_each needs a list, not {shown(value, 60)}", hint=hint)
    return list(value)


def _asks_for_each(step: model.Step) -> bool:
    """Return whether a loop's ``when`` depends on the element, and so is evaluated for each."""
    if step.for_each is None or step.when is None:
        return False
    return any(reference.name == step.for_each.name for reference in step.when.references)
