"""The order in which steps run: one after the other, in loops, in the background, at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from runner.errors import RunnerError, StepError
from runner.executor.cancellation import STEPS
from runner.executor.context import Frame, Position, Turn
from runner.executor.requirements import unmet
from runner.executor.steps import attempts as steps
from runner.executor.steps import background, kinds
from runner.executor.steps.background import Background, Begun
from runner.executor.threads import side_by_side
from runner.results.events import StepFinished, StepStarted
from runner.results.records import Phase, StepRecord
from runner.results.statuses import first_failure
from runner.scenario import model
from runner.text import shown

Entry: TypeAlias = StepRecord | Background
"""What a step leaves at its place: its record, or the background step whose record is still to come."""


Gate: TypeAlias = Callable[[], Begun]
"""Makes a loop's elements' own :data:`Begun`."""


class Deferred(NamedTuple):
    """Steps to run at the end of the whole run, with the names that the deferring step saw. ``path`` is where that one
    stands; ``unset`` are the names that it would have set if it had passed."""

    path: tuple[int, ...]
    steps: tuple[model.Step, ...]
    frame: Frame
    local: Mapping[str, Any]
    unset: frozenset[str]


class Flow:
    """Runs the steps of one scenario. ``deferred`` is shared by all scenarios of a run."""

    def __init__(self, frame: Frame, deferred: list[Deferred], unset: frozenset[str] = frozenset()) -> None:
        self.frame = frame
        self.unset = unset
        self.shared = frame.shared
        self.deferred = deferred
        self.background: dict[str, Background] = {}
        self.settable = {name for one in frame.scenario.walk() for name in one.sets}

    def inside(self, frame: Frame) -> Flow:
        """The flow of an included scenario."""
        return Flow(frame, self.deferred)

    def part(self) -> Flow:
        """The same flow, for steps that can be stopped by themselves."""
        from copy import copy

        part = copy(self)
        part.frame = self.frame.part()
        part.shared = part.frame.shared
        return part

    def sequence(self, todo: tuple[model.Step, ...], at: Position, first: int = 0) -> list[Entry]:
        """Run steps one after the other, the first with the index ``first``.

        After one that did not pass the rest is skipped, unless ``--keep-going`` or in what cleans up. Background
        steps are joined when all of these have passed.
        """
        entries: list[Entry] = []
        stopped: str | None = None
        for index, one in enumerate(todo, first):
            position = at.child(index)
            if stopped is None and self.shared.stop.asked(at.urgency):
                stopped = self.shared.stop.reason
            if stopped is not None:
                entries.append(steps.skip(one, self.frame, position, stopped))
                continue
            entry = self.run(one, position)
            entries.append(entry)
            record = entry.refused() if isinstance(entry, Background) else entry
            if record is not None and record.status in ("failed", "error") and not self._goes_on(at):
                asked = self.shared.stop.asked(at.urgency)
                stopped = self.shared.stop.reason if asked else f"step '{record.id}' did not pass"
        if stopped is None:
            for entry in entries:
                if isinstance(entry, Background):
                    self.join(entry.step.id)
        return entries

    def _goes_on(self, at: Position) -> bool:
        return self.shared.options.keep_going or at.phase != "steps"

    def run(self, one: model.Step, position: Position) -> Entry:
        """Run one step."""
        per_element = one.for_each is not None and _looks_at(one.when, one.for_each.name)
        if one.when is not None and not per_element:
            record = self._skip(one, position)
            if record is not None:
                return record
        if one.background:
            return self._start_background(one, position)
        if isinstance(one.kind, model.Await) and one.kind.step not in self.background:
            return steps.skip(one, self.frame, position, f"'{one.kind.step}' was not started")
        if one.for_each is not None:
            record = self._for_each(one, position, _no_gate)
        else:
            record = self._once(one, position, _nobody_waits)
            self._defer(one, record, position)
        self._settle(one, record)
        return record

    def _skip(self, one: model.Step, position: Position) -> StepRecord | None:
        """The record of a step whose ``when`` is false, or can't be evaluated."""
        assert one.when is not None
        try:
            if one.when.evaluate(self.frame.scope(position.local)):
                return None
        except StepError as error:
            return self._broken(one, position, error)
        return steps.skip(one, self.frame, position, f"when: {one.when.text}")

    def _broken(self, one: model.Step, position: Position, error: RunnerError) -> StepRecord:
        record = steps.skipped_record(Turn(one, self.frame, position))._replace(
            status="error", error=error.diagnostic(one.place)
        )
        self.shared.emit(StepFinished(position.key, record))
        return record

    def _once(self, one: model.Step, position: Position, begun: Begun) -> StepRecord:
        """One run of the step, without its loop."""
        if position.phase != "steps":
            missing = self._never_set(one, position)
            if missing is not None:
                return steps.skip(one, self.frame, position, f"'{missing}' was never set")
        turn = Turn(one, self.frame, position)
        if isinstance(one.kind, model.Include):
            try:
                reason = unmet(one.kind.scenario.requires, turn.engine)
            except RunnerError as error:
                return self._broken(one, position, error)
            if reason is not None:
                return steps.skip(one, self.frame, position, reason)
        return steps.run_once(turn, lambda scope, deadline: kinds.perform(self, turn, scope, deadline, begun))

    def _never_set(self, one: model.Step, position: Position) -> str | None:
        """A name that a cleanup needs and that no step came to set: there is nothing to clean up then."""
        scope = self.frame.scope(position.local)
        for reference in one.references:
            if reference.optional:
                continue
            if reference.name in self.unset or (reference.name in self.settable and reference.name not in scope):
                return reference.name
            if reference.name == "steps" and reference.path and reference.path[0] not in self.frame.results:
                return f"steps.{reference.path[0]}"
        return None

    def _settle(self, one: model.Step, record: StepRecord) -> None:
        """Make a finished step's names and result known; one that was skipped has none."""
        if record.status == "skipped":
            return
        with self.frame.lock:
            # A new mapping: expressions in other threads may be looking at the one before.
            self.frame.variables = {**self.frame.variables, **record.captured}
            self.frame.results[one.id] = steps.view_of(record)

    def _defer(self, one: model.Step, record: StepRecord, position: Position) -> None:
        if one.defer and record.attempts:
            unset = frozenset(one.sets).difference(record.captured)
            local = {**position.local, **record.captured}
            self.deferred.append(Deferred(position.key.path, one.defer, self.frame, local, unset))

    # Loops

    def _for_each(self, one: model.Step, position: Position, gate: Gate, width: int | None = None) -> StepRecord:
        """The elements' records inside one; captures become lists in input order."""
        assert one.for_each is not None
        self.shared.emit(StepStarted(position.key, one.id, one.name, position.phase, one.background))
        started_ms = self.shared.elapsed_ms()
        try:
            elements = self._elements(one, position)
        except StepError as error:
            return self._broken(one, position, error)
        jobs = [
            (one._replace(for_each=None, background=False, id=f"{one.id}[{index}]"), position.child(index, **local))
            for index, local in enumerate({one.for_each.name: element} for element in elements)
        ]
        each = self._elements_run(jobs, one, gate, width or one.for_each.parallel)
        status, error_found = first_failure(each)
        record = steps.skipped_record(Turn(one, self.frame, position))._replace(
            status=status,
            error=error_found,
            reason=None,
            attempts=1,
            started_ms=started_ms,
            duration_ms=self.shared.elapsed_ms() - started_ms,
            captured={name: [record.captured[name] for record in each if name in record.captured] for name in one.sets},
            each=tuple(each),
        )
        self.shared.emit(StepFinished(position.key, record))
        return record

    def _elements(self, one: model.Step, position: Position) -> list[Any]:
        assert one.for_each is not None
        value = one.for_each.elements.render(self.frame.scope(position.local))
        if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
            hint = "a mapping's items: for_each: data.items() | list" if isinstance(value, Mapping) else None
            raise StepError("not-a-list", f"for_each needs a list, not {shown(value, 60)}", hint=hint)
        return list(value)

    def _elements_run(
        self, jobs: list[tuple[model.Step, Position]], one: model.Step, gate: Gate, width: int
    ) -> list[StepRecord]:
        def run(job: tuple[model.Step, Position]) -> StepRecord:
            element, at = job
            begun = gate()
            try:
                if self.shared.stop.asked(at.urgency):
                    return steps.skip(element, self.frame, at, self.shared.stop.reason)
                record = (self._skip(element, at) if per_element else None) or self._once(element, at, begun)
            finally:
                begun(over=True)  # one that could not even begin must not be waited for
            self._defer(element, record, at)
            return record

        assert one.for_each is not None
        per_element = _looks_at(one.when, one.for_each.name)
        if width > 1 and len(jobs) > 1:
            return side_by_side(run, jobs, min(width, len(jobs)))
        records: list[StepRecord] = []
        for job in jobs:
            if first_failure(records[-1:])[1] is not None and not self._goes_on(job[1]):
                reason = "an earlier element did not pass"
                rest = jobs[len(records) :]
                return records + [steps.skip(element, self.frame, at, reason) for element, at in rest]
            records.append(run(job))
        return records

    # Background

    def _start_background(self, one: model.Step, position: Position) -> Entry:
        """Start it and go on once its answer has begun: for attach and exec only when the stream is established, so
        that no output of a start that follows is lost."""
        entry = Background(one, position)
        width = 0
        if one.for_each is not None:
            try:
                width = len(self._elements(one, position))
            except StepError as error:
                return self._broken(one, position, error)
            entry.waiting = width
        self.background[one.id] = entry

        def run() -> StepRecord:
            if one.for_each is not None:
                return self._for_each(one, position, entry.gate, max(1, width))
            record = self._once(one, position, entry.gate())
            self._defer(one, record, position)
            return record

        operation = getattr(one.kind, "operation", None)
        established = operation is not None and operation.answer in ("output", "upgrade")
        entry.start(run, Turn(one, self.frame, position).timeout if established else background.BEGIN_GRACE)
        return entry

    def join(self, step_id: str) -> Background | None:
        """Wait for a background step and make its names known; None if it was never started."""
        entry = self.background.get(step_id)
        if entry is not None and entry.join() and not entry.joined:
            entry.joined = True
            assert entry.record is not None
            self._settle(entry.step, entry.record)
        return entry

    def end_background(self) -> None:
        """What still runs after the cleanup is cut off."""
        running = [one for one in self.background.values() if not one.joined]
        background.end(running, lambda: self.shared.stop.reach(STEPS))
        for step_id in self.background:
            self.join(step_id)

    def resolve(self, entries: list[Entry]) -> list[StepRecord]:
        """The records, once every background step has ended."""
        found = [self.join(entry.step.id) if isinstance(entry, Background) else entry for entry in entries]
        records = (entry.record if isinstance(entry, Background) else entry for entry in found)
        return [record for record in records if record is not None]

    # The end

    def finish(self, at: Callable[[Phase], Position]) -> list[Entry]:
        """The scenario's ``finally``, then what was deferred, each whatever happened to the others: the last first, by
        where it stands, so that the order does not depend on which of several side by side ended first."""
        position = at("finally")
        entries = self.sequence(self.frame.scenario.finally_, position, len(self.frame.scenario.steps))
        entries += self._deferred(position, len(self.frame.scenario.steps) + len(entries))
        self.end_background()  # which may defer more
        entries += self._deferred(position, len(self.frame.scenario.steps) + len(entries))
        return entries

    def _deferred(self, position: Position, first: int) -> list[Entry]:
        entries: list[Entry] = []
        self.deferred.sort(key=lambda one: one.path)
        while self.deferred:
            one = self.deferred.pop()
            at = Position(position.key, "finally", one.local)
            entries += Flow(one.frame, self.deferred, one.unset).sequence(one.steps, at, first + len(entries))
        return entries


def _nobody_waits(*, over: bool = False) -> None:
    """The step is not in the background: nobody waits for its answer to begin."""


def _no_gate() -> Begun:
    return _nobody_waits


def _looks_at(when: object, name: str) -> bool:
    """Whether a condition is about a loop's element, so that it must be asked for each."""
    return any(reference.name == name for reference in getattr(when, "references", ()))
