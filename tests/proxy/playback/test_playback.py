"""Which recorded response a request gets: matching, translation, and the last change of the same resource."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.recordings.recording import RecordedResponse
from runner.proxy.playback.facets import asked, full_image_name
from runner.proxy.playback.playback import Choice, Miss, Playback, line_of
from runner.proxy.playback.tokens import Translation, differs_by_run, shape
from tests.proxy.playback.factories import WEB, exchange, lifecycle, recording, write

CREATE = {"Image": "alpine", "Cmd": ["ls"], "HostConfig": {"Binds": ["/a:/b"]}}


def status_of(playback: Playback, line: str, body: Any = None) -> Any:
    method, target = line.split(" ", 1)
    choice = playback.choose(method, target, {} if body is None else {"json": body})
    if isinstance(choice, Miss):
        return choice.message
    outcome = choice.entry.exchange.outcome
    assert isinstance(outcome, RecordedResponse)
    content = outcome.body[0].content if outcome.body else {}
    return content.get("State", {}).get("Status", outcome.status)


def test_what_reads_is_answered_by_the_last_change() -> None:
    playback = Playback(recording(*lifecycle()))
    look, create = "GET /containers/web-77b02e/json", "POST /containers/create?name=web-77b02e"
    seen = [status_of(playback, create, {"Image": "alpine"})]
    for change in (
        "POST /v1.40/containers/web-77b02e/start",
        f"POST /containers/{WEB[:12]}/stop",
        f"DELETE /containers/{WEB}",
    ):
        seen += [status_of(playback, change), status_of(playback, look), status_of(playback, look)]
    assert seen == [201, 204, "running", "running", 204, "exited", "exited", 204, 404, 404]
    assert playback.used == 7


def test_what_is_polled_goes_on_as_recorded_and_stays() -> None:
    looks = [
        exchange(10 + n, f"GET /containers/{WEB}/json", {"State": {"Status": text}}) for n, text in enumerate("abc")
    ]
    playback = Playback(recording(exchange(0, f"POST /containers/{WEB}/start", status=204), *looks))
    assert status_of(playback, f"POST /containers/{WEB}/start") == 204
    assert [status_of(playback, f"GET /containers/{WEB}/json") for _ in range(5)] == list("abccc")


def test_a_change_of_another_resource_does_not_count() -> None:
    other = "b" * 64
    playback = Playback(
        recording(
            exchange(0, f"GET /containers/{WEB}/json", {"Id": WEB, "State": {"Status": "before"}}),
            exchange(1, f"POST /containers/{other}/start", status=204),
            exchange(2, f"POST /containers/{WEB}/start", status=204),
            exchange(3, f"GET /containers/{WEB}/json", {"Id": WEB, "State": {"Status": "after"}}),
            exchange(4, "GET /containers/json", {"State": {"Status": "list"}}),
        )
    )
    look = f"GET /containers/{WEB}/json"
    assert status_of(playback, look) == "before"
    status_of(playback, f"POST /containers/{other}/start")
    assert status_of(playback, look) == "before"
    status_of(playback, f"POST /containers/{WEB}/start")
    assert status_of(playback, look) == "after"


def test_a_change_is_answered_as_often_as_it_was_recorded() -> None:
    create = {"Image": "alpine"}
    made = [
        exchange(n, "POST /containers/create", {"Id": letter * 64}, status=201, body=create)
        for n, letter in enumerate("ab")
    ]
    playback = Playback(recording(*made))
    ids = []
    for _ in range(2):
        choice = playback.choose("POST", "/containers/create", {"json": create})
        assert isinstance(choice, Choice)
        outcome = choice.entry.exchange.outcome
        assert isinstance(outcome, RecordedResponse)
        ids.append(outcome.body[0].content["Id"][0])
    assert ids == ["a", "b"]
    assert status_of(playback, "POST /containers/create", create) == "POST /containers/create was recorded 2 times only"


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("POST /v1.30/containers/create", CREATE),
        ("POST /containers/create", {**CREATE, "Tty": False, "Env": [], "Domainname": "", "Healthcheck": None}),
        ("POST /containers/create", {**CREATE, "Image": "docker.io/library/alpine:latest"}),
        ("POST /containers/create", {**CREATE, "Labels": {"engine-recipes.run": "1"}}),
        ("POST /containers/create?platform=", {**CREATE, "HostConfig": {"Binds": ["/a:/b"], "NetworkMode": "default"}}),
    ],
)
def test_what_is_no_difference(line: str, body: Any) -> None:
    playback = Playback(recording(exchange(0, "POST /containers/create", {"Id": WEB}, status=201, body=CREATE)))
    assert status_of(playback, line, body) == 201


@pytest.mark.parametrize(
    ("line", "body", "difference"),
    [
        ("POST /containers/create", {**CREATE, "Cmd": ["ps"]}, "Cmd.0: recorded ls, now ps"),
        ("POST /containers/create", {**CREATE, "Tty": True}, "Tty: recorded nothing, now True"),
        ("POST /containers/create?name=web", CREATE, "name: recorded nothing, now web"),
        ("POST /containers/create", {"Image": "alpine:3.20"}, "Image: recorded alpine:latest, now alpine:3.20"),
    ],
)
def test_a_miss_names_the_nearest_and_the_differences(line: str, body: Any, difference: str) -> None:
    playback = Playback(
        recording(exchange(0, "POST /containers/create", {"Id": WEB}, status=201, body=CREATE), *lifecycle()[1:])
    )
    method, target = line.split(" ", 1)
    miss = playback.choose(method, target, {"json": body})
    assert isinstance(miss, Miss)
    assert miss.nearest is playback.entries[0]
    assert difference in miss.differences


def test_an_id_that_nobody_was_given_is_a_miss() -> None:
    playback = Playback(recording(*lifecycle()))
    assert (
        status_of(playback, f"POST /containers/{'c' * 64}/start") == f"not recorded: POST /containers/{'c' * 64}/start"
    )


def test_filters_in_both_forms_and_flags_in_every_spelling() -> None:
    def facets(target: str) -> Any:
        return asked("GET", target, {}).facets

    old = facets('/containers/json?all=1&filters={"label":{"b":true,"a":true}}')
    assert old == facets('/v1.41/containers/json?all=true&size=0&filters={"label":["a","b"]}')


@given(st.text(min_size=1).filter(lambda text: not text.startswith("sha256:")))
def test_a_full_image_name_stays(name: str) -> None:
    assert full_image_name(full_image_name(name)) == full_image_name(name)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("job-8f3a1c", "job-77b02e", True),
        ("8080", "49153", True),
        ("web", "db", False),
        ("80", "443", False),
        ("alpine:3.20", "alpine:3.21", False),
        ("test_Xk29ab", "test_pq81zz", True),
        ("2026-01-01T00:00:00Z", "2027-05-06T07:08:09.123Z", True),
        ("5f0c2b1e-8d3b-4f0e-9a52-0c6d2f7b9e11", "00000000-8d3b-4f0e-9a52-0c6d2f7b9e11", True),
        ("container1", "container2", False),
    ],
)
def test_what_looks_random(one: str, other: str, same: bool) -> None:
    assert differs_by_run(one, other) is same


@given(st.text())
def test_a_shape_is_its_own(text: str) -> None:
    assert differs_by_run(text, text)
    assert isinstance(shape(text), str)


def test_translation_goes_both_ways_and_only_by_whole_words() -> None:
    translation = Translation()
    translation.learn("job-77b02e", "job-8f3a1c")
    assert translation.to_recorded("/job-77b02e") == "/job-8f3a1c"
    value = {"Name": "/job-8f3a1c", "Names": ["/job-8f3a1c/db", "job-8f3a1cd"], "job-8f3a1c": 1}
    assert translation.to_client(value) == {
        "Name": "/job-77b02e",
        "Names": ["/job-77b02e/db", "job-8f3a1cd"],
        "job-77b02e": 1,
    }


def test_the_line_in_the_file(tmp_path: Any) -> None:
    exchanges = lifecycle()
    path = write(tmp_path / "web.json", *exchanges)
    lines = path.read_text().splitlines()
    requests = [one.request for one in exchanges]
    for number, request in enumerate(requests):
        line = line_of(path.read_text(), requests, number)
        assert line is not None
        assert json.dumps(request.target) in lines[line - 1]
