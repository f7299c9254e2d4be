"""Explains the value of an expression: every part of it that is not a constant, with what it evaluated to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jinja2 import nodes as jinja

from runner.errors import StepError
from runner.scenario.compile import parse_expression
from runner.scenario.template import Expression, ExpressionSyntaxError, compiled
from runner.text import shown

MAX_PARTS = 12

_OPERATORS = {
    "eq": "==",
    "ne": "!=",
    "gt": ">",
    "gteq": ">=",
    "lt": "<",
    "lteq": "<=",
    "in": "in",
    "notin": "not in",
}


def trace(expression: Expression, scope: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The parts of an expression from the whole to its names, each with its value as text."""
    found: dict[str, str] = {}

    def visit(node: jinja.Node) -> None:
        if len(found) >= MAX_PARTS:
            return
        if isinstance(node, jinja.Expr) and not isinstance(node, (jinja.Const, jinja.List, jinja.Dict, jinja.Tuple)):
            text = unparse(node)
            if text not in found:
                found[text] = _value(text, scope)
        if isinstance(node, (jinja.Getattr, jinja.Getitem)):
            if found[unparse(node)].startswith("undefined"):
                visit(node.node)
            return
        for child in node.iter_child_nodes():
            visit(child)

    visit(parse_expression(expression.text))
    return tuple(found.items())


def _value(text: str, scope: Mapping[str, Any]) -> str:
    try:
        return shown(compiled(text).evaluate(scope))
    except StepError as error:
        what = "undefined" if error.code == "undefined-name" else "failed"
        return f"{what}: {error.message}" + (f" ({error.hint})" if error.hint else "")
    except ExpressionSyntaxError:
        return "…"


def unparse(node: jinja.Node) -> str:
    """An expression's syntax tree as text again."""
    text: str = _TEXTS.get(type(node), _unknown)(node)
    return text


def _unknown(_node: Any) -> str:
    return "…"


def _inner(node: Any) -> str:
    text = unparse(node)
    compound = isinstance(node, (jinja.BinExpr, jinja.UnaryExpr, jinja.Compare, jinja.CondExpr, jinja.Concat))
    return f"({text})" if compound else text


def _call(node: Any, callee: str) -> str:
    parts = [unparse(one) for one in node.args]
    parts += [f"{pair.key}={unparse(pair.value)}" for pair in node.kwargs]
    return f"{callee}({', '.join(parts)})" if parts else callee


def _getitem(node: Any) -> str:
    return f"{_inner(node.node)}[{unparse(node.arg)}]"


def _slice(node: Any) -> str:
    parts = ["" if one is None else unparse(one) for one in (node.start, node.stop)]
    return ":".join(parts) + (f":{unparse(node.step)}" if node.step is not None else "")


def _condition(node: Any) -> str:
    text = f"{unparse(node.expr1)} if {unparse(node.test)}"
    return f"{text} else {unparse(node.expr2)}" if node.expr2 is not None else text


def _constant(node: Any) -> str:
    return repr(node.value) if isinstance(node.value, str) else json.dumps(node.value, default=str)


def _binary(node: Any) -> str:
    return f"{_inner(node.left)} {node.operator} {_inner(node.right)}"


def _compare(node: Any) -> str:
    return _inner(node.expr) + "".join(f" {_OPERATORS[one.op]} {_inner(one.expr)}" for one in node.ops)


_TEXTS: dict[type, Any] = {
    jinja.Name: lambda node: node.name,
    jinja.Const: _constant,
    jinja.Getattr: lambda node: f"{_inner(node.node)}.{node.attr}",
    jinja.Getitem: _getitem,
    jinja.Slice: _slice,
    jinja.Filter: lambda node: f"{_inner(node.node)} | {_call(node, node.name)}",
    jinja.Test: lambda node: f"{_inner(node.node)} is {_call(node, node.name)}",
    jinja.Call: lambda node: _call(node, _inner(node.node)) if node.args or node.kwargs else f"{_inner(node.node)}()",
    jinja.Compare: _compare,
    jinja.Not: lambda node: f"not {_inner(node.node)}",
    jinja.And: lambda node: f"{_inner(node.left)} and {_inner(node.right)}",
    jinja.Or: lambda node: f"{_inner(node.left)} or {_inner(node.right)}",
    jinja.Neg: lambda node: f"-{_inner(node.node)}",
    jinja.Pos: lambda node: f"+{_inner(node.node)}",
    jinja.Concat: lambda node: " ~ ".join(_inner(one) for one in node.nodes),
    jinja.CondExpr: _condition,
    jinja.List: lambda node: f"[{', '.join(unparse(one) for one in node.items)}]",
    jinja.Tuple: lambda node: f"({', '.join(unparse(one) for one in node.items)})",
    jinja.Dict: lambda node: "{" + ", ".join(f"{unparse(one.key)}: {unparse(one.value)}" for one in node.items) + "}",
    **dict.fromkeys((jinja.Add, jinja.Sub, jinja.Mul, jinja.Div, jinja.FloorDiv, jinja.Mod, jinja.Pow), _binary),
}
