"""Reads nodes as typed values: numbers, durations, expressions, templates.

The schema has accepted the nodes; what it can't check (expressions that parse, regular expressions that compile) is
reported here.
"""

from __future__ import annotations

from typing import Any, Protocol

from runner.errors import InvalidScenario
from runner.scenario import duration, model
from runner.scenario.expressions.expression import Expression, expression_of
from runner.scenario.expressions.values import Constant, Template, Value, Whole, value_of
from runner.scenario.findings import Findings
from runner.scenario.yaml.nodes import Mapping, Node, Scalar, Sequence, plain


class NodeReader:
    """Reads the nodes of one file; mistakes go to ``findings``. The expressions of a ``trusted`` file, which was found
    valid before, are parsed when they are needed."""

    def __init__(self, findings: Findings, *, trusted: bool) -> None:
        self.findings = findings
        self.trusted = trusted

    def value(self, node: Node | None) -> Value | None:
        """Return a value that may hold templates; None if there is no node, or a mistake in it."""
        if node is None:
            return None
        try:
            return value_of(node, trusted=self.trusted)
        except InvalidScenario as error:
            self.findings.extend(error)
            return None

    def values(self, node: Node | None) -> dict[str, Value]:
        """Return the values of a mapping by their keys."""
        if not isinstance(node, Mapping):
            return {}
        pairs = ((name, self.value(value)) for name, value in node.items())
        return {name: value for name, value in pairs if value is not None}

    def expression(self, node: Node | None) -> Expression | None:
        """Return an expression without braces; None if there is no node, or a mistake in it."""
        if not isinstance(node, Scalar) or node.value is None:
            return None
        try:
            return expression_of(node, node.text, trusted=self.trusted)
        except InvalidScenario as error:
            self.findings.extend(error)
            return None

    def expression_list(self, node: Node | None) -> tuple[Expression, ...]:
        """Return the expressions of a list, or a single one."""
        items = node.items if isinstance(node, Sequence) else (node,)
        return tuple(expression for item in items if (expression := self.expression(item)))

    def named_expressions(self, node: Node | None) -> tuple[tuple[str, Expression], ...]:
        """Return the expressions of a mapping with their names."""
        if not isinstance(node, Mapping):
            return ()
        pairs = ((name, self.expression(value)) for name, value in node.items())
        return tuple((name, expression) for name, expression in pairs if expression)

    def seconds(self, node: Node | None) -> float | None:
        """Return a duration in seconds."""
        if node is None:
            return None
        try:
            return duration.seconds(scalar_in(node))
        except ValueError as error:
            self.findings.error("bad-duration", str(error), node)
            return None

    def limit(self, node: Node | None) -> Whole | Template | None:
        """Return a template in the place of a number or a duration; None for anything else."""
        value = self.value(node) if isinstance(node, Scalar) and isinstance(node.value, str) else None
        return value if isinstance(value, (Whole, Template)) else None

    def duration(self, node: Node) -> Value:
        """Return a duration that may be a template."""
        value = self.value(node)
        if value is None or isinstance(value, Constant):
            self.seconds(node)
        return value or Constant(0)


class StepReader(Protocol):
    """Reads the steps of one file: what the readers of modifiers and kinds are given."""

    reader: NodeReader

    def steps(self, node: Node | None, prefix: str) -> tuple[model.Step, ...]:
        """Read a list of steps, or a single one; ids that are derived begin with ``prefix``."""
        ...

    def rows(self, target: Scalar) -> list[Any] | None:
        """Read a file of rows; None, with a finding, if it is invalid."""
        ...

    def included(self, target: Scalar, names: list[str]) -> model.Scenario | None:
        """Open the scenario of an ``include``, which sets the variables ``names``; None if it is invalid."""
        ...


def scalar_in(node: Node | None) -> object:
    """Return the value of a scalar; None for anything else."""
    return node.value if isinstance(node, Scalar) else None


def number_in(node: Node | None) -> int | None:
    """Return a whole number."""
    return int(node.value) if isinstance(node, Scalar) and isinstance(node.value, (int, float)) else None


def text_in(node: Node | None) -> str | None:
    """Return a scalar as it is written."""
    return node.text if isinstance(node, Scalar) and node.value is not None else None


def items_in(node: Node | None) -> list[object]:
    """Return the elements of a list; a scalar is a list of one."""
    if isinstance(node, Scalar):
        return [node.value]
    return list(plain(node)) if node is not None else []
