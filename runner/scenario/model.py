"""A scenario as the executor sees it: frozen, typed, with nothing left to parse.

Everything that can still change while it runs is a :data:`~runner.scenario.expressions.values.Value` or an
:class:`~runner.scenario.expressions.expression.Expression`, which know their place in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, get_args

from runner.errors import Place
from runner.results.records import ShowWord
from runner.results.result_path import ResultPath
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.values import Template, Value, Whole
from runner.scenario.yaml import nodes

if TYPE_CHECKING:
    from runner.api.operations import Operation

EMPTY: Mapping[str, Any] = {}
"""No code writes to a model's mappings, so that all may share this one."""

SHOW_WORDS: tuple[ShowWord, ...] = get_args(ShowWord)
"""What ``show`` can be besides an expression."""


class OperationCall(NamedTuple):
    """An operation of the API, with the parameters and bodies that the scenario gives it."""

    operation: Operation
    params: Mapping[str, Value]
    body: Value | None = None
    body_file: Value | None = None
    body_dir: Value | None = None
    stdin: Value | None = None
    stdin_file: Value | None = None
    save: Value | None = None
    overwrite: Value | None = None

    @property
    def values(self) -> tuple[Value, ...]:
        sent = (self.body, self.body_file, self.body_dir, self.stdin, self.stdin_file)
        values = (*self.params.values(), *sent, self.save, self.overwrite)
        return tuple(value for value in values if value is not None)

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return _of(self.values)


class RawRequest(NamedTuple):
    """``request``: anything else that the endpoint speaks. Without ``is_versioned`` no API version is put before the
    path."""

    method: Value
    path: Value
    query: Value | None = None
    headers: Value | None = None
    body: Value | None = None
    body_file: Value | None = None
    is_versioned: bool = True

    @property
    def values(self) -> tuple[Value, ...]:
        every = (self.method, self.path, self.query, self.headers, self.body, self.body_file)
        return tuple(value for value in every if value is not None)

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return _of(self.values)


class Await(NamedTuple):
    """``await``: join the background step of that id."""

    step: str
    node: nodes.Node

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return ()


class SetVariables(NamedTuple):
    values_by_name: Mapping[str, Value]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return _of(self.values_by_name.values())


class Check(NamedTuple):
    expressions: tuple[Expression, ...]


class Sleep(NamedTuple):
    duration: Value

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return self.duration.expressions


