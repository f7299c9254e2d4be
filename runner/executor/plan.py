"""Plans a scenario: its requests as they would be sent, with symbols for values that only a run can know.

A captured variable, or a part of an earlier result, becomes a text that looks like an id and stands for it in later
requests; a document turns it into a shell variable. Values that are computed from it are unknown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, assert_never

from runner.api.missing import Unknown
from runner.engine.engine import Engine
from runner.engine.transport import Deadline, Request, Response
from runner.errors import RunnerError, StepError
from runner.executor.cancellation import CancelScope
from runner.executor.context import Options, Position, RunContext, StepContext, VariableScope, new_run
from runner.executor.request.prepare import RequestKind, prepare
from runner.executor.steps import result
from runner.executor.steps.loops import MAX_ELEMENTS
from runner.executor.variables import given_variables, set_included_variables, set_initial_variables
from runner.results.events import StepKey
from runner.results.records import Phase, ResponseRecord, StepRecord
from runner.results.result_path import ResultPath, Source
from runner.scenario import duration, model
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.values import Constant, Entries, Items, Template, Value, Whole
from runner.text import short_id, shown

_IDENTITY_FILTERS: Final = (None, "short", "string", "trim")
"""Filters that leave a symbol as it is, or shorten it as an id."""
_MIN_KEYS: Final = 2
"""Keys of a path into a step's result, at least: the step, and the part of its result."""
_KEY: Final = StepKey(0, ())


class NoTransport:
    """The transport of a plan, which sends nothing."""

    def send(self, request: Request, deadline: Deadline) -> Response:  # noqa: ARG002 - nothing is sent
        raise StepError("not-sent", "a plan sends nothing")

    def share(self) -> NoTransport:
        return self

    def abort(self) -> None:
        """Do nothing: there are no exchanges."""

    def hang_up(self, reason: RunnerError) -> None:
        """Do nothing: there are no exchanges."""

    def close(self) -> None:
        """Do nothing: there are no connections."""


class _UnknownError(Exception):
    """An expression whose value only a run can know."""

    def __init__(self, expression: Expression) -> None:
        super().__init__(expression.text)
        self.text = expression.text


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned step: its record, notes for the reader (a line each), and the name of a loop's element that the reader
    must set."""

    record: StepRecord
    notes: tuple[str, ...] = ()
    element: str | None = None


def symbol(name: str) -> Unknown:
    """Return the symbol of an unknown value: 64 hexadecimal digits, as an id has them, so that it can be shortened."""
    return Unknown(hashlib.sha256(name.encode()).hexdigest())


def variable_for(step_id: str, path: ResultPath) -> str:
    """Name the variable for a part of a step's result that the scenario reads without having captured it."""
    keys = path.keys if path.root == "body" and path.keys else (path.root, *path.keys)
    return re.sub(r"\W+", "_", "_".join(str(part) for part in (step_id, *keys))).strip("_")


def _result_of(path: ResultPath | None) -> tuple[str, ResultPath] | None:
    """Split ``steps.made.body.Id`` into the step's id and the path into its result."""
    if path is None or path.root != "steps" or path.filter not in _IDENTITY_FILTERS or len(path.keys) < _MIN_KEYS:
        return None
    step_id, root, *keys = path.keys
    return str(step_id), ResultPath(str(root), tuple(keys))


def plan(scenario: model.Scenario, engine: Engine, options: Options) -> Iterator[Planned]:
    """Yield the steps in the order in which they would run; the cleanup comes last.

    Raises:
        UsageError: a secret or variable has no value.
    """
    run = new_run(
        engine=engine,
        options=options,
        cancellation=CancelScope(),
        emit=lambda _event: None,
        conceal=lambda _secrets: None,
        scenario=scenario,
        written=set(),
        offline=True,
    )
    scope = VariableScope(scenario, engine, run.generated)
    set_initial_variables(scope, options.values, options.secrets)
    planner = _Planner(run, scope, [])
    yield from planner.sequence(scenario.steps, "steps")
    yield from planner.sequence(scenario.finally_, "finally")
    while planner.deferred:
        owner, step, local = planner.deferred.pop()
        yield from owner.step(step, "finally", local)


