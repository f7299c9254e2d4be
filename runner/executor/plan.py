"""A scenario's requests as they would be sent, with symbols in place of what only a run can tell.

A captured name, or a part of an earlier result, becomes a text that looks like an id and stands for it in later
requests; a document turns it into a shell variable. What is computed from such a value can't be known.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.engine.engine import Engine
from runner.engine.transport import Deadline, Request, Response
from runner.errors import RunnerError, StepError
from runner.executor import call
from runner.executor.cancellation import Stop
from runner.executor.context import Frame, Options, Shared
from runner.executor.variables import included_variables, initial_variables
from runner.results.records import Phase, ResponseRecord, StepRecord
from runner.results.result_path import ResultPath, Source
from runner.scenario import duration, model
from runner.scenario.expressions.expression import Constant, Entries, Expression, Items, Text, Value, Whole
from runner.text import short_id

_KEEPING = (None, "short", "string", "trim")
"""Filters that leave a symbol what it is, or shorten it as an id."""
_PARTS = 2
"""Keys of a path into a step's result, at least: the step, and the part of its result."""


class NoTransport:
    """A plan's transport, which sends nothing."""

    def send(self, request: Request, deadline: Deadline) -> Response:  # noqa: ARG002 - whatever it is
        raise StepError("not-sent", "a plan sends nothing")

    def share(self) -> NoTransport:
        return self

    def abort(self) -> None:
        """There is nothing to break off."""

    def close(self) -> None:
        """There is nothing to close."""


class _UnknownError(Exception):
    """An expression over a value that only a run can tell."""

    def __init__(self, expression: Expression) -> None:
        super().__init__(expression.text)
        self.text = expression.text


@dataclass(frozen=True, slots=True)
class Planned:
    """A step to be shown: its record, what there is to say of it (a line each), and the name of a loop's element that
    the reader must set."""

    record: StepRecord
    notes: tuple[str, ...] = ()
    element: str | None = None


def symbol(name: str) -> str:
    """What stands for an unknown value: 64 hexadecimal digits, as an id has them, so that it can be shortened."""
    return hashlib.sha256(name.encode()).hexdigest()


def variable_for(step_id: str, path: ResultPath) -> str:
    """Name the variable for a part of a step's result that the scenario reads without having captured it."""
    keys = path.keys if path.root == "body" and path.keys else (path.root, *path.keys)
    return re.sub(r"\W+", "_", "_".join(str(part) for part in (step_id, *keys))).strip("_")


def _result_of(path: ResultPath | None) -> tuple[str, ResultPath] | None:
    """Split ``steps.made.body.Id`` into the step's id and the path into its result."""
    if path is None or path.root != "steps" or path.filter not in _KEEPING or len(path.keys) < _PARTS:
        return None
    step_id, root, *keys = path.keys
    return str(step_id), ResultPath(str(root), tuple(keys))


def plan(scenario: model.Scenario, engine: Engine, options: Options) -> Iterator[Planned]:
    """The steps in the order in which they would run; those that clean up come last.

    Raises:
        UsageError: a secret or variable has no value.
    """
    shared = Shared(
        engine=engine,
        ending=engine,
        options=options,
        stop=Stop(),
        emit=lambda _event: None,
        conceal=lambda _secrets: None,
        index=0,
        run_id="",
        title=scenario.title,
    )
    frame = Frame(scenario, shared)
    frame.variables = initial_variables(scenario, frame, options.values, options.secrets)
    planner = _Planner(frame, [])
    yield from planner.sequence(scenario.steps, "steps")
    yield from planner.sequence(scenario.finally_, "finally")
    while planner.deferred:
        owner, step, local = planner.deferred.pop()
        yield from owner.step(step, "finally", local)


