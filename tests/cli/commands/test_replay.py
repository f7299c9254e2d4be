"""``--record`` and ``--replay``: a run again, without an engine and without a socket."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.helpers import ROOT, Command, Done
from tests.engines import Docker, Engine

SCENARIO = """\
title: Everything at once
vars: {image: alpine, word: hello}
secrets: [token]
steps:
  - id: create
    create:
      body:
        Image: "{{ image }}"
        Cmd: [sh, -c, "cat; echo $TOKEN; echo oops >&2; sleep 300"]
        Env: ["TOKEN={{ token }}"]
        OpenStdin: true
        StdinOnce: true
    capture: {box: body.Id}
    defer:
      remove: {id: "{{ box }}", force: true}
  - id: talk
    attach: {id: "{{ box }}", stream: true, stdout: true, stderr: true, stdin: "{{ word }}\\n"}
    background: true
  - {id: start, start: "{{ box }}"}
  - id: poll
    inspect: "{{ box }}"
    retry: {times: 50, every: 100ms, until: body.State.Running}
  - id: three
    stats: "{{ box }}"
    take: {items: 2}
  - id: short
    logs: {id: "{{ box }}", follow: true, stdout: true}
    take: {for: 1s}
  - {id: missing, inspect: no-such-container, expect: {status: 404}}
  - {sleep: 1s}
  - {id: kill, kill: "{{ box }}"}
  - await: talk
    expect: {stdout: "{{ word }}\\n{{ token }}\\n", stderr: "oops\\n"}
"""
NO_SOCKET = """\
import sys
def watch(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"a socket was used: {event}")
sys.addaudithook(watch)
from runner.cli.main import run_command
from runner.cli.output.console import process_console
sys.exit(run_command(sys.argv[1:], process_console()))
"""


def on(engine: Engine, folder: Path) -> Command:
    return Command(folder, engine.url)


def without_sockets(command: Command, *words: str) -> Done:
    done = subprocess.run(
        [sys.executable, "-c", NO_SOCKET, *words],
        cwd=command.folder,
        env=command.environment(DOCKER_HOST="unix:///nowhere/at/all.sock"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_a_run_is_recorded_and_replayed(engine: Engine, tmp_path: Path) -> None:
    command = on(engine, tmp_path)
    command.write("x.yaml", SCENARIO)
    live = command("x.yaml", "--secret", "token=s3cr3t-word", "--record", "r.json", "--format", "json")
    assert live.code == 0, live.err
    assert "recorded" in live.err
    text = (tmp_path / "r.json").read_text(encoding="utf-8")
    assert "s3cr3t" not in text
    schema = json.loads((ROOT / "schemas" / "recording.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(json.loads(text))

    replayed = without_sockets(command, "x.yaml", "--replay", "r.json", "--format", "json")
    assert replayed.code == 0, replayed.err
    assert "unused" not in replayed.err
    then, now = json.loads(live.out), json.loads(replayed.out)
    assert now["duration_ms"] < then["duration_ms"] / 2, "a replay does not wait"
    assert now["engine"]["recorded_at"] == json.loads(text)["recorded_at"]
    for name in ("name", "version", "api_version"):
        assert now["engine"][name] == then["engine"][name]
    for old, new in zip(then["scenarios"][0]["steps"], now["scenarios"][0]["steps"], strict=True):
        assert old["request"] == new["request"]
        assert old["response"] == new["response"]
        assert (old["id"], old["status"], old["attempts"]) == (new["id"], new["status"], new["attempts"])


def recorded(command: Command, text: str, *words: str) -> Done:
    """Write a scenario and its recording, which is where it is looked for."""
    command.write("x.yaml", text)
    (command.folder / "recordings").mkdir()
    done = command("x.yaml", "--record", "recordings/x.json", "-q", *words)
    assert (command.folder / "recordings" / "x.json").exists(), done.err
    return done


LISTS = "title: lists\nvars: {all: true}\nsteps:\n  - {id: one, list: {all: '{{ all }}'}}\n"


def test_the_recording_beside_the_scenario_is_the_default(on_docker: Command, nowhere: Command) -> None:
    recorded(on_docker, LISTS)
    for words in (("x.yaml", "--replay"), ("--replay", "x.yaml"), (".", "--replay"), ("--replay=", ".")):
        done = without_sockets(nowhere, *words, "--format", "none")
        assert done.code == 0, done.err
        assert "recorded 20" in done.err


def test_a_changed_request_is_shown_beside_the_recorded_one(on_docker: Command, docker: Docker) -> None:
    recorded(on_docker, LISTS)
    done = on_docker("x.yaml", "--replay", "--var", "all=false", "--format", "none")
    assert done.code == 1
    assert "error[not-recorded]" in done.err
    assert f'-  "target": "/v{docker.version.api}/containers/json?all=1"' in done.err
    assert f'+  "target": "/v{docker.version.api}/containers/json?all=0"' in done.err
    assert "--record" in done.err


def test_requests_that_are_no_longer_made_are_reported(on_docker: Command, docker: Docker) -> None:
    recorded(on_docker, LISTS + "  - {info: }\n")
    on_docker.write("x.yaml", LISTS)
    done = on_docker("x.yaml", "--replay", "--format", "none")
    assert done.code == 0
    assert "warning[unused-recording]: recordings/x.json: 1 recorded request not made" in done.err
    assert f"GET /v{docker.version.api}/info" in done.err


def test_a_run_that_failed_is_recorded_too(on_docker: Command) -> None:
    failing = "title: fails\nsteps:\n  - {inspect: no-such-container}\n"
    live = recorded(on_docker, failing)
    assert live.code == 1
    assert "holds a run that did not pass" in live.err
    done = without_sockets(on_docker, "x.yaml", "--replay", "--format", "none")
    assert done.code == 1
    assert "No such container" in done.err


def test_several_scenarios_have_a_recording_each(on_docker: Command) -> None:
    on_docker.write("a.yaml", LISTS)
    on_docker.write("b.yaml", LISTS.replace("lists", "lists again"))
    refused = on_docker("a.yaml", "b.yaml", "--record", "r.json")
    assert refused.code == 2
    assert "several scenarios need a folder" in refused.err
    (on_docker.folder / "kept").mkdir()
    done = on_docker("a.yaml", "b.yaml", "--record", "kept", "--jobs", "2", "--format", "none")
    assert done.code == 0, done.err
    assert sorted(path.name for path in (on_docker.folder / "kept").iterdir()) == ["a.json", "b.json"]
    done = without_sockets(on_docker, "a.yaml", "b.yaml", "--replay=kept", "--format", "none")
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("x.yaml", "--replay"), 2, "there is no recording recordings/x.json"),
        (("x.yaml", "--replay", "broken.json"), 2, "error[bad-recording]: broken.json can't be replayed"),
        (("x.yaml", "--replay", "-H", "tcp://127.0.0.1:1"), 2, "--host makes no sense with --replay"),
        (("x.yaml", "--replay", "--record", "y.json"), 2, "--record makes no sense with --replay"),
        (("x.yaml", "--record", "no/such/folder/r.json"), 2, "can't be written"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(
    nowhere: Command, words: tuple[str, ...], code: int, message: str
) -> None:
    nowhere.write("x.yaml", LISTS)
    nowhere.write("broken.json", "{")
    done = nowhere(*words)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
