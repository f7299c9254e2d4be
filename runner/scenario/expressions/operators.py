"""Bounds the operators that Jinja2 compiles straight into Python: comparisons, slices and ``~``.

Jinja2 lets an environment intercept arithmetic, filters and tests. These three it does not, so they become calls of
internal filters, whose names no expression can spell.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import nodes as jinja
from jinja2.visitor import NodeTransformer

from runner.scenario.expressions import limits
from runner.scenario.expressions.work import charge

_COMPARE: Final = " compare"
_CHARGED: Final = " charged"
_SLICE: Final = " slice"

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda item, container: item in container,
    "notin": lambda item, container: item not in container,
}


def compare(left: Any, name: str, right: Any) -> Any:
    """Compare two values; ``name`` is Jinja2's name of the operator."""
    if name in ("in", "notin"):
        limits.charge_search(left, right)
    else:
        limits.charge_comparison(left, right)
    return _OPERATORS[name](left, right)


def charged(value: Any) -> Any:
    """Charge for looking at a whole value, which is an operand of several comparisons (``a < b < c``)."""
    charge(limits.weight(value))
    return value


def slice_of(value: Any, start: Any, stop: Any, step: Any) -> Any:
    """Return ``value[start:stop:step]``."""
    charge(limits.shallow(value))
    return value[start:stop:step]


INTERNAL_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {_COMPARE: compare, _CHARGED: charged, _SLICE: slice_of}
"""The filters that :class:`BoundedOperators` puts in."""


class BoundedOperators(NodeTransformer):
    """Replaces the operators in an expression's tree."""

    def visit_Concat(self, node: jinja.Concat) -> jinja.Node:  # noqa: N802 - Jinja2 calls it by this name
        """Turn ``a ~ b`` into ``[a, b] | join``."""
        self.generic_visit(node)
        return _filter(jinja.List(node.nodes, lineno=node.lineno), "join")

    def visit_Compare(self, node: jinja.Compare) -> jinja.Node:  # noqa: N802
        """Turn ``a == b`` into a call of :func:`compare`; each operand of a chain a call of :func:`charged`."""
        self.generic_visit(node)
        if len(node.ops) == 1:
            (only,) = node.ops
            return _filter(node.expr, _COMPARE, jinja.Const(only.op), only.expr)
        node.expr = _filter(node.expr, _CHARGED)
        for operand in node.ops:
            operand.expr = _filter(operand.expr, _CHARGED)
        return node

    def visit_Getitem(self, node: jinja.Getitem) -> jinja.Node:  # noqa: N802
        """``a[1:2]`` becomes a call of :func:`slice_of`."""
        self.generic_visit(node)
        if not isinstance(node.arg, jinja.Slice):
            return node
        bounds = (node.arg.start, node.arg.stop, node.arg.step)
        return _filter(node.node, _SLICE, *(jinja.Const(None) if bound is None else bound for bound in bounds))


def _filter(value: jinja.Expr, name: str, *arguments: jinja.Expr) -> jinja.Filter:
    return jinja.Filter(value, name, list(arguments), [], None, None, lineno=value.lineno)
