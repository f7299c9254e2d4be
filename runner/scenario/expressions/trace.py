"""Explains the value of an expression: every part of it that is not a constant, with what it evaluated to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import nodes as jinja

from runner.errors import StepError
from runner.scenario.expressions.expression import Expression, compiled
from runner.scenario.expressions.parser import parse_expression
from runner.scenario.expressions.references import ExpressionSyntaxError
from runner.scenario.expressions.unparse import unparse
from runner.text import shown

MAX_PARTS = 12


def trace(expression: Expression, scope: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the parts of an expression from the whole to its names, each with its value as text."""
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
