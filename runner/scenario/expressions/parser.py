"""Parses and compiles expressions with Jinja2, and finds the names that they use."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError
from jinja2 import nodes as jinja
from jinja2.parser import Parser
from jinja2.runtime import Context

from runner.nearest import did_you_mean
from runner.scenario.expressions import limits, work
from runner.scenario.expressions.environment import environment
from runner.scenario.expressions.operators import BoundedOperators
from runner.scenario.expressions.references import GLOBALS, ExpressionSyntaxError, Reference

_ASKS = ("defined", "undefined", "default", "d")
_OTHER_OPERATORS = {
    "&&": "write 'and'",
    "||": "write 'or'",
    "===": "write '=='",
    "!": "write 'not'",
    "?": "write 'a if condition else b'",
    "=": "write '==' to compare",
    "$": "write a variable by its name alone",
    "`": "put text in quotes",
    "{{": "write the expression alone, without '{{' and '}}'",
    "}}": "write the expression alone, without '{{' and '}}'",
    "{%": "only expressions work here, no statements",
}
_OTHER_SYNTAX = (
    (re.compile(r"\$\{\{"), "write the expression alone: image"),
    (re.compile(r"\$\{\s*\w"), "write the variable's name alone: image"),
    (re.compile(r"^\s*\$\.|\$\["), "write the part of the result: body.Id, body[0].Names"),
    (re.compile(r"(?<!\{)\{\s*[A-Za-z_]\w*\s*\}"), "write the variable's name alone: image"),
    (re.compile(r"\?\?"), "write a default with: body.Name | default('none')"),
    (re.compile(r"\?\.[A-Za-z_]"), "write a default for what may be missing: body.State.Health | default(none)"),
    (re.compile(r"=~"), "an expectation does that: expect: {stdout: {matches: '^v[0-9]+'}}"),
    (re.compile(r"\S\s+contains\s+\S"), "write: 'bin' in stdout"),
    (re.compile(r"\S\s+matches\s+\S"), "an expectation does that: expect: {stdout: {matches: '^v[0-9]+'}}"),
)
"""What other languages write, with what is meant."""
_TEMPLATE = re.compile(r"\{\{\s*[A-Za-z_][\w.]*\s*(?:\}\}|\|)")
"""A template of this language inside a text; Docker's own begin with a dot or have more than one word."""
MAX_EXPRESSION = 10_000
"""The longest expression, in characters."""
MAX_NESTING = 100
"""The maximum depth of an expression's syntax tree; a sum of as many parts is as deep."""


