"""Differences of two values, by path."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report.comparison.values import MAX_SHOWN, MISSING, differences, pruned, shown_pair

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)
EMPTY: tuple[Any, ...] = (None, [], {}, MISSING)


def found(one: Any, other: Any, *, strict: bool = False) -> list[tuple[str, str, tuple[str, str]]]:
    return [(one.path, one.kind, one.values) for one in differences("body", one, other, strict=strict)]


@given(JSON, st.booleans())
def test_a_value_does_not_differ_from_itself(value: Any, strict: bool) -> None:
    assert found(value, value, strict=strict) == []


@given(JSON, JSON)
def test_different_values_differ_and_are_shown_differently(one: Any, other: Any) -> None:
    rows = found({"a": one}, {"a": other}, strict=True)
    assert bool(rows) == (repr_of(one) != repr_of(other))
    assert all(values[0] != values[1] for _, _, values in rows)


def repr_of(value: Any) -> Any:
    """The value, in which equal numbers are one and a boolean is no number."""
    if isinstance(value, dict):
        return ("mapping", sorted((name, repr_of(part)) for name, part in value.items()))
    if isinstance(value, list):
        return ("list", [repr_of(part) for part in value])
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return ("number", value) if is_number else (type(value).__name__, value)


@pytest.mark.parametrize("one", EMPTY, ids=str)
@pytest.mark.parametrize("other", EMPTY, ids=str)
def test_nothing_is_nothing_unless_strict(one: Any, other: Any) -> None:
    sides = [{"kept": 1} if value is MISSING else {"kept": 1, "a": value} for value in (one, other)]
    assert found(*sides) == []
    assert bool(found(*sides, strict=True)) == (one is not other)


def test_an_empty_text_zero_and_false_are_values() -> None:
    assert [row[2] for row in found({"d": 1, "a": "", "b": 0, "c": False}, {"d": 1})] == [
        ('""', "absent"),
        ("0", "absent"),
        ("false", "absent"),
    ]


def test_what_holds_only_empty_things_is_empty() -> None:
    assert pruned({"a": {"b": [], "c": None}, "d": [{}]}) == {"d": [None]}


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [(1, "1", "type"), (True, 1, "type"), (1, 1.5, "value"), ({"x": 1}, [1], "type"), ("a", "b", "value")],
)
def test_the_kind_of_a_difference(one: Any, other: Any, kind: str) -> None:
    assert [row[1] for row in found({"a": one}, {"a": other})] == [kind]


def test_missing_and_additional_are_seen_from_the_reference() -> None:
    assert [(row[0], row[1]) for row in found({"a": 1, "b": 1}, {"b": 1, "c d": 1})] == [
        ("body.a", "missing"),
        ('body["c d"]', "additional"),
    ]


def test_an_element_in_front_does_not_move_the_others() -> None:
    assert found([1, 2, 3], [0, 1, 2, 3]) == [("body[]", "additional", ("absent", "0"))]
    assert found([{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 3}]) == [("body[].n", "value", ("2", "3"))]


def test_long_texts_are_shown_where_they_differ() -> None:
    one, other = shown_pair("x" * 5000 + "left" + "y" * 5000, "x" * 5000 + "right" + "y" * 5000)
    assert "left" in one
    assert "right" in other
    assert max(len(one), len(other)) < 2 * MAX_SHOWN
    assert one.startswith("… 4970 characters, then ")


def test_values_that_are_cut_alike_have_different_digests() -> None:
    one, other = shown_pair(["x"] * 1000 + ["a"], ["x"] * 1000 + ["b"])
    assert one != other


def test_large_values_take_little() -> None:
    text = "x" * 50_000_000
    numbers = list(range(100_000))
    before = time.process_time()
    assert len(found(text + "a", text + "b")) == 1
    assert len(found(numbers, [*numbers, 1])) == 1
    assert time.process_time() - before < 20, "not by comparing each character, or each element with each"
