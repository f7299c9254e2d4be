"""Test what follows a failure: its explanation, what depends on it, and failures that were expected."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from runner.errors import InvalidScenario
from runner.report import github, junit, summary
from runner.report import json as json_report
from runner.report.html import page as html_page
from runner.report.markdown import page as markdown_page
from runner.results.statuses import leaves
from tests.executor.helpers import Played, Player

REPORT_SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "report.schema.json").read_text())


def cases(played: Played) -> list[tuple[str, str | None]]:
    """The cases of the JUnit report: the id, and what the case holds."""
    root = ET.fromstring(junit.render(played.report))
    return [(case.get("name", ""), next((child.tag for child in case), None)) for case in root.iter("testcase")]


def test_on_failure_follows_what_failed_and_changes_no_verdict(play: Player) -> None:
    played = play("""
        steps:
          - set: {before: 1}
          - id: bad
            check: ["before == 2"]
            on_failure:
              - {id: why, check: [before == 1, not steps.bad.ok]}
              - {id: worse, check: ["1 == 2"]}
              - {id: last, set: {x: 1}}
          - {id: never, check: ["true"]}
        on_failure:
          - {id: top, check: [not steps.bad.ok]}
        finally:
          - {id: after, check: ["true"]}
    """)
    bad = played["bad"]
    assert [(step.id, step.status) for step in bad.on_failure] == [
        ("why", "passed"),
        ("worse", "failed"),
        ("last", "passed"),
        ("top", "passed"),
    ]
    assert (played["never"].status, played["after"].status) == ("skipped", "passed")
    assert played.scenario.error == bad.error
    assert [name for name, held in cases(played) if held == "failure"] == ["bad"]
    jsonschema.validate(json_report.report_value(played.report), REPORT_SCHEMA)


def test_on_failure_does_not_run_without_one(play: Player) -> None:
    played = play("""
        steps:
          - {id: good, check: ["true"], on_failure: {check: ["true"]}}
        on_failure: [{check: ["true"]}]
    """)
    assert played.status == "passed"
    assert played["good"].on_failure == ()


def test_on_failure_of_a_loop_sees_the_element(play: Player) -> None:
    played = play("""
        steps:
          - id: all
            for_each: [1, 2]
            check: [item == 1]
            on_failure: {id: why, check: [item == 2]}
    """)
    assert [step.status for element in played["all"].each or () for step in element.on_failure] == ["passed"]


def test_on_failure_of_a_group_follows_that_of_its_steps(play: Player) -> None:
    played = play("""
        steps:
          - id: g
            on_failure: {id: outer, check: [not steps.inner.ok]}
            group:
              - {id: inner, check: ["1 == 2"], on_failure: {id: own, check: ["true"]}}
    """)
    assert [step.id for step in played["inner"].on_failure] == ["own"]
    assert [(step.id, step.status) for step in played["g"].on_failure] == [("outer", "passed")]


def test_continue_on_failure_runs_the_next_steps(play: Player) -> None:
    played = play("""
        steps:
          - {id: bad, check: ["1 == 2"], continue_on_failure: true}
          - {id: next, check: ["true"]}
          - {id: each, for_each: [1, 2], check: ["item == 2"], continue_on_failure: true}
          - {id: last, check: ["true"]}
    """)
    assert played.status == "failed"
    assert (played["next"].status, played["last"].status) == ("passed", "passed")
    assert [element.status for element in played["each"].each or ()] == ["failed", "passed"]


EXPECTED = """
    steps:
      - id: known
        check: ["1 == 2"]
        expected_failure: {when: "engine.name == 'docker'", reason: it is so}
        capture: {}
      - {id: next, check: ["true"]}
