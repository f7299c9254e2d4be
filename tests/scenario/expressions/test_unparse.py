"""An expression that was taken apart and put together again is the same one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.scenario.expressions.parser import parse_expression
from runner.scenario.expressions.references import ExpressionSyntaxError
from runner.scenario.expressions.unparse import unparse

atoms = st.sampled_from(["a", "b.c", "1", "2.5", "'x'", '"it\'s"', "true", "none", "[]", "{}", "()", "(a,)", "1e300"])


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    grouped = inner.map(lambda text: f"({text})")
    either = st.one_of(inner, grouped)
    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "~", "and", "or", "==", "<", "in", "not in"])
    return st.one_of(
        st.tuples(either, signs, either).map(" ".join),
        st.tuples(st.sampled_from(["not ", "-", "+"]), either).map("".join),
        st.tuples(
            either,
            st.sampled_from(
                [
                    " | length",
                    " | default(1)",
                    " | map(attribute='x')",
                    " is defined",
                    " is not none",
                    ".x",
                    "[0]",
                    "['k']",
                    "[1:2]",
                    "[::2]",
                    "()",
                    "(1, k=a)",
                ]
            ),
        ).map("".join),
        st.tuples(either, either, either).map(lambda one: f"{one[0]} if {one[1]} else {one[2]}"),
        st.tuples(either, either).map(lambda one: f"{one[0]} if {one[1]}"),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"({', '.join(items)})"),
        st.tuples(inner, inner).map(lambda one: f"{{{one[0]}: {one[1]}}}"),
    )


@settings(deadline=None)
@given(st.recursive(atoms, compound, max_leaves=8))
def test_unparse_gives_the_same_tree_back(text: str) -> None:
    try:
        tree: Any = parse_expression(text)
    except ExpressionSyntaxError:
        return
    assert parse_expression(unparse(tree)) == tree


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("steps.made.each|length==3", "steps.made.each | length == 3"),
        ("(a or b) and c", "(a or b) and c"),
        ("a or (b and c)", "a or b and c"),
        ("a and (b and c)", "a and (b and c)"),
        ("(x | first).name", "(x | first).name"),
        ("x is not defined", "not x is defined"),
        ("(x is defined) if y else z", "(x is defined) if y else z"),
        ("a == (x is defined) not in y", "a == (x is defined) not in y"),
        ("body['a-b'][0]", "body['a-b'][0]"),
        ("- x ** 2", "-x ** 2"),
        ("none if true else 'a'", "none if true else 'a'"),
        ("'a' ~ b ~ (c ~ d)", "'a' ~ b ~ (c ~ d)"),
        ("f(1, *a, k=2, **b)", "f(1, *a, k=2, **b)"),
    ],
)
def test_the_text_is_short(text: str, shown: str) -> None:
    assert unparse(parse_expression(text)) == shown
