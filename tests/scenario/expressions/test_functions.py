"""Filters, tests and functions of the runner's own."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import RunnerError, StepError
from runner.scenario.expressions.expression import expression_of
from runner.scenario.yaml import nodes

SCOPE: dict[str, Any] = {
    "text": "v1.2.3 done",
    "tags": ["1.10", "1.9", "1.9-rc1", "v1.9.1"],
    "spec": {"a": {"b": 1, "c": [1]}, "d": 1},
    "long": "a" * 5000,
    "evil": "a" * 30 + "!",
    "names": ["/web", "/db"],
}


def evaluate(text: str) -> Any:
    source = nodes.SourceFile.of("x.yaml", text)
    node = nodes.Scalar(text, nodes.Span(source, 1, 1, 1, len(text) + 1), text)
    return expression_of(node, text).evaluate(SCOPE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("""'{"a": [1, 2.50, null]}' | from_json""", {"a": [1, 2.5, None]}),
        ("""('{"v": 3.20}' | from_json).v ~ ''""", "3.20"),
        ("'a,b,,c' | split(',')", ["a", "b", "", "c"]),
        ("' a  b ' | split", ["a", "b"]),
        ("text | regex_search('[0-9]+')", "1"),
        ("text | regex_search('v([0-9]+)\\\\.([0-9]+)', 2)", "2"),
        ("text | regex_search('v(?P<major>[0-9]+)', 'major')", "1"),
        ("text | regex_search('a(b)?', group=1)", None),
        ("text | regex_search('zzz') is none", True),
        ("text | regex_replace('[0-9]+', '#')", "v#.#.# done"),
        ("text | regex_replace('v(.)', with='\\\\1-')", "1-.2.3 done"),
        ("'2026-01-31T12:00:00Z' | timestamp", 1769860800),
        ("'2026-01-31T13:00:00.5+01:00' | timestamp", 1769860800.5),
        ("'2026-01-31T12:00:00.123456789Z' | timestamp ~ ''", "1769860800.123456789"),
        ("'0001-01-01T00:00:00Z' | timestamp", -62135596800),
        ("'1.10' | version > '1.9'", True),
        ("'1.9' < ('1.10' | version)", True),
        ("'2.0-rc1' | version < '2.0'", True),
        ("'1.0' | version == '1.0.0'", True),
        ("'20.10.24+dfsg1' | version >= '20.10'", True),
        ("tags | map('version') | sort | list", ["1.9-rc1", "1.9", "v1.9.1", "1.10"]),
        ("tags | map('version') | max", "1.10"),
        ("spec | combine({'a': {'c': [2], 'e': 3}})", {"a": {"b": 1, "c": [2], "e": 3}, "d": 1}),
        ("spec", {"a": {"b": 1, "c": [1]}, "d": 1}),
        ("names | select('matching', '^/w') | list", ["/web"]),
        ("text is containing('done') and names is containing('/db') and spec is containing('d')", True),
        ("names is containing('web')", False),
    ],
)
def test_what_they_give(text: str, value: Any) -> None:
    found = evaluate(text)
    assert found == value
    assert isinstance(found, type(value))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("'{' | from_json", "not JSON"),
        ("spec | from_json", "from_json needs a text"),
        ("('[' * 5000) | from_json", "not JSON"),
        ("('[' * 70 ~ ']' * 70) | from_json", "nested deeper"),
        ("missing | from_json", "'missing' is not defined"),
        ("text | regex_search('(')", "not a regular expression"),
        ("text | regex_search('a', 1)", "no group 1"),
        ("text | regex_search('a', 'b')", 'no group "b"'),
        ("text | regex_replace('a')", "regex_replace needs a pattern"),
        ("text | regex_replace('a', '\\\\9')", "not a replacement"),
        ("text | timestamp", "not a time"),
        ("'2026-02-31T12:00:00Z' | timestamp", "not a time"),
        ("text | version", "not a version"),
        ("'1' | version < 'x'", "not a version"),
        ("spec | combine(1)", "combine needs two mappings"),
        ("1 is containing(1)", "a text, a list or a mapping contains"),
        ("evil is matching('(a+)+$')", "takes too long"),
        ("evil | regex_replace('(a+)+$', 'b')", "takes too long"),
        ("(long * 3000) | split('a')", "too large"),
        ("now()", "'now' is not defined"),
    ],
)
def test_what_they_refuse(text: str, says: str) -> None:
    with pytest.raises(StepError) as caught:
        evaluate(text)
    assert says in caught.value.message
    assert caught.value.place is not None


def test_many_slow_searches_in_one_expression_are_bounded_together() -> None:
    used = time.process_time()
    with pytest.raises(StepError):
        evaluate("range(1000) | map('string') | map('regex_search', '(a|aa)+$') | list ~ (evil is matching('(a+)+$'))")
    assert time.process_time() - used < 30


@pytest.mark.parametrize("text", ["x == '{{ y }}'", "'{{ y | upper }}'", "['a', '{{y}}']"])
def test_a_template_inside_an_expression(text: str) -> None:
    with pytest.raises(RunnerError, match="not evaluated inside an expression"):
        evaluate(text)


@pytest.mark.parametrize("text", ["'{{.Names}}'", "'{{ json . }}'", "'{{' ~ text", "'{{ }}'"])
def test_what_is_no_template(text: str) -> None:
    assert isinstance(evaluate(text), str)


versions = st.lists(st.integers(0, 99), min_size=1, max_size=4)


@given(versions, versions)
def test_versions_are_ordered_as_their_numbers(left: list[int], right: list[int]) -> None:
    def trimmed(numbers: list[int]) -> list[int]:
        while len(numbers) > 1 and not numbers[-1]:
            numbers = numbers[:-1]
        return numbers

    one, other = (".".join(map(str, numbers)) for numbers in (left, right))
    assert evaluate(f"'{one}' | version < '{other}'") is (trimmed(left) < trimmed(right))
    assert evaluate(f"'{one}' | version == '{other}'") is (trimmed(left) == trimmed(right))


@given(st.text(max_size=40))
def test_no_text_is_too_strange(text: str) -> None:
    scope = {**SCOPE, "text": text}
    source = nodes.SourceFile.of("x.yaml", "x")
    for name in ("from_json", "timestamp", "version", "split", "regex_search('.')", "regex_replace('.', 'x')"):
        expression = f"text | {name}"
        node = nodes.Scalar(expression, nodes.Span(source, 1, 1, 1, 2), expression)
        try:
            expression_of(node, expression).evaluate(scope)
        except StepError as error:
            assert error.code == "expression-failed", error.message


@pytest.mark.parametrize(
    "text",
    ["spec.get", "spec.items", "text.upper", "[spec.get]", "{'a': spec.get}", "spec.get ~ 'x'", "spec.get | string"],
)
def test_a_method_that_is_not_called_is_no_value(text: str) -> None:
    with pytest.raises(StepError, match="is a function, not a value: call it"):
        evaluate(text)
