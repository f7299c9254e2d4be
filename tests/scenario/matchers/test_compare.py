"""Matchers: what each of them holds for, and what a difference says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import StepError
from runner.scenario.matchers.compare import compare
from runner.scenario.matchers.explain import explain
from runner.scenario.matchers.kinds import ABSENT, NO_BODY
from runner.scenario.matchers.operands import MATCHERS, Subject, mistakes

V, T, H, S = Subject.VALUE, Subject.TEXT, Subject.HEADERS, Subject.STATUS
HEADERS = {"Api-Version": "1.41", "Content-Length": "120"}
MOUNTS = [{"Destination": "/a", "RW": True}, {"Destination": "/b", "RW": False}]

HOLDS: list[tuple[Any, Any, Subject]] = [
    ({"equals": {"a": 1}}, {"a": 1}, V),
    ({"equals": {"type": "web", "b": [1, None]}}, {"type": "web", "b": [1, None]}, V),
    ({"equals": 1}, 1.0, V),
    ({"equals": ""}, NO_BODY, V),
    ({"equals": None}, NO_BODY, V),
    ("", NO_BODY, V),
    (None, NO_BODY, V),
    ({"length": 0}, NO_BODY, V),
    ({"not": 5}, 6, V),
    ({"not": {"contains": "x"}}, "abc", V),
    ({"not": {"contains": "x"}}, None, V),
    ({"not": {"absent": True}}, 1, V),
    ({"matches": "^[0-9a-f]{4}$"}, "00ff", V),
    ({"contains": "b"}, "abc", V),
    ({"contains": {"Destination": "/b"}}, MOUNTS, V),
    ({"contains": {"matches": "^/w"}}, ["/db", "/web"], V),
    ({"contains": "80/tcp"}, {"80/tcp": {}}, V),
    ({"contains": {"matches": "^80"}}, {"80/tcp": {}}, V),
    ({"type": "string"}, "", V),
    ({"type": "number"}, 1.5, V),
    ({"type": "number"}, 1, V),
    ({"type": "integer"}, 1, V),
    ({"type": "boolean"}, False, V),
    ({"type": "list"}, [], V),
    ({"type": "mapping"}, {}, V),
    ({"type": "null"}, None, V),
    ({"type": None}, None, V),
    ({"length": 2}, "ü!", V),
    ({"length": {"at_least": 1, "below": 3}}, [1, 2], V),
    ({"length": {"one_of": [1, 2]}}, {"a": 1}, V),
    ({"above": 1, "at_most": 2}, 2, V),
    ({"above": "2026-01-31T12:00:00Z"}, "2026-01-31T12:00:00.000000001Z", V),
    ({"at_least": "2026-01-31T13:00:00+01:00", "at_most": "2026-01-31T12:00:00Z"}, "2026-01-31T12:00:00.0Z", V),
    ({"below": "2026-01-31T12:00:00Z"}, "0001-01-01T00:00:00Z", V),
    ({"one_of": [1, {"matches": "^a"}, {"absent": True}]}, ABSENT, V),
    ({"one_of": [None, {"type": "mapping"}]}, {"a": 1}, V),
    ({"any_order": ["b", "a", "a"]}, ["a", "b", "a"], V),
    ({"any_order": [{"type": "number"}, {"above": 1}, 3]}, [3, 2, 1], V),
    ({"any_order": []}, [], V),
    ({"absent": True}, ABSENT, V),
    ({"absent": False}, None, V),
    ({"a": {"absent": True}, "b": {"c": {"contains": 1}}}, {"b": {"c": [1], "d": 2}}, V),
    ([{"above": 1}, "x"], [2, "x"], V),
    ("5", "5", T),
    (5, "5", T),
    ({"equals": True}, "true", T),
    ({"one_of": [5, 6]}, "6", T),
    ({"above": 4}, " 5\n", T),
    ({"api-version": {"matches": "^1[.]"}, "Content-Length": {"above": 100}}, None, H),
    ({"contains": "api-version"}, None, H),
    ({"not": {"contains": "Server"}}, None, H),
    ({"X-None": {"absent": True}}, None, H),
    ({"one_of": [200, 304]}, 304, S),
    ({"one_of": ["2xx", 304]}, 204, S),
    ({"not": {"one_of": ["4XX", "5xx"]}}, 204, S),
    ({"at_least": 200, "below": 300}, 204, S),
    ({"matches": "^2"}, 204, S),
    ({"equals": "404"}, 404, S),
    ({"absent": True}, ABSENT, S),
]
DIFFERS: list[tuple[Any, Any, Subject]] = [
    ({"equals": {"a": 1}}, {"a": 1, "b": 2}, V),
    ({"equals": {"a": {"type": "string"}}}, {"a": "x"}, V),
    ({"equals": 1}, True, V),
    ({"equals": [1]}, [True], V),
    ({"equals": "5"}, 5, V),
    ({"equals": 0}, NO_BODY, V),
    ({"not": 5}, 5, V),
    ({"not": 5}, ABSENT, V),
    ({"not": {"absent": True}}, ABSENT, V),
    ({"matches": "^a"}, "ba", V),
    ({"matches": "5"}, 5, V),
    ({"matches": "a"}, None, V),
    ({"contains": "x"}, "abc", V),
    ({"contains": 5}, "5", V),
    ({"contains": {"Destination": "/b", "RW": True}}, MOUNTS, V),
    ({"contains": "a"}, None, V),
    ({"type": "integer"}, 1.5, V),
    ({"type": "integer"}, True, V),
    ({"type": "string"}, None, V),
    ({"type": "null"}, ABSENT, V),
    ({"length": 1}, 5, V),
    ({"length": {"above": 2}}, [1, 2], V),
    ({"above": 1}, "2", V),
    ({"above": 1}, True, V),
    ({"above": 1}, "2026-01-31T12:00:00Z", V),
    ({"above": "2026-01-31T12:00:00Z"}, "2026-01-31T12:00:00Z", V),
    ({"one_of": [1, 2]}, 3, V),
    ({"any_order": ["a", "a"]}, ["a", "b"], V),
    ({"any_order": ["a"]}, ["a", "b"], V),
    ({"any_order": [{"above": 1}, {"above": 1}]}, [1, 2], V),
    ({"any_order": ["a"]}, "a", V),
    ({"absent": True}, None, V),
    ({"absent": False}, ABSENT, V),
    ({"contains": "a", "length": 9}, "abc", V),
    ({"above": 4}, "x", T),
    ({"X-None": {"matches": "a"}}, None, H),
    ({"one_of": [200, 304]}, 404, S),
    ({"not": "4xx"}, 404, S),
]


@pytest.mark.parametrize(("wanted", "actual", "subject"), HOLDS, ids=lambda value: str(value)[:40])
def test_what_holds(wanted: Any, actual: Any, subject: Subject) -> None:
    assert list(mistakes(wanted, subject)) == []
    assert compare(wanted, *_of(actual, subject)) == []


@pytest.mark.parametrize(("wanted", "actual", "subject"), DIFFERS, ids=lambda value: str(value)[:40])
def test_what_differs(wanted: Any, actual: Any, subject: Subject) -> None:
    assert list(mistakes(wanted, subject)) == []
    assert compare(wanted, *_of(actual, subject)) != []


def _of(actual: Any, subject: Subject) -> tuple[Any, Subject]:
    """Return the value to compare: header names are in any case."""
    from runner.engine.transport import Headers

    return (Headers(tuple(HEADERS.items())) if subject is H else actual), subject


def test_every_matcher_is_tried() -> None:
    for cases in (HOLDS, DIFFERS):
        assert {key for wanted, _, _ in cases if isinstance(wanted, dict) for key in wanted} >= set(MATCHERS) - {
            "at_most", "at_least", "below",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "actual", "lines"),
    [
        ({"Id": {"matches": "^[0-9a-f]{64}$"}}, {"Id": "abc"}, ["Id", "matches ^[0-9a-f]{64}$", "actual abc"]),
        ({"M": {"length": {"at_least": 1}}}, {"M": []}, ["M", "length at_least 1", "actual []", "(its length is 0)"]),
        ({"H": {"absent": True}}, {"H": None}, ["H", "absent true", "actual null"]),
        ({"H": {"type": "list"}}, {"H": None}, ["H", "type list", "actual null", "(it is null)"]),
        (
            {"M": {"contains": {"Destination": "/b", "RW": True}}},
            {"M": MOUNTS},
            [
                "M",
                'contains {"Destination": "/b", "RW": true}',
                'actual [{"Destination": "/a", "RW": true}, {"Destination": "/b", "RW": false}]',
                '(the nearest is 0, but 0.Destination is "/a")',
            ],
        ),
        ({"any_order": [1, 2]}, [1, 3], ["body", "any_order has 2", "actual [3]"]),
        ({"E": {"not": {"contains": "x"}}}, {"E": ["x"]}, ["E", 'not contains "x"', 'actual ["x"]']),
        ({"Id": {"match": "a"}}, {"Id": "b"},
         ["Id", 'expected {"match": "a"}', 'actual "b"', "('match' is not a matcher; did you mean 'matches'?)"]),
    ],
)  # fmt: skip
def test_what_a_difference_says(wanted: Any, actual: Any, lines: list[str]) -> None:
    assert [" ".join(line.split()) for line in explain(compare(wanted, actual), "body")] == lines


def test_a_diff_of_two_large_mappings() -> None:
    wanted = {"equals": {f"key{number}": number for number in range(10)}}
    lines = explain(compare(wanted, {**wanted["equals"], "key5": 50}), "body")
    assert [line.strip() for line in lines if line.strip()[:1] in "+-"][2:] == ['-  "key5": 5,', '+  "key5": 50,']


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*MATCHERS, "a", "b"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON, JSON, st.sampled_from(Subject))
def test_anything_is_a_mistake_or_can_be_compared(wanted: Any, actual: Any, subject: Subject) -> None:
    if any(mistakes(wanted, subject)):
        return
    value = "text" if subject is T else {"a": "b"} if subject is H else 200 if subject is S else actual
    found = compare(wanted, value, subject)
    explain(found, "body")
    if found and subject is V:
        assert compare({"not": wanted}, value, subject) == []
    for difference in found:
        assert all(isinstance(part, (str, int)) for part in (*difference.path, *difference.at))


@given(JSON, JSON)
def test_equals_is_literal(left: Any, right: Any) -> None:
    assert compare({"equals": left}, left) == []
    same = compare({"equals": left}, right) == []
    assert same == (compare({"equals": right}, left) == [])


@given(st.lists(st.integers(0, 3) | st.sampled_from("ab"), max_size=7).flatmap(
    lambda items: st.tuples(st.just(items), st.permutations(items))))  # fmt: skip
def test_any_order_of_the_same_elements(pair: tuple[list[Any], list[Any]]) -> None:
    wanted, actual = pair
    assert compare({"any_order": wanted}, actual) == []
    assert compare({"any_order": [{"one_of": [value]} for value in wanted]}, actual) == []


def test_a_comparison_that_takes_too_long_is_ended() -> None:
    many = [{"a": number} for number in range(3000)]
    with pytest.raises(StepError) as caught:
        compare({"any_order": [{"a": {"above": 5000}}] * 3000}, many)
    assert caught.value.code == "unsafe-expression"


def test_values_that_are_nested_too_deeply() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(StepError) as caught:
        compare(deep, deep)
    assert caught.value.code == "expression-failed"