@dataclass
class _Planner:
    """Plans the steps of one scenario; included ones share ``deferred``."""

    frame: Frame
    deferred: list[tuple[_Planner, model.Step, Mapping[str, Any]]]
    unknown: set[str] = field(default_factory=set)
    read: dict[str, dict[str, Source]] = field(default_factory=dict)
    """Of each step's result the paths that later steps read without a capture, by the variable for each."""

    def __post_init__(self) -> None:
        self.unknown.update(self.frame.scenario.secrets)
        for step in self.frame.scenario.walk():
            for expression in step.kind.expressions:
                result = _result_of(expression.origin.path)
                if result is not None:
                    step_id, path = result
                    self.read.setdefault(step_id, {})[variable_for(step_id, path)] = Source(str(path), path)

    def sequence(self, todo: tuple[model.Step, ...], phase: Phase) -> Iterator[Planned]:
        for step in todo:
            yield from self.step(step, phase, {})

    def step(self, step: model.Step, phase: Phase, local: Mapping[str, Any]) -> Iterator[Planned]:
        notes: list[str] = []
        if step.when is not None:
            if self._is_unknown(step.when, local):
                notes.append(f"only if: {step.when.text}")
            elif not step.when.evaluate(self.frame.scope(local)):
                return
        if step.retry is not None and step.retry.until is not None:
            notes.append(f"again until: {step.retry.until.text}")
        record = self._record(step, phase, local)
        kind = step.kind
        seen = [local]
        try:
            if isinstance(kind, model.Parallel):
                yield Planned(record, (*notes, "these run side by side"))
                for child in kind.steps:
                    yield from self.step(child, phase, local)
            elif isinstance(kind, model.Include):
                yield Planned(record, tuple(notes))
                yield from self._include(kind, local)
            elif step.for_each is not None:
                planned, seen = self._loop(step, step.for_each, record, local, notes)
                yield planned
            else:
                yield Planned(self._once(step, record, local), tuple(notes))
        except _UnknownError as error:
            yield Planned(record, (*notes, f"depends on what a run brings: {error.text}"))
        except RunnerError as error:
            yield Planned(record, (*notes, error.message))
        self.unknown |= {name for name in step.sets if name not in self.frame.variables}
        self.deferred += [(self, one, names) for names in seen for one in reversed(step.defer)]

    def _record(self, step: model.Step, phase: Phase, local: Mapping[str, Any]) -> StepRecord:
        sources = {name: expression.origin for name, expression in step.capture}
        title = None
        if step.title is not None:
            try:
                title = str(self._known(step.title, local).render(self.frame.scope(local)))
            except (_UnknownError, RunnerError):
                title = step.title.written if isinstance(step.title, Text) else None
        return StepRecord(
            id=step.id,
            kind=step.name,
            phase=phase,
            status="passed",
            title=title,
            operation=step.kind.operation.id if isinstance(step.kind, model.OperationCall) else None,
            capture_sources={**sources, **self.read.get(step.id, {})},
            captured={name: symbol(name) for name in (*sources, *self.read.get(step.id, {}))},
            background=step.background,
            awaits=step.kind.step if isinstance(step.kind, model.Await) else None,
        )

    def _loop(
        self, step: model.Step, loop: model.ForEach, record: StepRecord, local: Mapping[str, Any], notes: list[str]
    ) -> tuple[Planned, list[Mapping[str, Any]]]:
        """The loop, and the names that the cleanup of each element sees."""
        unknown = next((one for one in loop.elements.expressions if self._is_unknown(one, local)), None)
        if unknown is not None:
            self.unknown.add(loop.name)
            once = self._once(step, record, local)
            self.unknown.discard(loop.name)
            note = f"for each {loop.name} of: {unknown.text}"
            return Planned(once._replace(captured={}), (*notes, note), loop.name), [local]
        each: list[StepRecord] = []
        seen: list[Mapping[str, Any]] = []
        for index, element in enumerate(loop.elements.render(self.frame.scope(local))):
            one = self._once(step, record, {**local, loop.name: element})
            each.append(one._replace(captured={name: symbol(f"{name}[{index}]") for name in record.captured}))
            seen.append({**local, loop.name: element, **each[-1].captured})
        lists = {name: [one.captured[name] for one in each] for name in record.captured}
        self.frame.variables.update(lists)
        return Planned(record._replace(each=tuple(each), captured=lists), tuple(notes)), seen

    def _once(self, step: model.Step, record: StepRecord, local: Mapping[str, Any]) -> StepRecord:
        """The record of one request, or of what the runner itself does."""
        kind, scope = step.kind, self.frame.scope(local)
        if isinstance(kind, (model.OperationCall, model.RawRequest)):
            known = step._replace(kind=self._known_kind(kind, local))
            prepared = call.prepare(known, self.frame, scope, Deadline())
            items = step.take.items if step.take is not None else None
            response = ResponseRecord(200, items=[None] * items) if items else None
            return record._replace(request=prepared.record(), response=response)
        if isinstance(kind, model.SetVariables):
            values = {name: self._known(value, local).render(scope) for name, value in kind.values_by_name.items()}
            self.frame.variables.update(values)
            return record._replace(captured=values)
        if isinstance(kind, model.Sleep):
            seconds = duration.seconds(self._known(kind.duration, local).render(scope))
            return record._replace(duration_ms=seconds * 1000)
        return record

    def _include(self, kind: model.Include, local: Mapping[str, Any]) -> Iterator[Planned]:
        given = {name: self._known(value, local).render(self.frame.scope(local)) for name, value in kind.given.items()}
        frame = Frame(kind.scenario, self.frame.shared)
        frame.variables = included_variables(kind.scenario, given, frame, self.frame.shared.options.secrets)
        inner = _Planner(frame, self.deferred)
        yield from inner.sequence(kind.scenario.steps, "steps")
        yield from inner.sequence(kind.scenario.finally_, "finally")

    # What is known

    def _is_unknown(self, expression: Expression, local: Mapping[str, Any]) -> bool:
        names = {reference.name for reference in expression.references} - local.keys()
        return "steps" in names or bool(names & self.unknown)

    def _known_kind(self, kind: Any, local: Mapping[str, Any]) -> Any:
        """The same kind, with symbols in its values."""
        changed: dict[str, Any] = {}
        for name in kind._fields:
            value = getattr(kind, name)
            if isinstance(value, Mapping):
                changed[name] = {key: self._known(one, local) for key, one in value.items()}
            elif isinstance(value, (Constant, Whole, Text, Items, Entries)):
                changed[name] = self._known(value, local)
        return kind._replace(**changed)

    def _known(self, value: Value, local: Mapping[str, Any]) -> Value:
        """The same value, with symbols in place of what is unknown.

        Raises:
            _UnknownError: something is computed from it.
        """
        match value:
            case Whole(expression) if self._is_unknown(expression, local):
                return Constant(_symbol_of(expression))
            case Text(parts, written):
                known = [
                    _symbol_of(part) if isinstance(part, Expression) and self._is_unknown(part, local) else part
                    for part in parts
                ]
                return Text(tuple(known), written)
            case Items(values):
                return Items(tuple(self._known(one, local) for one in values))
            case Entries(pairs):
                return Entries(tuple((self._known(key, local), self._known(one, local)) for key, one in pairs))
        return value


def _symbol_of(expression: Expression) -> str:
    path = expression.origin.path
    if path is None or path.filter not in _KEEPING:
        raise _UnknownError(expression)
    result = _result_of(path)
    if result is not None:
        value = symbol(variable_for(*result))
    elif not path.keys:
        value = symbol(path.root)
    else:
        raise _UnknownError(expression)
    return short_id(value) if path.filter == "short" else value
