"""Whatever the secret is, every report and recording is valid, nothing of the runner's own is masked, and no value of
the secret is left."""

from __future__ import annotations

import html.parser
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

import runner
from runner.masking import FIELD_NAMES
from runner.report.formats import FORMATS
from runner.report.ndjson import render_event
from tests.engine.scripted import Peer, ok, serving

ROOT = Path(__file__).parents[2]
JUNIT = xmlschema.XMLSchema(ROOT / "tests" / "report" / "junit-10.xsd")
SCHEMAS = {name: json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text()) for name in ("report", "recording")}
SCENARIO = """
title: Any secret
secrets: [pw]
vars: {derived: "<{{ pw }}>"}
steps:
  - id: echo
    title: "Send {{ pw }}"
    request:
      method: POST
      path: /echo
      query: {q: "{{ pw }}", filters: "{{ {'label': [pw]} | json }}"}
      body: {value: "{{ pw }}", inside: "is {{ pw }} here", "{{ pw }} key": ["{{ pw }}", 1, true, null]}
    capture: {again: body.value}
    expect: {status: 200, body: {value: "{{ pw }}"}, that: ["body.value == pw"]}
  - id: create
    create: {name: "box", body: {Image: "{{ pw }}", Labels: {secret: "{{ pw }}"}, Env: ["PW={{ pw }}"]}}
    capture: {box: body.Id}
  - {id: inspect, inspect: "{{ box }}", expect: {body: {Id: "{{ box }}"}}}
  - {id: output, logs: {id: "{{ box }}", stdout: true}, expect: {stdout: {contains: "{{ pw }}"}}}
  - {id: refused, start: "{{ box }}"}
  - {id: compared, check: ["pw ~ 'x' == 'guess'"]}
  - {id: loop, for_each: ["{{ pw }}"], set: {seen: "{{ item }}"}}
outputs: {all: pw}
"""
WORDS = """
pass passed failed error skipped steps step status 1 0 200 201 e a id Id true false null none json body headers request
response title kind phase version containers create create_1 logs start docker Docker engine image Image 1.41 v1.41 OK
POST GET http tcp 127.0.0.1 echo box value key name report scenario *** ** * check expectation ContainerCreate
application utf-8 x.yaml yaml <b> & " ' \\ ]]> --> %41 + ab hunter2
"""
EVERYDAY = (*WORDS.split(), "Any secret", " spaces ", "tab\there", "two\nlines", "it's", "\u202e", "\x1b[31m")
BOX = "c0ffee" * 10 + "cafe"
JSON = "Content-Type: application/json"


def frame(text: bytes) -> bytes:
    return b"\1\0\0\0" + len(text).to_bytes(4) + text


def answer(path: str, body: bytes, sent: bytes, *, listing: bool) -> bytes:
    """Answer with what was sent."""
    if "_ping" in path:
        return ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)")
    if path.endswith("/containers/create"):
        made = {"Id": BOX, "Warnings": [json.loads(body)["Image"]]}
        return ok(json.dumps(made).encode(), JSON).replace(b"200 OK", b"201 Created", 1)
    if path.endswith(f"/{BOX}/json"):
        state = {"Id": BOX, "Config": {"Tty": False}, "ExitCode": 1, "State": {"Pid": 200}}
        return ok(json.dumps(state).encode(), JSON)
    if "/logs" in path:
        output = frame(json.loads(sent)["Image"].encode()) + frame(b"\n")
        return ok(output, "Content-Type: application/vnd.docker.raw-stream")
    if path.endswith("/start"):
        message = {"message": f"no: {json.loads(sent)['Image']}"}
        return ok(json.dumps(message).encode(), JSON).replace(b"200 OK", b"404 Not Found", 1)
    if "/echo" in path:
        return ok(body, JSON)
    if listing or path.endswith("/json"):
        return ok(b"[]", JSON)
    return ok(b"").replace(b"200 OK", b"204 No Content", 1)


def echoes(peer: Peer) -> None:
    sent = b""
    while True:
        head, _, body = peer.request().partition(b"\r\n\r\n")
        sent = body or sent
        path, _, query = head.split(b" ")[1].decode().partition("?")
        peer.send(answer(path, body, sent, listing="all" in query))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(*[echoes] * 5000) as server:
        yield server.endpoint.url
    assert server.errors == []


def walk(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)
    else:
        yield value


