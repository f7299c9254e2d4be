"""Secrets that a run finds are masked from then on, and backwards in its report and its recording."""

from __future__ import annotations

import json
from pathlib import Path

from runner.engine.recordings.recorder import Recorder
from runner.engine.transport import Request
from runner.masking import Masker
from runner.report import writers
from tests.cli.helpers import Command
from tests.executor.helpers import Player

TEXT = """
    title: found
    steps:
      - {id: before, set: {seen: tok-abcdef-123}}
      - {id: found, sleep: 0, capture: {token: {from: "'tok-' ~ 'abcdef-123'", secret: true}, open: {from: "'x'"}}}
      - {id: after, check: [token == 'tok-abcdef-123', open == 'x'], title: "with {{ token }}"}
"""


def test_a_captured_secret_is_masked_backwards_too(nowhere: Command) -> None:
    nowhere.write("x.yaml", TEXT)
    nowhere.write("recordings/x.json", EMPTY)
    for name in ("json", "markdown", "html", "junit"):
        done = nowhere("x.yaml", "--replay", "--format", name, "-q")
        assert done.code == 0, done.err
        assert "abcdef-123" not in done.out.replace("'abcdef-123'", "")
    report = json.loads(nowhere("x.yaml", "--replay", "--format", "json").out)
    steps = report["scenarios"][0]["steps"]
    assert [step["captured"] for step in steps[:2]] == [{"seen": "***"}, {"token": "***", "open": "x"}]
    assert steps[2]["title"] == "with ***"


EMPTY = json.dumps(
    {
        "recording_version": 1,
        "tool": {"name": "engine-recipes", "version": "0"},
        "recorded_at": "2026-01-01T00:00:00Z",
        "engine": {"name": "docker", "version": "1", "api_version": "1.41", "endpoint": "unix:///x"},
        "scenario": "found",
        "vars": {},
        "run_id": "abcdef012345",
        "status": "passed",
        "exchanges": [],
    }
)


def test_what_expressions_compare_is_the_true_value(tmp_path: Path) -> None:
    played = Player(tmp_path)(TEXT)
    assert played.status == "passed"
    assert played["after"].title == "with ***"
    assert "abcdef" not in writers.render("junit", played.report)


def test_requests_before_the_secret_was_found() -> None:
    masker = Masker(())
    recorder = Recorder(masker)
    recorder.begin(Request("POST", "/v1.41/x", (("a", "tok-abcdef"),), (), b'{"b": "tok-abcdef"}'))
    masker.add(["tok-abcdef"])
    (exchange,) = recorder.exchanges()
    assert "abcdef" not in str(exchange.request)
    assert exchange.request.body == {"json": {"b": "***"}}


def test_an_expectation_on_an_echoed_secret(nowhere: Command) -> None:
    body = {"Name": "***", "Labels": ["a ***"]}
    response = {
        "at": 2,
        "status": 200,
        "reason": "OK",
        "headers": {"Content-Type": "application/json"},
        "body": [{"at": 3, "json": body}],
        "end": "complete",
    }
    exchange = {"at": 1, "request": {"method": "GET", "target": "/v1.41/info"}, "response": response}
    nowhere.write("recordings/x.json", json.dumps({**json.loads(EMPTY), "exchanges": [exchange]}))
    nowhere.write(
        "x.yaml",
        "title: echoed\nsecrets: [pw]\nsteps:\n"
        "  - info:\n    expect:\n      body: {Name: '{{ pw }}'}\n"
        "      that: [pw | length == 7, \"body.Labels[0] == 'a ' ~ pw\"]\n",
    )
    nowhere.write(".env", "pw=hunter2\n")
    done = nowhere("x.yaml", "--replay", "--secrets-file", ".env", "--format", "json")
    assert done.code == 0, done.err
    assert "hunter2" not in done.out + done.err