class Parallel(NamedTuple):
    steps: tuple[Step, ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return ()


class Group(NamedTuple):
    """``group``: several steps, one after the other, with the modifiers of one."""

    steps: tuple[Step, ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return ()


class Include(NamedTuple):
    """``include``: another scenario, run inside this one with values for its variables."""

    scenario: Scenario
    vars: Mapping[str, Value]
    every_var: Value | None = None
    """A template that gives the whole of ``vars``."""

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return _of((*self.vars.values(), *((self.every_var,) if self.every_var is not None else ())))


def _of(values: Iterable[Value]) -> tuple[Expression, ...]:
    return tuple(expression for value in values for expression in value.expressions)


Kind: TypeAlias = OperationCall | RawRequest | Await | SetVariables | Check | Sleep | Parallel | Group | Include


class ForEach(NamedTuple):
    """``label`` names an element in reports."""

    elements: Value
    name: str = "item"
    parallel: int = 1
    label: Expression | None = None


class Retry(NamedTuple):
    """``times`` is the most that the step runs, None for as long as its time lasts; ``every`` is seconds between."""

    times: int | None = None
    every: float = 1.0
    until: Expression | None = None
    fail_if: Expression | None = None
    times_value: Value | None = None
    every_value: Value | None = None
    """Templates, which give ``times`` and ``every`` when the step runs."""


class Take(NamedTuple):
    """Says where a stream may stop successfully: after so many items, so many seconds, or when ``until`` is true."""

    items: int | None = None
    seconds: float | None = None
    until: Expression | None = None


class ExpectedFailure(NamedTuple):
    """Says that a step is known to fail, always or where ``when`` is true, and why."""

    reason: str
    when: Expression | None = None


class Expected(NamedTuple):
    """A value that is expected, in which mappings may be matchers, and its node."""

    value: Value
    node: nodes.Node


class Expect(NamedTuple):
    """Lists what must hold: the parts of a result that are compared, and expressions."""

    node: nodes.Mapping
    status: Expected | None = None
    headers: Expected | None = None
    body: Expected | None = None
    items: Expected | None = None
    stdout: Expected | None = None
    stderr: Expected | None = None
    that: tuple[Expression, ...] = ()

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (*self.status_expressions, *self.later_expressions)

    @property
    def status_expressions(self) -> tuple[Expression, ...]:
        """Return what the status is compared with, before anything is captured."""
        return self.status.value.expressions if self.status else ()

    @property
    def later_expressions(self) -> tuple[Expression, ...]:
        """Return what may use what the step has captured."""
        parts = (self.headers, self.body, self.items, self.stdout, self.stderr)
        return (*_of(part.value for part in parts if part), *self.that)


class Step(NamedTuple):
    """One step: a kind and its modifiers. ``name`` is the kind as a report calls it (``container.create``)."""

    id: str
    name: str
    kind: Kind
    node: nodes.Mapping
    key: nodes.Scalar
    title: Value | None = None
    about: Value | None = None
    when: Expression | None = None
    for_each: ForEach | None = None
    retry: Retry | None = None
    timeout: float | Whole | Template | None = None
    background: bool = False
    take: Take | None = None
    expect: Expect | None = None
    capture: tuple[tuple[str, Expression], ...] = ()
    defer: tuple[Step, ...] = ()
    on_failure: tuple[Step, ...] = ()
    continue_on_failure: bool = False
    expected_failure: ExpectedFailure | None = None
    show: ShowWord | Expression | None = None
    volatile: tuple[ResultPath, ...] = ()
    tags: tuple[str, ...] = ()
    labels: bool = True

    @property
    def place(self) -> Place:
        """The place of the key that names the step's kind."""
        return nodes.place_of(self.key)

    @property
    def children(self) -> tuple[Step, ...]:
        """The steps inside this one, its deferred ones apart."""
        return self.kind.steps if isinstance(self.kind, Parallel | Group) else ()

    @property
    def operation(self) -> Operation | None:
        """The operation of the API that the step calls, if it calls one."""
        return self.kind.operation if isinstance(self.kind, OperationCall) else None

    @property
    def sets(self) -> tuple[str, ...]:
        """The variables that the step sets when it passes; a loop sets those of the steps inside as lists."""
        captured = tuple(name for name, _ in self.capture)
        if isinstance(self.kind, SetVariables):
            return (*captured, *self.kind.values_by_name)
        inside = (name for child in self.children for name in child.sets) if self.for_each is not None else ()
        return tuple(dict.fromkeys((*captured, *inside)))

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Every expression of the step, except those of its inner and deferred steps."""
        values = (self.title, self.about, self.for_each.elements if self.for_each else None)
        label = (self.for_each.label,) if self.for_each and self.for_each.label else ()
        shown = (*label, self.show) if isinstance(self.show, Expression) else label
        when = (self.when,) if self.when is not None else ()
        return (*_of(value for value in values if value is not None), *when, *self.needed_expressions, *shown)

    @property
    def needed_expressions(self) -> tuple[Expression, ...]:
        """The expressions without which one run of the step can't do its work: those of its condition, its loop and of
        what only reports show apart."""
        retry = (self.retry.until, self.retry.fail_if) if self.retry else ()
        expected = self.expected_failure.when if self.expected_failure else None
        limits = (self.retry.times_value, self.retry.every_value) if self.retry else ()
        timeout = self.timeout if isinstance(self.timeout, (Whole, Template)) else None
        single = (*retry, self.take.until if self.take else None, expected)
        return (
            *_of(value for value in (timeout, *limits) if value is not None),
            *self.kind.expressions,
            *(self.expect.expressions if self.expect else ()),
            *(expression for _, expression in self.capture),
            *(expression for expression in single if expression is not None),
        )

    def walk(self) -> Iterator[Step]:
        """Yield this step and every one below it in the same file."""
        yield self
        for child in (*self.children, *self.defer, *self.on_failure):
            yield from child.walk()


class Requires(NamedTuple):
    """Says what an engine must be for the scenario to run: version bounds as (operator, version), its name, its
    swarm."""

    api: tuple[tuple[str, str], ...] = ()
    engine: str | None = None
    swarm: bool | None = None


class Scenario(NamedTuple):
    path: Path
    node: nodes.Mapping
    title: str
    steps: tuple[Step, ...]
    about: str | None = None
    requires: Requires = Requires()
    vars: Mapping[str, Value] = EMPTY
    secrets: tuple[str, ...] = ()
    timeout: float | None = None
    finally_: tuple[Step, ...] = ()
    on_failure: tuple[Step, ...] = ()
    outputs: Mapping[str, Expression] = EMPTY
    tags: tuple[str, ...] = ()
    labels: bool = True
    matrix: Mapping[str, tuple[Any, ...]] = EMPTY
    """The values of each variable of a matrix; empty for a scenario that is one of its rows."""
    row: str = ""
    """What tells a row of a matrix from the others, as part of a file's name."""

    @property
    def file(self) -> str:
        """The path as the user gave it."""
        return self.node.span.file.name

    def walk(self) -> Iterator[Step]:
        """Every step of this file, included scenarios apart."""
        for step in (*self.steps, *self.finally_, *self.on_failure):
            yield from step.walk()