""".replace("        capture: {}\n", "")


def test_an_expected_failure_is_none_in_any_report(play: Player) -> None:
    played = play(EXPECTED)
    assert played.status == "passed"
    known = played["known"]
    assert (known.status, known.reason) == ("xfailed", "it is so")
    assert known.error is not None
    assert played["next"].status == "passed"
    value = json_report.report_value(played.report)
    jsonschema.validate(value, REPORT_SCHEMA)
    assert value["scenarios"][0]["status"] == "passed"
    assert cases(played) == [("known", "skipped"), ("next", None)]
    root = ET.fromstring(junit.render(played.report))
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    assert github.render(played.report) == ""
    assert "2 (1 xfailed)" in summary.render(played.report)
    assert "**This is known to fail**: it is so" in markdown_page.render(played.report)
    assert "Known to fail: it is so" in html_page.render(played.report)
    assert sum(1 for _ in leaves(played.scenario.steps)) == 2


def test_elsewhere_it_is_a_failure(play: Player) -> None:
    played = play(EXPECTED.replace("'docker'", "'podman'"))
    assert (played.status, played["known"].status) == ("failed", "failed")


def test_a_pass_where_a_failure_was_expected_is_one(play: Player) -> None:
    played = play("""
        steps:
          - {id: known, check: ["true"], expected_failure: {reason: it is so}}
          - {id: next, check: ["true"]}
    """)
    assert played.error("known")[0] == "unexpected-pass"
    assert "it is so" in played.error("known")[1]
    assert (played["known"].status, played["next"].status) == ("failed", "skipped")


def test_the_failures_inside_a_group_that_was_expected_to_fail_are_none(play: Player) -> None:
    played = play("""
        steps:
          - id: g
            expected_failure: {reason: it is so}
            group:
              - {id: bad, check: ["1 == 2"]}
              - {id: rest, check: ["true"]}
          - {id: loop, for_each: [1, 2], check: [item == 3], expected_failure: {reason: never}}
    """)
    assert played.status == "passed"
    assert played.statuses == {
        "g": "xfailed",
        "bad": "xfailed",
        "rest": "skipped",
        "loop": "xfailed",
        "loop[0]": "xfailed",
        "loop[1]": "xfailed",
    }


@pytest.mark.parametrize("use", ["check: [x == 1]", 'set: {y: "{{ x }}"}', "{when: x == 1, check: ['true']}"])
def test_what_needs_a_name_that_a_failed_step_should_have_set_is_skipped(play: Player, use: str) -> None:
    use = use.removeprefix("{").removesuffix("}") if use.startswith("{") else use
    played = play(
        f"""
        steps:
          - {{id: made, sleep: 0, capture: {{x: body.Id}}}}
          - {{id: uses, {use}}}
          - {{id: third, check: [steps.uses.ok]}}
        """,
        keep_going=True,
    )
    assert played["made"].status in ("failed", "error")
    assert (played["uses"].status, played["uses"].reason) == ("skipped", "needs 'x', which step 'made' did not set")
    assert played["third"].reason == "needs 'steps.uses.ok', which step 'uses' did not set: it was skipped"
    assert [held for _, held in cases(played)].count("skipped") == 2


def test_a_failed_capture_takes_the_older_value_away(play: Player) -> None:
    played = play(
        """
        steps:
          - {id: first, set: {x: older}}
          - {id: second, sleep: 0, capture: {x: body.Id}}
          - {id: acts, check: [x == 'older']}
          - {id: asks, check: [x is not defined]}
        """,
        keep_going=True,
    )
    assert played["acts"].reason == "needs 'x', which step 'second' did not set"
    assert played["asks"].status == "passed"


def test_a_condition_that_is_false_takes_nothing_away(play: Player) -> None:
    played = play("""
        steps:
          - {id: first, set: {x: older}}
          - {id: second, when: "1 == 2", set: {x: newer}}
          - {id: acts, check: [x == 'older']}
    """)
    assert played.status == "passed", played.statuses


def test_of_a_failed_result_later_steps_see_the_bare_facts(play: Player) -> None:
    played = play(
        """
        steps:
          - {id: bad, check: ["1 == 2"]}
          - {id: facts, check: [not steps.bad.ok, steps.bad.attempts == 1]}
          - {id: more, check: [steps.bad.body is none]}
        finally:
          - {id: end, check: [steps.bad.body is none]}
        """,
        keep_going=True,
    )
    assert [played[name].status for name in ("facts", "more", "end")] == ["passed", "skipped", "passed"]


def test_the_failure_of_a_background_step_is_one_failure(play: Player) -> None:
    played = play("""
        steps:
          - {id: goes, sleep: 1ms, background: true, expect: {that: ["1 == 2"]}}
          - {id: joins, await: goes}
    """)
    assert played["joins"].status == "failed"
    assert [held for _, held in cases(played)].count("failure") == 1
    assert github.render(played.report).count("::error") == 1


def test_expected_failure_needs_a_reason(play: Player) -> None:
    with pytest.raises(InvalidScenario):
        play.open("title: T\nsteps: [{check: ['true'], expected_failure: {when: 'true'}}]\n")
