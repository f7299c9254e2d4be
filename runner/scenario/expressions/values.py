"""Represents the values of a scenario: constants, and templates that are rendered in a scope.

A string that is one ``{{ expression }}`` keeps the type of its value; in a longer string the values become text.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, TypeAlias

from runner.errors import Diagnostic, InvalidScenario, StepError
from runner.scenario.expressions.expression import Expression, expression_of
from runner.scenario.expressions.functions.texts import as_text
from runner.scenario.expressions.references import Scope
from runner.scenario.expressions.template_text import UnclosedError, split_template
from runner.scenario.yaml import nodes

_WHOLE_DOTTED = re.compile(r"\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\}\}\Z")
MAX_TEXT = 16 * 1024 * 1024
"""The longest text that a template may make, in characters."""


class Constant(NamedTuple):
    """A value without any template in it."""

    value: Any

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return ()

    def render(self, _scope: Scope) -> Any:
        return self.value


class Whole(NamedTuple):
    """A string that is one ``{{ expression }}``: the value keeps its type."""

    expression: Expression

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.expression,)

    def render(self, scope: Scope) -> Any:
        return self.expression.evaluate(scope)


class Template(NamedTuple):
    """A string with expressions inside: the result is text. ``written`` is the string as the file has it."""

    parts: tuple[str | Expression, ...]
    written: str

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(part for part in self.parts if isinstance(part, Expression))

    def render(self, scope: Scope) -> str:
        pieces = [part if isinstance(part, str) else as_text(part.evaluate(scope)) for part in self.parts]
        if sum(map(len, pieces)) > MAX_TEXT:
            place = self.expressions[0].place()
            raise StepError("unsafe-expression", "the text would be too long", place=place)
        return "".join(pieces)


class Items(NamedTuple):
    """A list with a template somewhere inside."""

    values: tuple[Value, ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(expression for value in self.values for expression in value.expressions)

    def render(self, scope: Scope) -> list[Any]:
        return [value.render(scope) for value in self.values]


class Entries(NamedTuple):
    """A mapping with a template somewhere inside, keys included."""

    pairs: tuple[tuple[Value, Value], ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(expression for pair in self.pairs for value in pair for expression in value.expressions)

    def render(self, scope: Scope) -> dict[str, Any]:
        return {as_text(key.render(scope)): value.render(scope) for key, value in self.pairs}

    def get(self, name: str) -> Value | None:
        """Return the value of a key that is plain text."""
        return next((value for key, value in self.pairs if isinstance(key, Constant) and key.value == name), None)


Value: TypeAlias = Constant | Whole | Template | Items | Entries


def value_of(node: nodes.Node, *, trusted: bool = False) -> Value:
    """Return a node as a value to render; everything without a template is folded into one constant. In a ``trusted``
    file, which was found valid before, expressions are parsed when they are needed.

    Raises:
        InvalidScenario: a template in it is malformed.
    """
    if isinstance(node, nodes.Scalar):
        if isinstance(node.value, str) and not node.raw and "{{" in node.value:
            return _string(node, node.value, trusted)
        return Constant(node.value)
    if isinstance(node, nodes.Sequence):
        values = tuple(value_of(item, trusted=trusted) for item in node.items)
        if all(isinstance(value, Constant) for value in values):
            return Constant([value.render({}) for value in values])
        return Items(values)
    pairs = tuple((value_of(key, trusted=trusted), value_of(value, trusted=trusted)) for key, value in node.entries)
    if all(isinstance(value, Constant) for pair in pairs for value in pair):
        return Constant({str(key.render({})): value.render({}) for key, value in pairs})
    return Entries(pairs)


def _string(node: nodes.Scalar, text: str, trusted: bool) -> Value:
    dotted = _WHOLE_DOTTED.match(text)
    if dotted:
        return Whole(expression_of(node, dotted[1], trusted=trusted))
    try:
        pieces = split_template(text)
    except UnclosedError as error:
        quoted = "}}" in error.rest
        message = "a quote inside '{{ … }}' is never closed" if quoted else str(error)
        hint = "write !raw before the value if '{{' belongs to it"
        diagnostic = Diagnostic("template-syntax", message, nodes.place_of(node, "{{"), hint)
        raise InvalidScenario((diagnostic,)) from None
    parts = [expression_of(node, part, trusted=trusted) if is_expression else part for is_expression, part in pieces]
    if len(parts) == 1:
        return Whole(parts[0]) if isinstance(parts[0], Expression) else Constant(parts[0])
    return Template(tuple(parts), text)
