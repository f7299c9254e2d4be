"""Values inside a longer text: as JSON writes them, numbers in the spelling of their source."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.scenario.expressions.functions.texts import as_json, as_text
from runner.scenario.expressions.values import value_of
from runner.scenario.yaml.loader import load
from runner.scenario.yaml.nodes import SourceFile
from runner.spelling import spelled

VARIABLES = "{v: 3.20, hex: 0x10, exp: 1e400, neg: -0.0, big: 9007199254740993, flag: true, nothing: null, m: {a: 1, b: [x, 1.50]}, e: []}"  # noqa: E501


def rendered(text: str) -> Any:
    scope: Any = value_of(load(SourceFile.of("v", VARIABLES))).render({})
    return value_of(load(SourceFile.of("x", f'"{text}"'))).render(scope)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("v={{ v }}", "v=3.20"),
        ("{{ hex }} {{ exp }} {{ neg }} {{ big }}", "0x10 1e400 -0.0 9007199254740993"),
        ("{{ flag }},{{ nothing }},{{ e }}", "true,null,[]"),
        ("m: {{ m }}", 'm: {"a": 1, "b": ["x", 1.50]}'),
        ("{{ flag ~ nothing ~ v }}", "truenull3.20"),
        ("{{ [flag, v, m.b] | join('|') }}", 'true|3.20|["x", 1.50]'),
        ("{{ flag | string }}{{ nothing | upper }}{{ v | string }}", "trueNULL3.20"),
        ("{{ v + 0.05 }} {{ 7 / 2 }} {{ hex + 1 }}", "3.25 3.5 17"),
        ("{{ m | json | b64encode | b64decode }}.", '{"a": 1, "b": ["x", 1.50]}.'),
        ("{{ [hex] }}.", "[16]."),
    ],
)
def test_a_value_inside_a_text(text: str, wanted: str) -> None:
    assert rendered(text) == wanted


def test_a_key_of_a_mapping() -> None:
    entries = value_of(load(SourceFile.of("x", '{"{{ a }}": 1, "{{ b }}": 2}')))
    assert entries.render({"a": True, "b": spelled(1.1, "1.10")}) == {"true": 1, "1.10": 2}


numbers = st.floats(allow_nan=False, allow_infinity=False).map(lambda number: spelled(number, f"{number:.17e}"))
values = st.recursive(
    st.text() | st.booleans() | st.integers() | numbers | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(values, st.sampled_from([None, 2]))
def test_the_text_of_any_value_is_json(value: Any, indent: int | None) -> None:
    assert json.loads(as_json(value, indent)) == json.loads(json.dumps(value))
    assert isinstance(value, str) or json.loads(as_text(value)) == json.loads(json.dumps(value))
