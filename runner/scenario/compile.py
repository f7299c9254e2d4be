"""What needs Jinja2's parser: splitting strings at their expressions, and compiling an expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import TemplateAssertionError, TemplateSyntaxError
from jinja2 import nodes as jinja
from jinja2.environment import TemplateExpression

from runner.nearest import did_you_mean
from runner.scenario.sandbox import environment
from runner.scenario.template import GLOBALS, ExpressionSyntaxError, Reference

_RAW_HINT = "write !raw before the value if '{{' belongs to it"
_ASKS = ("defined", "undefined", "default", "d")
MAX_EXPRESSION = 20_000
"""The longest expression, in characters."""


def split_template(text: str) -> list[tuple[bool, str]]:
    """A string's parts in order: ``(True, expression)`` and ``(False, text)``.

    Raises:
        ExpressionSyntaxError: a ``{{`` without its end.
    """
    parts: list[tuple[bool, str]] = []
    pieces: list[str] = []
    inside = False
    try:
        for _line, kind, value in environment().lexer.tokeniter(text, None):
            if kind == "variable_begin":
                inside, pieces = True, []
            elif kind == "variable_end":
                inside = False
                parts.append((True, "".join(pieces).strip()))
            elif inside:
                pieces.append(value)
            elif kind == "data":
                parts.append((False, value))
    except TemplateSyntaxError as error:
        raise ExpressionSyntaxError("template-syntax", _message(error), _RAW_HINT) from None
    if inside:
        raise ExpressionSyntaxError("template-syntax", "'{{' has no '}}' after it", _RAW_HINT)
    return parts


def parse_expression(text: str) -> jinja.Expr:
    """An expression's syntax tree, checked for what is never allowed.

    Raises:
        ExpressionSyntaxError: it isn't an expression, or reaches for Python's internals.
    """
    if not text.strip():
        raise ExpressionSyntaxError("expression-syntax", "an expression is missing here")
    if len(text) > MAX_EXPRESSION:
        raise ExpressionSyntaxError("expression-syntax", f"an expression has at most {MAX_EXPRESSION:,} characters")
    from jinja2.parser import Parser

    env = environment()
    try:
        parser = Parser(env, text, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            raise ExpressionSyntaxError(
                "expression-syntax", f"'{parser.stream.current.value}' is unexpected here", _braces_hint(text)
            )
    except TemplateSyntaxError as error:
        raise ExpressionSyntaxError("expression-syntax", _message(error), _braces_hint(text)) from None
    except RecursionError:
        raise ExpressionSyntaxError("expression-syntax", "the expression is nested too deeply") from None
    expression.set_environment(env)
    _refuse_internals(expression)
    return expression


def compile_expression(text: str) -> tuple[tuple[Reference, ...], Callable[[Mapping[str, Any]], Any]]:
    """What an expression refers to, and a function that evaluates it in a scope."""
    tree = parse_expression(text)
    body: list[jinja.Node] = [jinja.Assign(jinja.Name("result", "store"), tree, lineno=1)]
    references = references_of(tree)
    try:
        template = environment().from_string(jinja.Template(body, lineno=1))
    except TemplateAssertionError as error:
        raise _unknown_name(error) from None
    except (RecursionError, MemoryError):
        raise ExpressionSyntaxError("expression-syntax", "the expression is nested too deeply") from None
    except SyntaxError as error:  # Python's own limits, met by what Jinja2 made of the expression
        raise ExpressionSyntaxError("expression-syntax", f"not an expression: {error.msg}") from None
    return references, TemplateExpression(template, undefined_to_none=False)


def references_of(tree: jinja.Expr) -> tuple[Reference, ...]:
    """The names an expression uses, each with the plain path behind it, in reading order, once each."""
    found: dict[Reference, None] = {}

    def visit(node: jinja.Node, trail: tuple[str, ...], optional: bool) -> None:
        if isinstance(node, jinja.Name):
            if node.name not in GLOBALS:
                found[Reference(node.name, trail, optional)] = None
        elif isinstance(node, jinja.Getattr):
            visit(node.node, (node.attr, *trail), optional)
        elif isinstance(node, jinja.Getitem):
            key = node.arg.value if isinstance(node.arg, jinja.Const) else None
            visit(node.node, (key, *trail) if isinstance(key, str) else (), optional)
            visit(node.arg, (), False)
        else:
            asks = isinstance(node, (jinja.Test, jinja.Filter)) and node.name in _ASKS
            for child in node.iter_child_nodes():
                visit(child, (), asks)

    visit(tree, (), False)
    asked = {reference.name for reference in found if reference.optional}
    return tuple(dict.fromkeys(Reference(one.name, one.path, one.name in asked) for one in found))


def _refuse_internals(tree: jinja.Expr) -> None:
    for node in (tree, *tree.find_all((jinja.Getattr, jinja.Getitem, jinja.Name))):
        name: object = None
        if isinstance(node, jinja.Getattr):
            name = node.attr
        elif isinstance(node, jinja.Getitem) and isinstance(node.arg, jinja.Const):
            name = node.arg.value
        elif isinstance(node, jinja.Name):
            name = node.name
        if isinstance(name, str) and name.startswith("__"):
            raise ExpressionSyntaxError(
                "unsafe-expression",
                f"'{name}' is out of reach for an expression",
                "expressions see variables and results, nothing of Python's own",
                name,
            )


def _unknown_name(error: TemplateAssertionError) -> ExpressionSyntaxError:
    message = error.message or "unknown name"
    word = message.split("'")[1] if message.count("'") >= 2 else None
    env = environment()
    if message.startswith("No filter"):
        return ExpressionSyntaxError(
            "unknown-filter", f"there is no filter '{word}'", did_you_mean(word or "", env.filters), word
        )
    if message.startswith("No test"):
        return ExpressionSyntaxError(
            "unknown-test", f"there is no test '{word}'", did_you_mean(word or "", env.tests), word
        )
    return ExpressionSyntaxError("expression-syntax", message, None, word)


def _message(error: TemplateSyntaxError) -> str:
    message = (error.message or "not an expression").rstrip(".")
    return message[:1].lower() + message[1:]


def _braces_hint(text: str) -> str | None:
    return "write the expression alone, without '{{' and '}}'" if "{{" in text else None
