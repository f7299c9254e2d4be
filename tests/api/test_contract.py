"""Answers held against the API's own description."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.api import operations
from runner.api.contract import MAX_CONTRADICTIONS, Answer, contradictions
from runner.api.operations import Operation
from runner.api.paths import operation_at
from schemas import contract_overlay

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def operation(name: str) -> Operation:
    found = operations.find(name)
    assert found is not None
    return found


def found(name: str, body: Any, *, status: int = 200, version: str = "1.51", strict: bool = False) -> dict[str, str]:
    answer = Answer(status, body)
    return {one.path: one.problem for one in contradictions(operation(name), version, answer, strict=strict)}


CREATED = {"Id": "x", "Warnings": []}


def test_what_is_documented_is_none() -> None:
    assert found("container.create", CREATED, status=201) == {}
    assert found("container.create", {"message": "no"}, status=404) == {}
    assert found("container.start", None, status=204) == {}
    assert found("system.ping", "OK") == {}


@pytest.mark.parametrize(
    ("body", "path", "problem"),
    [
        ({"Warnings": []}, "body.Id", "is required, and missing"),
        ({"Id": None, "Warnings": []}, "body.Id", "is required, and null"),
        ({"Id": 1, "Warnings": []}, "body.Id", "an integer in place of a text: 1"),
        ({"Id": "x", "Warnings": ["a", True]}, "body.Warnings[]", "a boolean in place of a text: true"),
        ({"Id": "x", "Warnings": {}}, "body.Warnings", "an object in place of a list: {}"),
        ([], "body", "a list in place of an object: []"),
        ("text", "body", 'a text in place of an object: "text"'),
    ],
)
def test_types_and_required_fields(body: Any, path: str, problem: str) -> None:
    assert found("container.create", body, status=201) == {path: problem}


def test_a_status_that_is_not_documented() -> None:
    problem = found("container.create", CREATED, status=200)
    assert problem == {"status": "200 is not documented: 201, 400, 404, 409, 500 are"}


def test_enums() -> None:
    body = {"State": {"Status": "sleeping"}}
    allowed = '"created", "running", "paused", "restarting", "removing", "exited", "dead"'
    assert found("container.inspect", body)["body.State.Status"] == f'"sleeping" is not one of {allowed}'


def test_a_boolean_is_no_number() -> None:
    assert found("container.inspect", {"RestartCount": True}) == {
        "body.RestartCount": "a boolean in place of an integer: true"
    }


def test_empty_lists_may_be_null_unless_strict() -> None:
    body = {**CREATED, "Warnings": None, "New": 1}
    assert found("container.create", body, status=201) == {}
    assert found("container.create", body, status=201, strict=True) == {
        "body.Warnings": "null is not allowed",
        "body.New": "is not documented",
    }


def test_elements_of_a_stream() -> None:
    answer = Answer(200, items=[{"Type": "container"}, {"Type": 1}, {"Action": []}])
    problems = contradictions(operation("events"), "1.51", answer)
    assert [one.path for one in problems] == ["items[].Type", "items[].Action"]


def test_the_version_decides_and_an_unknown_one_is_held_against_the_nearest() -> None:
    body = [{"Id": "x", "ParentId": "", "RepoTags": [], "RepoDigests": [], "Created": 1, "Size": 1, "SharedSize": 1}]
    body[0] |= {"Labels": {}, "Containers": 1}
    assert found("image.list", body, version="1.41") == {"body[].VirtualSize": "is required, and missing"}
    assert found("image.list", body, version="1.44") == {}
    (one,) = contradictions(operation("container.create"), "9.99", Answer(200))
    assert one.version == operations.newest_api()
    (one,) = contradictions(operation("container.create"), "1.24", Answer(200))
    assert one.version == "1.25"


def test_there_is_a_most() -> None:
    answer = Answer(200, [{"Names": [number]} for number in range(500)])
    assert 0 < len(contradictions(operation("container.list"), "1.51", answer)) <= MAX_CONTRADICTIONS


@given(st.sampled_from(operations.all_operations()), JSON, st.booleans())
def test_the_fast_answer_and_the_explained_one_agree(one: Operation, body: Any, strict: bool) -> None:
    """Check that what the compiled shapes refuse has a place, whatever an engine sends."""
    for status in one.success:
        for problem in contradictions(one, "1.51", Answer(status, body), strict=strict):
            assert problem.path == "status" or problem.path.startswith("body")  # 200 of PluginUpgrade is the overlay's
            assert json.dumps(problem.problem)


@given(JSON, st.booleans())
def test_a_refused_answer_is_always_explained(body: Any, strict: bool) -> None:
    from runner.api import contract

    for number in range(0, len(contract._facts()["shapes"]), 7):
        refused = not contract._compiled(number, strict)(body)
        assert bool(list(contract._explained(number, body, "body", strict=strict))) == refused


def test_a_raw_request_has_its_operation_by_the_path() -> None:
    assert operation_at("GET", "/v1.41/containers/abc/json") == operation("container.inspect")
    assert operation_at("GET", "/containers/json") == operation("container.list")
    assert operation_at("DELETE", "/images/registry:5000/a/b:c") == operation("image.delete")
    assert operation_at("GET", "/libpod/info") is None


def test_every_operation_has_its_answers() -> None:
    for one in operations.all_operations():
        (problem,) = contradictions(one, operations.newest_api(), Answer(299))
        assert problem.path == "status"


def test_corrections_say_why() -> None:
    assert all(row.why.endswith(".") for row in contract_overlay.CORRECTIONS)