def parse_expression(text: str) -> jinja.Expr:
    """Return an expression's syntax tree.

    Raises:
        ExpressionSyntaxError: it is not an expression, uses an unknown filter or test, or accesses Python's internals.
    """
    if not text.strip():
        raise ExpressionSyntaxError("expression-syntax", "an expression is missing here")
    if len(text) > MAX_EXPRESSION:
        raise ExpressionSyntaxError("expression-syntax", f"an expression has at most {MAX_EXPRESSION:,} characters")
    env = environment()
    try:
        parser = Parser(env, text, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            rest = str(parser.stream.current.value)
            raise _not_an_expression(text, f"'{rest}' is unexpected here", rest)
    except TemplateSyntaxError as error:
        raise _not_an_expression(text, *_plain_words(error)) from None
    except (RecursionError, MemoryError):
        raise ExpressionSyntaxError("expression-syntax", "the expression is nested too deeply") from None
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise ExpressionSyntaxError("expression-syntax", "a number in the expression is too long") from None
    for node in _nodes(expression):
        _check_name(node)
    return expression


def compile_expression(text: str) -> tuple[tuple[Reference, ...], Callable[[Mapping[str, Any]], Any]]:
    """Return the names an expression uses, and a function that evaluates it in a scope, compiled at its first call."""
    references = references_of(parse_expression(text))
    return references, lambda scope: _evaluate(text, scope)


def _evaluate(text: str, scope: Mapping[str, Any]) -> Any:
    env = environment()
    seen: Any = scope  # ChainMap and Jinja2 ask for what can be written to, and only read it here
    parent: Any = ChainMap(seen, env.globals)
    context = Context(env, parent, None, {})
    work.begin()
    for _ in _code_of(text)(context):
        pass
    return limits.settled(context.vars["result"])


@lru_cache(maxsize=4096)
def _code_of(text: str) -> Callable[[Context], Any]:
    tree = BoundedOperators().visit(parse_expression(text))
    body: list[jinja.Node] = [jinja.Assign(jinja.Name("result", "store"), tree, lineno=1)]
    try:
        return environment().from_string(jinja.Template(body, lineno=1)).root_render_func
    except SyntaxError as error:  # Python's own limits, met by what Jinja2 made of the expression
        raise ValueError(f"not an expression: {error.msg}") from None


def references_of(tree: jinja.Expr) -> tuple[Reference, ...]:
    """Return the names an expression uses, each with the plain path after it, in reading order, once each."""
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
            asked = node.node if isinstance(node, (jinja.Test, jinja.Filter)) and node.name in _ASKS else None
            for child in node.iter_child_nodes():
                visit(child, (), child is asked)

    visit(tree, (), False)
    asked = {(reference.name, reference.path) for reference in found if reference.optional}

    def optional(one: Reference) -> bool:
        return any(name == one.name and path == one.path[: len(path)] for name, path in asked)

    return tuple(dict.fromkeys(Reference(one.name, one.path, optional(one)) for one in found))


def _nodes(tree: jinja.Node) -> Iterator[jinja.Node]:
    """Yield every node of a tree.

    Raises:
        ExpressionSyntaxError: it is nested too deeply.
    """
    level: list[jinja.Node] = [tree]
    for _ in range(MAX_NESTING):
        yield from level
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return
    raise ExpressionSyntaxError("expression-syntax", "the expression is nested too deeply")


def _check_name(node: jinja.Node) -> None:
    env = environment()
    node.environment = env
    name: object = None
    if isinstance(node, jinja.Filter) and node.name not in env.filters:
        raise _unknown("unknown-filter", f"there is no filter '{node.name}'", node.name, env.filters)
    if isinstance(node, jinja.Test) and node.name not in env.tests:
        raise _unknown("unknown-test", f"there is no test '{node.name}'", node.name, env.tests)
    if isinstance(node, jinja.Getattr):
        name = node.attr
    elif isinstance(node, jinja.Getitem) and isinstance(node.arg, jinja.Const):
        name = node.arg.value
    elif isinstance(node, jinja.Name):
        name = node.name
    if isinstance(node, jinja.Const) and isinstance(node.value, str) and (inner := _TEMPLATE.search(node.value)):
        hint = "an expression sees variables by their names alone; texts are joined with ~, as in 'a-' ~ name"
        raise ExpressionSyntaxError("expression-syntax", "'{{' is not evaluated inside an expression", hint, inner[0])
    if isinstance(name, str) and name.startswith("__"):
        message = f"'{name}' is not available in expressions"
        hint = "expressions see variables and results, nothing of Python's own"
        raise ExpressionSyntaxError("unsafe-expression", message, hint, name)


def _unknown(code: str, message: str, name: str, known: Mapping[str, Any]) -> ExpressionSyntaxError:
    if name == "random":
        hint = "a replay must give the same: unique('web') is a name that no other run has"
        return ExpressionSyntaxError(code, message, hint, name)
    names = [one for one in known if one.isidentifier()]
    hint = did_you_mean(name, names) or f"there are: {', '.join(sorted(names))}"
    return ExpressionSyntaxError(code, message, hint, name)


def _not_an_expression(text: str, message: str, word: str | None) -> ExpressionSyntaxError:
    """Return the error, with a hint where the syntax of another language explains the mistake."""
    for pattern, hint in _OTHER_SYNTAX:
        found = pattern.search(text)
        if found:
            return ExpressionSyntaxError("expression-syntax", message, hint, word or found[0].strip())
    for sign, hint in _OTHER_OPERATORS.items():
        if sign in text and (word is None or word in sign or sign in ("{{", "}}")):
            return ExpressionSyntaxError("expression-syntax", message, hint, sign)
    if re.search(r"(^|\s)\.(\w|$|\s)", text):
        hint = "if this is Docker's own template, write !raw before the value"
        return ExpressionSyntaxError("expression-syntax", message, hint, word)
    return ExpressionSyntaxError("expression-syntax", message, None, word)


def _plain_words(error: TemplateSyntaxError) -> tuple[str, str | None]:
    """Reword Jinja2's message; return it and the word to point at."""
    message = (error.message or "not an expression").rstrip(".")
    unexpected = re.match(r"unexpected char ('.'|\".\") at \d+", message)
    if unexpected:
        sign = unexpected[1][1:-1]
        what = "a quote is never closed" if sign in "'\"" else f"'{sign}' is unexpected here"
        return what, sign
    got = re.match(r"expected token '(.+)', got '(.+)'", message)
    if got:
        if got[2] == "end of print statement" or got[2] == "end of template":
            return f"the expression ends too early: '{got[1]}' is missing", None
        return f"'{got[2]}' is unexpected here", got[2]
    if re.match(r"(?i)(expected name or number|unexpected '?end of (template|print statement))", message):
        return "the expression ends too early", None
    shown = re.match(r"unexpected '(.+)'", message)
    if shown:
        return f"'{shown[1]}' is unexpected here", shown[1]
    return message[:1].lower() + message[1:], None