@dataclass
class _Planner:
    """Plans the steps of one scenario; those of included ones share ``deferred``."""

    run: RunContext
    scope: VariableScope
    deferred: list[tuple[_Planner, model.Step, Mapping[str, Any]]]
    unknown: set[str] = field(default_factory=set)
    """Variables that only a run can know."""
    read: dict[str, dict[str, Source]] = field(default_factory=dict)
    """The paths into each step's result that later steps read without a capture, by the variable for each."""

    def __post_init__(self) -> None:
        self.unknown.update(self.scope.scenario.secrets)
        for step in self.scope.scenario.walk():
            for expression in step.kind.expressions:
                result = _result_of(expression.origin.path)
                if result is not None:
                    step_id, path = result
                    self.read.setdefault(step_id, {})[variable_for(step_id, path)] = Source(str(path), path)

    def sequence(self, steps: tuple[model.Step, ...], phase: Phase) -> Iterator[Planned]:
        for step in steps:
            yield from self.step(step, phase, {})

    def step(self, step: model.Step, phase: Phase, local: Mapping[str, Any]) -> Iterator[Planned]:
        notes: list[str] = []
        if step.when is not None and self._is_unknown(step.when, local):
            notes.append(f"only if: {step.when.text}")
        elif step.when is not None and not step.when.holds(self.scope.names(local)):
            return
        if step.retry is not None and step.retry.until is not None:
            notes.append(f"again until: {step.retry.until.text}")
        record = self._record(step, phase, local)
        element_scopes = [local]
        try:
            match step.kind:
                case model.Parallel() | model.Group() | model.Include():
                    element_scopes = []
                    for element, note, names in self._elements(step.for_each, local):
                        yield Planned(record, (*notes, *note), element)
                        yield from self._block(step.kind, phase, names)
                        element_scopes.append(names)
                case _ if step.for_each is not None:
                    planned, element_scopes = self._loop(step, step.for_each, record, local, notes)
                    yield planned
                case _:
                    yield Planned(self._once(step, record, local), tuple(notes))
        except _UnknownError as error:
            yield Planned(record, (*notes, f"depends on what a run brings: {error.text}"))
        except RunnerError as error:
            yield Planned(record, (*notes, error.message))
        self.unknown |= {name for name in step.sets if name not in self.scope.variables}
        self.deferred += [(self, deferred, names) for names in element_scopes for deferred in reversed(step.defer)]

    def _block(
        self, kind: model.Parallel | model.Group | model.Include, phase: Phase, local: Mapping[str, Any]
    ) -> Iterator[Planned]:
        """Plan the steps inside a step."""
        if isinstance(kind, model.Include):
            yield from self._include(kind, local)
            return
        for child in kind.steps:
            yield from self.step(child, phase, local)

    def _elements(
        self, loop: model.ForEach | None, local: Mapping[str, Any]
    ) -> Iterator[tuple[str | None, tuple[str, ...], Mapping[str, Any]]]:
        """Yield, for each element of a block's loop, the name that the reader must set, notes, and the names that the
        steps inside see: once, where only a run can know the elements."""
        if loop is None:
            yield None, (), local
            return
        unknown = next((each for each in loop.elements.expressions if self._is_unknown(each, local)), None)
        if unknown is not None:
            self.unknown.add(loop.name)
            yield loop.name, (f"for each {loop.name} of: {unknown.text}",), local
            self.unknown.discard(loop.name)
            return
        for element in islice(loop.elements.render(self.scope.names(local)), MAX_ELEMENTS):
            yield None, (f"{loop.name}: {shown(element, 60)}",), {**local, loop.name: element}

    def _record(self, step: model.Step, phase: Phase, local: Mapping[str, Any]) -> StepRecord:
        sources = {name: expression.origin for name, expression in step.capture}
        title = None
        if step.title is not None:
            try:
                title = str(self._with_symbols(step.title, local).render(self.scope.names(local)))
            except (_UnknownError, RunnerError):
                title = step.title.written if isinstance(step.title, Template) else None
        return StepRecord(
            id=step.id,
            kind=step.name,
            phase=phase,
            status="passed",
            title=title,
            operation=step.operation.id if step.operation else None,
            capture_sources={**sources, **self.read.get(step.id, {})},
            captured={name: symbol(name) for name in (*sources, *self.read.get(step.id, {}))},
            background=step.background,
            awaits=step.kind.step if isinstance(step.kind, model.Await) else None,
            retry=result.retry_record(step),
        )

    def _loop(
        self, step: model.Step, loop: model.ForEach, record: StepRecord, local: Mapping[str, Any], notes: list[str]
    ) -> tuple[Planned, list[Mapping[str, Any]]]:
        """Plan a loop. Returns it with the names that the cleanup of each element sees."""
        expressions = (expression for expression in loop.elements.expressions if self._is_unknown(expression, local))
        unknown = next(expressions, None)
        if unknown is not None:
            self.unknown.add(loop.name)
            once = self._once(step, record, local)
            self.unknown.discard(loop.name)
            note = f"for each {loop.name} of: {unknown.text}"
            return Planned(once._replace(captured={}), (*notes, note), loop.name), [local]
        each: list[StepRecord] = []
        element_scopes: list[Mapping[str, Any]] = []
        for index, element in enumerate(islice(loop.elements.render(self.scope.names(local)), MAX_ELEMENTS)):
            once = self._once(step, record, {**local, loop.name: element})
            each.append(once._replace(captured={name: symbol(f"{name}[{index}]") for name in record.captured}))
            element_scopes.append({**local, loop.name: element, **each[-1].captured})
        lists = {name: [element.captured[name] for element in each] for name in record.captured}
        self.scope.set(lists)
        return Planned(record._replace(each=tuple(each), captured=lists), tuple(notes)), element_scopes

    def _once(self, step: model.Step, record: StepRecord, local: Mapping[str, Any]) -> StepRecord:
        """Return the record of one request, or of a step without one."""
        names = self.scope.names(local)
        match step.kind:
            case model.OperationCall() | model.RawRequest():
                kind = self._kind_with_symbols(step.kind, local)
                context = StepContext(step, self.run, self.scope, Position(_KEY, record.phase, local))
                prepared = prepare(context, kind, names, Deadline.never())
                items = step.take.items if step.take is not None else None
                response = ResponseRecord(200, items=[None] * items) if items else None
                return record._replace(request=prepared.record(), response=response)
            case model.SetVariables(values_by_name=values_by_name):
                values = {
                    name: self._with_symbols(value, local).render(names) for name, value in values_by_name.items()
                }
                self.scope.set(values)
                return record._replace(captured=values)
            case model.Sleep():
                seconds = duration.seconds(self._with_symbols(step.kind.duration, local).render(names))
                return record._replace(duration_ms=seconds * 1000)
            case model.Await() | model.Check() | model.Parallel() | model.Group() | model.Include():
                return record
            case _:
                assert_never(step.kind)

    def _include(self, kind: model.Include, local: Mapping[str, Any]) -> Iterator[Planned]:
        names = self.scope.names(local)
        values = {name: self._with_symbols(value, local).render(names) for name, value in kind.vars.items()}
        if kind.every_var is not None:
            values = given_variables(kind, self._with_symbols(kind.every_var, local).render(names))
        scope = VariableScope(kind.scenario, self.run.engine, self.run.generated)
        set_included_variables(scope, values, self.run.options.secrets)
        inner = _Planner(self.run, scope, self.deferred)
        yield from inner.sequence(kind.scenario.steps, "steps")
        yield from inner.sequence(kind.scenario.finally_, "finally")

    # Symbols

    def _is_unknown(self, expression: Expression, local: Mapping[str, Any]) -> bool:
        names = {reference.name for reference in expression.references} - local.keys()
        return "steps" in names or bool(names & self.unknown)

    def _kind_with_symbols(self, kind: RequestKind, local: Mapping[str, Any]) -> RequestKind:
        """Replace the unknown values of a kind by symbols."""
        changed: dict[str, Any] = {}
        for name, value in kind._asdict().items():
            if isinstance(value, Mapping):
                changed[name] = {key: self._with_symbols(inner, local) for key, inner in value.items()}
            elif isinstance(value, (Constant, Whole, Template, Items, Entries)):
                changed[name] = self._with_symbols(value, local)
        return kind._replace(**changed)

    def _with_symbols(self, value: Value, local: Mapping[str, Any]) -> Value:
        """Replace the unknown parts of a value by symbols.

        Raises:
            _UnknownError: it is computed from an unknown value.
        """
        match value:
            case Whole(expression):
                return Constant(_symbol_of(expression)) if self._is_unknown(expression, local) else value
            case Template(parts, written):
                replaced = [
                    _symbol_of(part) if isinstance(part, Expression) and self._is_unknown(part, local) else part
                    for part in parts
                ]
                return Template(tuple(replaced), written)
            case Items(values):
                return Items(tuple(self._with_symbols(inner, local) for inner in values))
            case Entries(pairs):
                return Entries(
                    tuple((self._with_symbols(key, local), self._with_symbols(inner, local)) for key, inner in pairs)
                )
            case Constant():
                return value
            case _:
                assert_never(value)


def _symbol_of(expression: Expression) -> Unknown:
    path = expression.origin.path
    if path is None or path.filter not in _IDENTITY_FILTERS:
        raise _UnknownError(expression)
    result = _result_of(path)
    if result is not None:
        value = symbol(variable_for(*result))
    elif not path.keys:
        value = symbol(path.root)
    else:
        raise _UnknownError(expression)
    return Unknown(short_id(value)) if path.filter == "short" else value
