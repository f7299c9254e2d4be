"""JUnit XML: a suite for each scenario, a case for each step, valid by the schema whatever an engine says.

``junit-10.xsd`` is the schema of Jenkins' xUnit plugin (https://github.com/jenkinsci/xunit-plugin, MIT licence), in the
copy that pytest's source distribution holds its own reports against.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import Diagnostic, Place
from runner.report.junit import MOST_OUTPUT
from runner.report.junit import render as render_xml
from runner.results.records import Report, ResponseRecord, ScenarioRecord, Status, StepRecord
from tests.report.factories import NASTY

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit-10.xsd"))


def render(report: Report) -> str:
    """The text of a report, which is valid."""
    text = render_xml(report)
    SCHEMA.validate(text)
    return text


def step(step_id: str, status: Status = "passed", **fields: Any) -> StepRecord:
    record = StepRecord(id=step_id, kind="container.start", phase="steps", status="passed", duration_ms=1500.0)
    return record._replace(status=status, **fields)


def report(*steps: StepRecord, **fields: Any) -> Report:
    scenario = ScenarioRecord(file="x.yaml", title="A recipe", status="failed", steps=steps)._replace(**fields)
    return Report("failed", "2026-01-02T03:04:05.678Z", 2000.0, None, (scenario,))


def test_cases_and_their_verdicts() -> None:
    error = Diagnostic(
        "expectation", "body does not match", Place("x.yaml", 3, 5), "look again", details=("State", "  no")
    )
    root = ET.fromstring(
        render(
            report(
                step("good", title="It works", response=ResponseRecord(200, stdout="a\nb\x1b[0m\n")),
                step("bad", "failed", error=error),
                step("broken", "error", error=Diagnostic("engine-unreachable", "gone")),
                step("late", "skipped", reason="when: false"),
            )
        )
    )
    suite = root[0]
    counts = {"tests": "4", "failures": "1", "errors": "1"}
    assert {name: root.get(name) for name in counts} == counts
    assert {name: suite.get(name) for name in counts} == counts
    assert suite.get("skipped") == "1"
    assert suite.get("timestamp") == "2026-01-02T03:04:05"
    good, bad, broken, late = suite.findall("testcase")
    assert (good.get("name"), good.get("classname"), good.get("time")) == ("good: It works", "x.yaml", "1.500")
    assert good.findtext("system-out") == "a\nb\\x1b[0m"
    failure = bad.find("failure")
    assert failure is not None
    assert (failure.get("message"), failure.get("type")) == ("body does not match", "expectation")
    assert failure.text == "x.yaml:3:5: body does not match\nState\n  no\nhint: look again"
    assert broken.find("error") is not None
    skipped = late.find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "when: false"


def test_a_loop_stands_for_its_elements() -> None:
    loop = step("each", each=(step("each[0]"), step("each[1]", "skipped", reason="no")))
    names = [case.get("name") for case in ET.fromstring(render(report(loop))).iter("testcase")]
    assert names == ["each[0]", "each[1]"]


def test_a_scenario_without_steps_is_a_case_itself() -> None:
    root = ET.fromstring(render(report(status="skipped", reason="needs a swarm manager")))
    skipped = root.find("testsuite/testcase/skipped")
    assert skipped is not None
    assert skipped.get("message") == "needs a swarm manager"


def test_a_megabyte_of_output_is_cut() -> None:
    made = ET.fromstring(render(report(step("loud", response=ResponseRecord(200, stdout="x" * 2**20)))))
    assert len(made.findtext("testsuite/testcase/system-out") or "") == MOST_OUTPUT


def test_what_is_left_behind_is_told() -> None:
    made = ET.fromstring(render(report(step("one"), left=("container c0ffee",))))
    assert made.findtext("testsuite/system-err") == "container c0ffee"


@given(st.text() | NASTY)
def test_any_text_makes_a_valid_document(text: str) -> None:
    error = Diagnostic("expectation", text, Place(text, 1, 1), text, details=(text,))
    made = report(step(text, "failed", title=text, error=error, response=ResponseRecord(200, stdout=text, stderr=text)))
    render(made._replace(scenarios=(made.scenarios[0]._replace(title=text, file=text, left=(text,)),)))


@pytest.mark.parametrize("wrong", ["<testsuites skipped='1'/>", "<testsuites><testsuite name='x'/></testsuites>"])
def test_the_schema_says_what_is_wrong(wrong: str) -> None:
    assert not SCHEMA.is_valid(wrong)
