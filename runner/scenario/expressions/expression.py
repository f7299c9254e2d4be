"""Evaluates expressions.

A name with dots (``container``, ``body.State.Status``) is most of what scenarios contain. It is looked up here, without
importing Jinja2 and compiling code for it; Jinja2 evaluates everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from runner.errors import Diagnostic, InvalidScenario, Place, RunnerError, StepError
from runner.nearest import did_you_mean
from runner.results.cut import CutValue
from runner.results.result_path import EVERY, Source
from runner.scenario.expressions.conditions import not_a_condition
from runner.scenario.expressions.paths import parse_path, parse_source
from runner.scenario.expressions.references import (
    GLOBALS,
    EvaluationError,
    ExpressionSyntaxError,
    Reference,
    Scope,
)
from runner.scenario.yaml import nodes

_MISSING = object()


class Expression:
    """One expression and its place. Equal texts share their compiled code, which is made at the first evaluation."""

    __slots__ = ("_compiled_text", "_origin", "node", "text")

    def __init__(self, text: str, node: nodes.Node) -> None:
        self.text = text
        self.node = node
        self._compiled_text: _Compiled | None = None
        self._origin: Source | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    @property
    def _compiled(self) -> _Compiled:
        if self._compiled_text is None:
            self._compiled_text = compiled(self.text)
        return self._compiled_text

    @property
    def references(self) -> tuple[Reference, ...]:
        """The names that the expression uses.

        Raises:
            ExpressionSyntaxError: the text is not an expression; never for what :func:`expression_of` returned.
        """
        return self._compiled.references

    @property
    def origin(self) -> Source:
        """The text with the path, or the mapping of paths, that it is: what records keep of it."""
        if self._origin is None:
            self._origin = parse_source(self.text)
        return self._origin

    def place(self, word: str | None = None) -> Place:
        """Return the expression's place in its file, or that of a word inside it."""
        return nodes.place_of(self.node, word)

    def evaluate(self, scope: Scope) -> Any:
        """Return the value in a scope.

        Raises:
            StepError: a name or key is undefined, or an operation fails; the error has its place.
        """
        try:
            value = self._compiled.evaluate(scope)
            if type(value) is CutValue:
                value.refuse()
            return value
        except StepError as error:
            if error.place is None:
                error.place = self.place(getattr(error, "word", None))
            raise

    def holds(self, scope: Scope) -> bool:
        """Return the value of a condition.

        Raises:
            StepError: ``not-a-condition``: it is neither true nor false; and what :meth:`evaluate` raises.
        """
        value = self.evaluate(scope)
        if isinstance(value, bool):
            return value
        error = not_a_condition(self.text, value)
        error.place = self.place()
        raise error


class SecretExpression(Expression):
    """An expression whose value is a secret: it is masked in every output from then on."""

    __slots__ = ()


def expression_of(node: nodes.Node, text: str, *, trusted: bool = False) -> Expression:
    """Return an expression of a scenario. A ``trusted`` text was found valid before: it is parsed when it is needed.

    Raises:
        InvalidScenario: it is malformed.
    """
    expression = Expression(text, node)
    if trusted:
        return expression
    try:
        _ = expression.references
    except ExpressionSyntaxError as error:
        place = nodes.place_of(node, error.word)
        raise InvalidScenario((Diagnostic(error.code, error.message, place, error.hint),)) from None
    return expression


class _Compiled(NamedTuple):
    references: tuple[Reference, ...]
    evaluate: Callable[[Scope], Any]


@lru_cache(maxsize=4096)
def compiled(text: str) -> _Compiled:
    """Compile an expression.

    Raises:
        ExpressionSyntaxError: it is not one, uses an unknown filter or test, or accesses Python's internals.
    """
    parts = _dotted_parts(text)
    if parts is not None:
        return _dotted(parts)
    from runner.scenario.expressions.parser import compile_expression

    references, evaluate = compile_expression(text)
    return _Compiled(references, _guarded(evaluate))


def _dotted_parts(text: str) -> tuple[str, ...] | None:
    """Return the names of an expression that is nothing but names with dots."""
    path = parse_path(text)
    if path is None or path.filter is not None or "[" in text:
        return None
    parts = (path.root, *map(str, path.keys))
    if EVERY in parts or path.root in GLOBALS or any(part.startswith("__") for part in parts):
        return None
    return parts


def _dotted(parts: tuple[str, ...]) -> _Compiled:
    def evaluate(scope: Scope) -> Any:
        value: Any = scope
        for depth, part in enumerate(parts):
            inner = value.get(part, _MISSING) if isinstance(value, Mapping) else _MISSING
            if inner is _MISSING:
                return _dotted_slowly(parts, depth, value, scope)
            value = inner
        return value

    return _Compiled((Reference(parts[0], parts[1:]),), evaluate)


def _dotted_slowly(parts: tuple[str, ...], depth: int, value: Any, scope: Scope) -> Any:
    """Look up a name that is not simply a key: a method, an attribute of a text, or undefined."""
    if depth == 0:
        hint = did_you_mean(parts[0], scope)
        raise EvaluationError("undefined-name", f"'{parts[0]}' is not defined", hint=hint, word=parts[0])
    from jinja2 import Undefined

    from runner.scenario.expressions import limits
    from runner.scenario.expressions.environment import environment

    def rest(_scope: Scope) -> Any:
        inner = value
        for part in parts[depth:]:
            inner = environment().getattr(inner, part)
        return inner if isinstance(inner, Undefined) else limits.settled(inner)

    return _guarded(rest)(scope)


def _guarded(evaluate: Callable[[Scope], Any]) -> Callable[[Scope], Any]:
    """Wrap an evaluation: every exception inside becomes a step's error."""

    def run(scope: Scope) -> Any:
        from jinja2.exceptions import SecurityError

        from runner.scenario.expressions.environment import Missing, UndefinedValueError
        from runner.scenario.expressions.work import LimitError

        try:
            value = evaluate(scope)
            if isinstance(value, Missing):
                value.refuse()
        except UndefinedValueError as error:
            hint = error.hint or did_you_mean(error.name, scope)
            raise EvaluationError("undefined-name", str(error), hint=hint, word=error.name) from None
        except (SecurityError, LimitError) as error:
            hint = getattr(error, "hint", None)
            raise EvaluationError("unsafe-expression", str(error), hint=hint) from None
        except RecursionError:
            raise EvaluationError("expression-failed", "the expression is nested too deeply") from None
        except RunnerError:
            raise
        except Exception as error:  # noqa: BLE001 - filters and operators raise anything
            raise EvaluationError("expression-failed", f"{error or type(error).__name__}") from None
        return value

    return run
