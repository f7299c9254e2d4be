"""Finds conditions that don't depend on anything: constants, and constant operands such as ``x == 'a' or 'b'``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from runner.scenario import model
from runner.scenario.expressions.conditions import questions
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.paths import parse_path
from runner.scenario.findings import Findings

if TYPE_CHECKING:
    from jinja2 import nodes as jinja

_WORDS = {"true": True, "false": False}
"""The constants that most conditions without a name are, known without Jinja2."""


def check_conditions(scenario: model.Scenario, findings: Findings) -> None:
    """Report constant conditions and operands, until ``findings`` are full."""
    for step in scenario.walk():
        for expression in _conditions(step):
            if findings.full:
                return
            if parse_path(expression.text) is None:
                _check(expression, findings)


def _conditions(step: model.Step) -> Iterator[Expression]:
    single = (
        step.when,
        step.retry.until if step.retry else None,
        step.retry.fail_if if step.retry else None,
        step.take.until if step.take else None,
    )
    yield from (expression for expression in single if expression is not None)
    yield from step.kind.expressions if isinstance(step.kind, model.Check) else ()
    yield from step.expect.that if step.expect else ()


def _check(expression: Expression, findings: Findings) -> None:
    word = expression.text.strip().lower()
    if word in _WORDS:
        _warn(expression, findings, f"always {word}")
        return
    from jinja2 import nodes as jinja

    from runner.scenario.expressions.parser import parse_expression

    tree = parse_expression(expression.text)
    if isinstance(tree, jinja.Literal):
        _refuse(expression, tree, findings)
    elif next(tree.find_all((jinja.Name, jinja.Call)), None) is None:
        _warn(expression, findings, "always the same")
    else:
        for operand, whole in _operands(tree):
            _refuse_operand(expression, operand, whole, findings)


def _operands(tree: jinja.Expr) -> Iterator[tuple[jinja.Expr, jinja.And | jinja.Or]]:
    """Yield the constant operands of ``and`` and ``or``, each with the expression that it is part of: those on the left
    wherever they are, those on the right where the whole is a condition (``name or 'none'`` may be a value)."""
    from jinja2 import nodes as jinja

    conditions: list[jinja.Expr] = [tree]
    while conditions:
        node = conditions.pop()
        if isinstance(node, (jinja.And, jinja.Or)):
            if isinstance(node.right, jinja.Literal):
                yield node.right, node
            conditions += (node.left, node.right)
        elif isinstance(node, jinja.Not):
            conditions.append(node.node)
        elif isinstance(node, jinja.CondExpr):
            conditions.append(node.test)
    for inner in (tree, *tree.find_all((jinja.And, jinja.Or))):
        if isinstance(inner, (jinja.And, jinja.Or)) and isinstance(inner.left, jinja.Literal):
            yield inner.left, inner


def _refuse_operand(
    expression: Expression, operand: jinja.Expr, whole: jinja.And | jinja.Or, findings: Findings
) -> None:
    from jinja2 import nodes as jinja

    from runner.scenario.expressions.unparse import unparse

    word = "or" if isinstance(whole, jinja.Or) else "and"
    constant = unparse(operand)
    other = whole.right if operand is whole.left else whole.left
    other = other.right if isinstance(other, (jinja.And, jinja.Or)) else other
    hint = f"each side of '{word}' is a question of its own"
    if isinstance(other, jinja.Compare) and len(other.ops) == 1 and other.ops[0].op in ("eq", "ne"):
        sign = "==" if other.ops[0].op == "eq" else "!="
        subject = unparse(other.expr)
        hint = f"write {subject} {sign} {unparse(other.ops[0].expr)} {word} {subject} {sign} {constant}"
    message = f"{constant} beside '{word}' is a constant: it doesn't depend on anything"
    findings.error("constant-operand", message, expression.node, hint, constant)


def _refuse(expression: Expression, tree: jinja.Expr, findings: Findings) -> None:
    message = f"this condition is a constant, {expression.text.strip()}, which is neither true nor false"
    findings.error("not-a-condition", message, expression.node, questions("x", tree.as_const()))


def _warn(expression: Expression, findings: Findings, what: str) -> None:
    hint = "a condition asks something of a variable or a result"
    findings.warning("constant-condition", f"this condition is {what}", expression.node, hint)
