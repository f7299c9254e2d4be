"""Reports side by side: what differs is named by operation and path, and what only one run calls so does not."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import Diagnostic
from runner.report.comparison.compare import MAX_DIFFERENCES
from runner.report.comparison.known import Known
from runner.results.records import LeftOut, StepRecord
from tests.report.comparison.helpers import ID, OTHER_ID, PODMAN, bodies, compared, inspect, report
from tests.report.factories import call, step


def created(identity: str) -> StepRecord:
    return call(
        "ContainerCreate",
        "POST",
        "/containers/create",
        {"Id": identity},
        id="create",
        status_code=201,
        captured={"container": identity},
    )


def test_ids_times_and_addresses_do_not_differ() -> None:
    def answer(identity: str, at: str, address: str, layer: str) -> dict[str, Any]:
        return {
            "Id": identity,
            "Created": at,
            "NetworkSettings": {"IPAddress": address},
            "LogPath": f"/var/lib/docker/containers/{identity}/x.log",
            "Layers": [f"sha256:{layer * 64}"],
        }

    one = answer(ID, "2026-11-23T14:00:01.5Z", "172.17.0.2", "a")
    other = answer(OTHER_ID, "2026-11-24T09:00:00.25Z", "10.88.0.7", "b")
    comparison = compared(report(created(ID), inspect(one)), report(created(OTHER_ID), inspect(other), engine=PODMAN))
    assert comparison.entries == ()
    assert comparison.alike


def test_another_id_than_the_captured_one_differs() -> None:
    one = report(created(ID), inspect({"Id": ID}))
    other = report(created(ID), inspect({"Id": OTHER_ID}), engine=PODMAN)
    assert [entry.values for entry in compared(one, other).entries] == [('"{container}"', '"{id}"')]


def test_what_the_author_wrote_is_a_value() -> None:
    request = {"body": {"MacAddress": "02:42:c0:ff:ee:01"}}
    one = inspect({"MacAddress": "02:42:c0:ff:ee:01"}, request=request)
    other = inspect({"MacAddress": "02:42:ac:11:00:02"}, request=request)
    (entry,) = compared(report(one), report(other)).entries
    assert entry.values == ('"02:42:c0:ff:ee:01"', '"{address}"')


def test_the_zero_time_is_a_value() -> None:
    assert bodies({"At": "0001-01-01T00:00:00Z"}, {"At": "2026-11-23T14:00:00.1Z"}) == [
        ("body.At", "value", ('"0001-01-01T00:00:00Z"', '"{time}"'))
    ]


def test_the_engines_own_version_is_not_a_difference_of_each_answer() -> None:
    one = inspect({"Version": "20.10.24+dfsg1", "ApiVersion": "1.41"}, response={"headers": {"Server": "X/20.10.24"}})
    other = inspect({"Version": "5.4.2", "ApiVersion": "1.41"}, response={"headers": {"Server": "X/5.4.2"}})
    assert compared(report(one), report(other, engine=PODMAN)).entries == ()


def test_status_and_not_the_body_of_another_status() -> None:
    comparison = compared(report(inspect({"a": 1})), report(inspect({"message": "no"}, status=404), engine=PODMAN))
    assert [(entry.operation, entry.path, entry.values) for entry in comparison.entries] == [
        ("container.inspect", "status", ("200", "404"))
    ]


def test_an_outcome_differs_once_and_what_follows_is_not_compared() -> None:
    failed = inspect({}, status=500, id="bad")._replace(status="failed", error=Diagnostic("unexpected-status", "no"))
    passed = inspect({}, status=200, id="bad")
    skipped = step(id="next", status="skipped", reason="step 'bad' did not pass", operation="ContainerInspect")
    comparison = compared(report(passed, inspect({}, id="next")), report(failed, skipped, engine=PODMAN))
    assert [(entry.path, entry.values) for entry in comparison.entries] == [
        ("outcome", ("passed", "failed")),
        ("status", ("200", "500")),
    ]
    assert comparison.steps[1].uncompared == "an earlier step did not pass"


def test_a_scenario_that_is_not_for_an_engine_is_not_compared() -> None:
    other = report(engine=PODMAN, status="skipped", reason="needs docker")
    comparison = compared(report(inspect({})), other)
    assert comparison.entries == ()
    assert comparison.steps[0].uncompared == "needs docker"


def test_a_step_that_a_report_lacks_is_a_difference() -> None:
    comparison = compared(report(inspect({}), inspect({}, id="two")), report(inspect({}), engine=PODMAN))
    assert [(entry.path, entry.values) for entry in comparison.entries] == [("outcome", ("passed", "absent"))]


def test_streams_are_compared_as_far_as_both_were_kept() -> None:
    def logs(text: str, *, cut: bool = False) -> StepRecord:
        return call(
            "ContainerLogs",
            "GET",
            "/containers/x/logs",
            response={"stdout": text, "stdout_left_out": LeftOut(int(cut))},
        )

    assert compared(report(logs("abc", cut=True)), report(logs("abcdef"))).entries == ()
    (entry,) = compared(report(logs("abc")), report(logs("abd"))).entries
    assert (entry.path, entry.values) == ("stdout", ('"abc"', '"abd"'))


def test_a_header_of_every_answer_is_the_engines() -> None:
    def steps(server: str) -> list[StepRecord]:
        return [inspect({}, id=f"s{number}", response={"headers": {"Server": server}}) for number in range(5)]

    comparison = compared(report(*steps("A")), report(*steps("B"), engine=PODMAN))
    (entry,) = comparison.entries
    assert (entry.operation, entry.path, entry.steps) == ("any", "headers.server", 5)
    assert all(not one.differences for one in comparison.steps), "it would hide which steps differ"
    assert not comparison.alike


def test_the_same_difference_at_several_steps_is_one_entry() -> None:
    def steps(value: int) -> list[StepRecord]:
        return [inspect({"a": value}, id=name) for name in ("one", "two")]

    (entry,) = compared(report(*steps(1)), report(*steps(2))).entries
    assert (entry.steps, entry.place) == (2, "scenarios/x.yaml, step one")


def test_loops_and_blocks_are_compared_inside() -> None:
    def loop(value: int) -> StepRecord:
        return step(id="all", each=(inspect({"a": 1}, id="all[0]"), inspect({"a": value}, id="all[1]")))

    comparison = compared(report(loop(1)), report(loop(2)))
    assert [compared_step.id for compared_step in comparison.steps if compared_step.differences] == ["all/all[1]"]


def test_there_is_a_most_of_differences() -> None:
    wide = {f"k{number}": 1 for number in range(MAX_DIFFERENCES + 50)}
    comparison = compared(report(inspect({"x": 1, **wide})), report(inspect({"x": 1})))
    assert (len(comparison.steps[0].differences), comparison.steps[0].left_out) == (MAX_DIFFERENCES, 50)
    assert not comparison.alike


def test_what_is_known_is_no_new_difference_and_must_appear() -> None:
    one, other = report(inspect({"a": 1, "b": 1})), report(inspect({"a": 2, "b": 2}), engine=PODMAN)
    known = Known("container.inspect", "body.a", "it counts from two", {"docker": "1", "podman": "2"})
    comparison = compared(one, other, known)
    assert [entry.path for entry in comparison.new] == ["body.b"]
    assert [entry.known for entry in comparison.known] == ["it counts from two"]
    assert [difference.known for difference in comparison.steps[0].differences] == ["it counts from two", None]
    both = compared(one, other, known, Known("any", "body.b", "why", {}))
    assert both.alike
    gone = Known("container.inspect", "body.gone", "why", {})
    assert compared(one, one, gone).unmatched == ("container.inspect body.gone",)
    assert not compared(one, one, gone).alike
    changed = known._replace(values={"docker": "1", "podman": "3"})
    assert [entry.path for entry in compared(one, other, changed).new] == ["body.a", "body.b"]


@pytest.mark.parametrize("header", ["Api-Version", "Server"])
def test_an_engine_that_becomes_another_one_is_named(header: str) -> None:
    def answers(*values: str) -> list[StepRecord]:
        return [inspect({}, id=f"s{at}", response={"headers": {header: value}}) for at, value in enumerate(values)]

    comparison = compared(report(*answers("1.41", "1.41")), report(*answers("1.41", "1.44"), engine=PODMAN))
    assert comparison.problems == (f"podman became another engine at step 's1': {header} was 1.41, then 1.44",)
    assert not comparison.alike


def test_a_report_of_nothing_is_a_problem() -> None:
    empty = report()._replace(scenarios=())
    assert compared(empty, empty).problems == ("docker ran no scenario", "podman ran no scenario")
