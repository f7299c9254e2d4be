"""Expressions and templates: Jinja2, in strings that keep the type of a lone ``{{ expression }}``.

A name with dots (``container``, ``body.State.Status``) is most of what scenarios say. It is looked up here without
Jinja2, which then need not be imported and compiled for it; anything else is Jinja2's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from runner.errors import Diagnostic, InvalidScenario, Place, StepError
from runner.nearest import did_you_mean
from runner.results.result_path import EVERY, Source
from runner.scenario.expressions.paths import parse_path, parse_source
from runner.scenario.expressions.template_text import UnclosedError, split_template
from runner.scenario.yaml import nodes

Scope: TypeAlias = Mapping[str, Any]

_WHOLE_DOTTED = re.compile(r"\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\}\}\Z")
_MISSING = object()
GLOBALS = frozenset({"range"})
MAX_TEXT = 16 * 1024 * 1024
"""The longest text that a template may make, in characters."""


class Reference(NamedTuple):
    """A name that an expression uses: ``path`` is what follows it as far as it is plain (``steps.made.body``).
    ``optional`` says that it may be undefined, because ``is defined`` or ``default`` asks."""

    name: str
    path: tuple[str, ...] = ()
    optional: bool = False


class Expression:
    """One expression, with its place. Equal texts share what was compiled, when one is first evaluated."""

    __slots__ = ("_known", "_origin", "node", "source", "text")

    def __init__(self, text: str, source: nodes.Source, node: nodes.Node) -> None:
        self.text = text
        self.source = source
        self.node = node
        self._known: _Compiled | None = None
        self._origin: Source | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    @property
    def _compiled(self) -> _Compiled:
        if self._known is None:
            self._known = compiled(self.text)
        return self._known

    @property
    def references(self) -> tuple[Reference, ...]:
        return self._compiled.references

    @property
    def origin(self) -> Source:
        """The text with the path, or the mapping of paths, that it is: what records keep of it."""
        if self._origin is None:
            self._origin = parse_source(self.text)
        return self._origin

    def place(self, word: str | None = None) -> Place:
        return nodes.place_of(self.source, self.node, word)

    def evaluate(self, scope: Scope) -> Any:
        """The value in a scope.

        Raises:
            StepError: an undefined name or key, or an operation that makes no sense; it names the place.
        """
        try:
            return self._compiled.evaluate(scope)
        except StepError as error:
            if error.place is None:
                error.place = self.place(getattr(error, "word", None))
            raise


class _EvaluationError(StepError):
    """An expression that can't be evaluated; ``word`` is the part of its text to point at."""

    def __init__(self, code: str, message: str, *, hint: str | None = None, word: str | None = None) -> None:
        super().__init__(code, message, hint=hint)
        self.word = word


class _Compiled(NamedTuple):
    references: tuple[Reference, ...]
    evaluate: Callable[[Scope], Any]