def check_structure(report: Any) -> None:
    """Nothing of the runner's own is masked."""
    jsonschema.validate(report, SCHEMAS["report"])
    assert report["engine"]["name"] == "docker"
    (scenario,) = report["scenarios"]
    steps = {step["id"]: step for step in scenario["steps"]}
    assert [steps[name]["status"] for name in ("echo", "create", "inspect", "output")] == ["passed"] * 4, steps
    assert [steps[name]["status"] for name in ("refused", "compared")] == ["failed"] * 2
    assert steps["create"]["operation"] == "ContainerCreate"
    assert steps["create"]["request"]["path"] == "/v1.41/containers/create"
    assert steps["inspect"]["response"]["body"]["ExitCode"] == 1
    assert steps["compared"]["error"]["code"] == "expectation"
    assert set(steps["create"]["captured"]) == {"box"}


def check_values(report: Any, secret: str) -> None:
    """No value that was the secret is left."""
    steps = {step["id"]: step for step in report["scenarios"][0]["steps"]}
    shown = {
        "title": steps["echo"]["title"].removeprefix("Send "),
        "query": steps["echo"]["request"]["query"]["q"],
        "filters": json.loads(steps["echo"]["request"]["query"]["filters"])["label"][0],
        "sent": steps["echo"]["request"]["body"]["value"],
        "received": steps["echo"]["response"]["body"]["value"],
        "captured": steps["echo"]["captured"]["again"],
        "image": steps["create"]["request"]["body"]["Image"],
        "label": steps["create"]["request"]["body"]["Labels"]["secret"],
        "warning": steps["create"]["response"]["body"]["Warnings"][0],
        "output": steps["output"]["response"]["stdout"].strip(),
        "loop": steps["loop"]["each"][0]["captured"]["seen"],
    }
    assert shown == dict.fromkeys(shown, "***"), secret
    if len(secret) >= 4 and "***" not in secret:
        outside = [step[part] for step in steps.values() for part in ("request", "response") if step[part]]
        bodies = [part[name] for part in outside for name in ("body", "query") if part.get(name)]
        captured = [step["captured"] for step in steps.values()]
        texts = [text for text in walk([*bodies, *captured]) if isinstance(text, str)]
        assert [text for text in texts if secret in text and text not in FIELD_NAMES] == []


class Parser(html.parser.HTMLParser):
    """Counts what is open."""

    open: int = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open += tag == "section"

    def handle_endtag(self, tag: str) -> None:
        self.open -= tag == "section"


def check_all(url: str, secret: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, recording = Path(folder) / "x.yaml", Path(folder) / "x.json"
        path.write_text(SCENARIO)
        events: list[runner.Event] = []
        secrets = {"pw": secret}
        report = runner.record(path, recording, engine=url, secrets=secrets, keep_going=True, on_event=events.append)
        texts = {name: runner.render(report, name) for name in FORMATS if name != "ndjson"}
        value = json.loads(texts["json"])
        check_structure(value)
        check_values(value, secret)
        JUNIT.validate(io.StringIO(texts["junit"]))
        parser = Parser()
        parser.feed(texts["html"])
        assert parser.open == 0
        for line in texts["cast"].splitlines():
            json.loads(line)
        for event in events:
            json.loads(render_event(event))
        jsonschema.validate(json.loads(recording.read_text()), SCHEMAS["recording"])
        again = runner.replay(path, recording, secrets=secrets, keep_going=True)
        assert "not-recorded" not in {step.error.code for step in again.scenarios[0].steps if step.error}


def statuses(report: runner.Report) -> list[str]:
    return [step.status for step in report.scenarios[0].steps]


@pytest.mark.parametrize("secret", EVERYDAY)
def test_an_everyday_word(url: str, secret: str) -> None:
    check_all(url, secret)


@settings(max_examples=30, deadline=None)
@given(secret=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x24F), min_size=1).filter(str.strip))
def test_any_text(url: str, secret: str) -> None:
    check_all(url, secret)


def test_a_recording_is_replayed_without_its_secret(url: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(SCENARIO)
    recorded = runner.record(path, tmp_path / "x.json", engine=url, secrets={"pw": "hunter2"}, keep_going=True)
    assert "hunter2" not in (tmp_path / "x.json").read_text()
    assert statuses(runner.replay(path, tmp_path / "x.json", keep_going=True)) == statuses(recorded)
