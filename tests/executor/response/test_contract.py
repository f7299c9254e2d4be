"""``--contract``: a contradiction is noted, ends nothing, and fails the scenario."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import Command
from tests.engine.scripted import Peer, ok, serving

SCENARIO = """\
title: Look
steps:
  - {id: list, list: {}, capture: {first: 'body[0].Id'}}
  - {id: raw, request: {method: GET, path: /containers/json}}
  - {id: after, check: ["first == 7"]}
"""
PING = ok(b"OK", "Api-Version: 1.51", "Server: Docker/28.5.2 (linux)")


def engine(peer: Peer) -> None:
    while True:
        path = peer.request().split()[1]
        peer.send(PING if path == b"/_ping" else ok(b'[{"Id": 7, "New": 1}]', "Content-Type: application/json"))


@pytest.fixture
def look(tmp_path: Path) -> Command:
    command = Command(tmp_path)
    command.write("look.yaml", SCENARIO)
    return command


def test_without_it_nothing_is_said(look: Command) -> None:
    with serving(engine) as server:
        done = look("look.yaml", "-H", server.endpoint.url, "--format", "json")
    assert done.code == 0
    assert "contradiction" not in done.out + done.err


@pytest.mark.parametrize(("option", "paths"), [("--contract", {"Id"}), ("--contract=strict", {"Id", "New"})])
def test_each_answer_is_held_against_the_description(look: Command, option: str, paths: set[str]) -> None:
    with serving(engine) as server:
        done = look(option, "look.yaml", "-H", server.endpoint.url, "--format", "json")
    assert done.code == 1
    (scenario,) = json.loads(done.out)["scenarios"]
    assert (scenario["status"], scenario["error"]["code"]) == ("failed", "contradiction")
    listed, raw, after = scenario["steps"]
    assert {step["status"] for step in scenario["steps"]} == {"passed"}, "it ends nothing"
    assert {one["path"] for one in listed["contradictions"]} == {f"body[].{name}" for name in paths}
    assert raw["contradictions"] == listed["contradictions"], "a raw request is held against the operation of its path"
    assert "contradictions" not in after
    line = "contradiction: container.list body[].Id: an integer in place of a text: 7 (API 1.51), 2 steps"
    assert line in done.err


def test_other_words_are_refused(look: Command) -> None:
    done = look("look.yaml", "--contract=loose")
    assert done.code == 2
    assert "invalid choice: 'loose'" in done.err