class ExpressionSyntaxError(Exception):
    """Text that is no expression: the message, and the word to point at if there is one."""

    def __init__(self, code: str, message: str, hint: str | None = None, word: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.word = word


@lru_cache(maxsize=4096)
def compiled(text: str) -> _Compiled:
    """An expression, ready to be evaluated.

    Raises:
        ExpressionSyntaxError: it isn't one, uses an unknown filter or test, or reaches for Python's internals.
    """
    parts = _dotted_parts(text)
    if parts is not None:
        return _dotted(parts)
    from runner.scenario.expressions.parser import compile_expression

    references, evaluate = compile_expression(text)
    return _Compiled(references, guarded(evaluate))


def _dotted_parts(text: str) -> tuple[str, ...] | None:
    """The names of an expression that is nothing but names with dots."""
    path = parse_path(text)
    if path is None or path.filter is not None or "[" in text:
        return None
    parts = (path.root, *map(str, path.keys))
    return None if EVERY in parts or any(part.startswith("__") for part in parts) else parts


def _dotted(parts: tuple[str, ...]) -> _Compiled:
    def evaluate(scope: Scope) -> Any:
        value: Any = scope
        for depth, part in enumerate(parts):
            found = value.get(part, _MISSING) if isinstance(value, Mapping) else _MISSING
            if found is _MISSING:
                return _dotted_slowly(parts, depth, value, scope)
            value = found
        return value

    return _Compiled((Reference(parts[0], parts[1:]),), evaluate)


def _dotted_slowly(parts: tuple[str, ...], depth: int, value: Any, scope: Scope) -> Any:
    """A name that is not simply a key: a method, an attribute of a text, or not there at all."""
    if depth == 0:
        hint = did_you_mean(parts[0], scope)
        raise _EvaluationError("undefined-name", f"'{parts[0]}' is not defined", hint=hint, word=parts[0])
    from runner.scenario.expressions.environment import environment

    def rest(_scope: Scope) -> Any:
        found = value
        for part in parts[depth:]:
            found = environment().getattr(found, part)
        return found

    return guarded(rest)(scope)


def guarded(evaluate: Callable[[Scope], Any]) -> Callable[[Scope], Any]:
    """The same, with whatever goes wrong inside turned into a step's error."""

    def run(scope: Scope) -> Any:
        from jinja2.exceptions import SecurityError

        from runner.scenario.expressions.environment import Missing, UndefinedValueError

        try:
            value = evaluate(scope)
            if isinstance(value, Missing):
                value.refuse()
        except UndefinedValueError as error:
            hint = error.hint or did_you_mean(error.name, scope)
            raise _EvaluationError("undefined-name", str(error), hint=hint, word=error.name) from None
        except SecurityError as error:
            hint = getattr(error, "hint", None)
            raise _EvaluationError("unsafe-expression", str(error), hint=hint) from None
        except RecursionError:
            raise _EvaluationError("expression-failed", "the expression is nested too deeply") from None
        except Exception as error:  # noqa: BLE001 - filters and operators raise whatever they like
            raise _EvaluationError("expression-failed", f"{error or type(error).__name__}") from None
        return value

    return run


class Results(dict[str, Any]):
    """The results of the steps that have run, by id: what ``steps`` is in an expression."""


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


class Text(NamedTuple):
    """A string with expressions inside: the result is text."""

    parts: tuple[str | Expression, ...]
    written: str

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(part for part in self.parts if isinstance(part, Expression))

    def render(self, scope: Scope) -> str:
        pieces = [part if isinstance(part, str) else _as_text(part.evaluate(scope)) for part in self.parts]
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
        return {str(key.render(scope)): value.render(scope) for key, value in self.pairs}

    def get(self, name: str) -> Value | None:
        """The value of a key that is plain text."""
        return next((value for key, value in self.pairs if isinstance(key, Constant) and key.value == name), None)


Value: TypeAlias = Constant | Whole | Text | Items | Entries


def value_of(source: nodes.Source, node: nodes.Node, *, trusted: bool = False) -> Value:
    """A node as a value to render: what has no template in it is folded into one constant. In a ``trusted`` file, which
    was found valid before, expressions are not parsed until they are needed.

    Raises:
        InvalidScenario: a template in it is malformed.
    """
    if isinstance(node, nodes.Scalar):
        if isinstance(node.value, str) and not node.raw and "{{" in node.value:
            return _string(source, node, node.value, trusted)
        return Constant(node.value)
    if isinstance(node, nodes.Sequence):
        values = tuple(value_of(source, item, trusted=trusted) for item in node.items)
        if all(isinstance(value, Constant) for value in values):
            return Constant([value.render({}) for value in values])
        return Items(values)
    pairs = tuple(
        (value_of(source, key, trusted=trusted), value_of(source, value, trusted=trusted))
        for key, value in node.entries
    )
    if all(isinstance(value, Constant) for pair in pairs for value in pair):
        return Constant({str(key.render({})): value.render({}) for key, value in pairs})
    return Entries(pairs)


def _string(source: nodes.Source, node: nodes.Scalar, text: str, trusted: bool) -> Value:
    dotted = _WHOLE_DOTTED.match(text)
    if dotted:
        return Whole(expression_of(source, node, dotted[1], trusted=trusted))
    try:
        pieces = split_template(text)
    except UnclosedError as error:
        quoted = "}}" in error.rest
        message = "a quote inside '{{ … }}' has no partner" if quoted else str(error)
        hint = "write !raw before the value if '{{' belongs to it"
        diagnostic = Diagnostic("template-syntax", message, nodes.place_of(source, node, "{{"), hint)
        raise InvalidScenario((diagnostic,)) from None
    parts = [
        expression_of(source, node, part, trusted=trusted) if is_expression else part for is_expression, part in pieces
    ]
    if len(parts) == 1:
        return Whole(parts[0]) if isinstance(parts[0], Expression) else Constant(parts[0])
    return Text(tuple(parts), text)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def expression_of(source: nodes.Source, node: nodes.Node, text: str, *, trusted: bool = False) -> Expression:
    """An expression of a scenario.

    Raises:
        InvalidScenario: it is malformed.
    """
    expression = Expression(text, source, node)
    if trusted:
        return expression
    try:
        _ = expression.references
    except ExpressionSyntaxError as error:
        place = nodes.place_of(source, node, error.word)
        raise InvalidScenario((Diagnostic(error.code, error.message, place, error.hint),)) from None
    return expression
