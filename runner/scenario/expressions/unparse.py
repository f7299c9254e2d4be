"""An expression's syntax tree as text again, with as few brackets as its meaning allows."""

from __future__ import annotations

import re
from typing import Any

from jinja2 import nodes as jinja

_COMPARISONS = {
    "eq": "==",
    "ne": "!=",
    "gt": ">",
    "gteq": ">=",
    "lt": "<",
    "lteq": "<=",
    "in": "in",
    "notin": "not in",
}
_ENDS_WITH_TEST = re.compile(r"\bis (?:not )?\w+$")
# How tightly Jinja2's grammar binds, from the loosest.
_CONDITION, _OR, _AND, _NOT, _COMPARE, _SUM, _CONCAT, _PRODUCT, _POWER, _UNARY, _FILTER, _POSTFIX = range(12)
_LEVELS: dict[type, int] = {
    jinja.CondExpr: _CONDITION,
    jinja.Or: _OR,
    jinja.And: _AND,
    jinja.Not: _NOT,
    jinja.Compare: _COMPARE,
    jinja.Add: _SUM,
    jinja.Sub: _SUM,
    jinja.Concat: _CONCAT,
    jinja.Mul: _PRODUCT,
    jinja.Div: _PRODUCT,
    jinja.FloorDiv: _PRODUCT,
    jinja.Mod: _PRODUCT,
    jinja.Pow: _POWER,
    jinja.Neg: _UNARY,
    jinja.Pos: _UNARY,
    jinja.Test: _UNARY,
    jinja.Filter: _FILTER,
}


def unparse(node: jinja.Node) -> str:
    """Return the text of a tree."""
    text: str = _TEXTS.get(type(node), _unknown)(node)
    return text


def _unknown(_node: Any) -> str:
    return "…"


def _at(level: int, node: Any) -> str:
    """Return the node's text where something binds at ``level``: in brackets if the node binds less tightly."""
    text = unparse(node)
    return f"({text})" if _LEVELS.get(type(node), _POSTFIX) < level else text


def _binary(sign: str, level: int) -> Any:
    return lambda node: f"{_at(level, node.left)} {sign} {_at(level + 1, node.right)}"


def _arguments(node: Any) -> str:
    parts = [unparse(one) for one in node.args]
    parts += [f"*{unparse(node.dyn_args)}"] if node.dyn_args is not None else []
    parts += [f"{pair.key}={unparse(pair.value)}" for pair in node.kwargs]
    parts += [f"**{unparse(node.dyn_kwargs)}"] if node.dyn_kwargs is not None else []
    return ", ".join(parts)


def _applied(sign: str, level: int) -> Any:
    def text(node: Any) -> str:
        arguments = _arguments(node)
        called = f"{node.name}({arguments})" if arguments else node.name
        return f"{_at(level, node.node)} {sign} {called}"

    return text


def _condition(node: Any) -> str:
    text = f"{_closed(_at(_OR, node.expr1))} if {_at(_OR, node.test)}"
    return f"{text} else {unparse(node.expr2)}" if node.expr2 is not None else text


def _constant(node: Any) -> str:
    if node.value is None or isinstance(node.value, bool):
        return str(node.value).lower()
    text = repr(node.value)
    return "1e999" if text == "inf" else text


def _slice(node: Any) -> str:
    parts = ["" if one is None else unparse(one) for one in (node.start, node.stop)]
    return ":".join(parts) + (f":{unparse(node.step)}" if node.step is not None else "")


def _subscript(node: Any) -> str:
    several = isinstance(node.arg, jinja.Tuple) and any(isinstance(one, jinja.Slice) for one in node.arg.items)
    inner = ", ".join(unparse(one) for one in node.arg.items) if several else unparse(node.arg)
    return f"{_at(_POSTFIX, node.node)}[{inner}]"


def _tuple(node: Any) -> str:
    items = [unparse(one) for one in node.items]
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _compare(node: Any) -> str:
    parts = [_at(_SUM, node.expr)]
    for one in node.ops:
        parts[-1] = _closed(parts[-1])
        parts += [_COMPARISONS[one.op], _at(_SUM, one.expr)]
    return " ".join(parts)


def _closed(text: str) -> str:
    """In brackets, if it ends with a test: Jinja2 would take a word behind that (``if``, ``in``) for its argument."""
    return f"({text})" if _ENDS_WITH_TEST.search(text) else text


_TEXTS: dict[type, Any] = {
    jinja.Name: lambda node: node.name,
    jinja.Const: _constant,
    jinja.Getattr: lambda node: f"{_at(_POSTFIX, node.node)}.{node.attr}",
    jinja.Getitem: _subscript,
    jinja.Slice: _slice,
    jinja.Filter: _applied("|", _FILTER),
    jinja.Test: _applied("is", _FILTER),
    jinja.Call: lambda node: f"{_at(_POSTFIX, node.node)}({_arguments(node)})",
    jinja.Compare: _compare,
    jinja.Not: lambda node: f"not {_at(_NOT, node.node)}",
    jinja.And: _binary("and", _AND),
    jinja.Or: _binary("or", _OR),
    jinja.Add: _binary("+", _SUM),
    jinja.Sub: _binary("-", _SUM),
    jinja.Mul: _binary("*", _PRODUCT),
    jinja.Div: _binary("/", _PRODUCT),
    jinja.FloorDiv: _binary("//", _PRODUCT),
    jinja.Mod: _binary("%", _PRODUCT),
    jinja.Pow: _binary("**", _POWER),
    jinja.Neg: lambda node: f"-{_at(_POSTFIX, node.node)}",
    jinja.Pos: lambda node: f"+{_at(_POSTFIX, node.node)}",
    jinja.Concat: lambda node: " ~ ".join(_at(_PRODUCT, one) for one in node.nodes),
    jinja.CondExpr: _condition,
    jinja.List: lambda node: f"[{', '.join(unparse(one) for one in node.items)}]",
    jinja.Tuple: _tuple,
    jinja.Dict: lambda node: "{" + ", ".join(f"{unparse(one.key)}: {unparse(one.value)}" for one in node.items) + "}",
}
