from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import Diagnostic, Place
from runner.report.json import dumps, render, report_value
from runner.results.records import Expectation, Report
from tests.report.factories import create, report, step

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
ERROR = Diagnostic("expectation", "no", Place("x.yaml", 3, 5, 2, "  x"), "a hint", details=("a detail",))


def every_field() -> Report:
    element = step(id="loop[0]", phase="finally")
    return report(
        create(background=True, expectations=(Expectation("status == 201", True, 201),)),
        step(kind="await", awaits="create", expectations=(Expectation("x", False, None, ("y",)),), error=ERROR),
        step(id="loop", each=(element,)),
        step(id="block", kind="include", steps=(element,), outputs={"a": 1}),
        step(status="skipped", attempts=0, reason="when: false"),
        vars={"image": "alpine"},
        outputs={"id": "x"},
        left=("a volume",),
        error=ERROR,
        status="failed",
    )


def test_a_report_is_valid_and_has_the_names_of_the_contract() -> None:
    value = json.loads(render(every_field()))
    VALIDATOR.validate(value)
    assert value == report_value(every_field())
    assert list(value)[:4] == ["report_version", "tool", "engine", "status"]
    first = value["scenarios"][0]["steps"][0]
    assert first["request"] == {
        "method": "POST",
        "path": "/v1.41/containers/create",
        "query": {},
        "headers": {},
        "body": {"Image": "alpine", "Cmd": ["ls"]},
    }
    assert first["response"]["status"] == 201
    assert first["expectations"] == [{"expression": "status == 201", "passed": True, "actual": 201}]
    assert "each" not in first
    assert "steps" not in first


def test_the_schema_is_strict_and_describes_every_field() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    value = json.loads(render(every_field()))
    value["scenarios"][0]["steps"][0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        VALIDATOR.validate(value)
    for name, part in [("report", SCHEMA), *SCHEMA["$defs"].items()]:
        for field, schema in part.get("properties", {}).items():
            assert "description" in schema or "$ref" in schema or field == "phase", f"{name}.{field}"


def test_an_empty_report_is_valid() -> None:
    VALIDATOR.validate(json.loads(render(Report("passed", "", 0.0, None, ()))))


def test_each_step_stands_on_a_line_of_its_own() -> None:
    lines = render(report(*[step(id=f"s{number}") for number in range(5)])).splitlines()
    assert [f'"id": "s{number}"' in line for number, line in enumerate(lines[2:])] == [True] * 5


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_lacks_is_null(number: float) -> None:
    assert json.loads(dumps({"a": [number], 1: "b"})) == {"a": [None], "1": "b"}


def test_half_of_a_surrogate_pair_is_replaced() -> None:
    text = dumps(["\ud83d", "\U0001f600"])
    assert json.loads(text.encode()) == ["\ufffd", "\U0001f600"]


def test_values_that_json_lacks_have_a_text() -> None:
    assert json.loads(dumps({"bytes": b"a\xff", "set": {"b", "a"}})) == {"bytes": "a\ufffd", "set": ["a", "b"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_any_value_gives_a_valid_report(value: Any) -> None:
    made = report(create(captured={"x": value}, expectations=(Expectation("x", False, value),)), vars={"v": value})
    VALIDATOR.validate(json.loads(render(made)))
    render(made).encode()


def test_a_thousand_steps_cost_little_more_than_their_json() -> None:
    made = report(*[create(captured={"x": "y" * 200})] * 1000)
    value = report_value(made)

    def best(work: Any) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(lambda: render(made)) < 4 * best(lambda: json.dumps(value)) + 0.01
