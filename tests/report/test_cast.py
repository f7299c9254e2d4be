"""The asciicast: what its format asks, and nothing that could drive a terminal."""

from __future__ import annotations

import itertools
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from runner.report.cast import PROMPT, render
from runner.report.demo import LONGEST_WAIT, MOST_LINES, PAUSE, WIDTH, narrow
from runner.results.records import EngineRecord, Report, RequestRecord, ResponseRecord, ScenarioRecord, StepRecord
from tests.report.factories import call, create
from tests.scenarios.helpers import ROOT, start

ENGINE = EngineRecord("docker", "20.10", "1.41", "unix:///var/run/docker.sock")
START = RequestRecord("POST", "/v1.41/containers/abc/start")


def report(*steps: StepRecord) -> Report:
    scenario = ScenarioRecord(file="x.yaml", title="A recipe", status="passed", steps=steps)
    return Report("passed", "2026-01-02T03:04:05Z", 1.0, ENGINE, (scenario,))


def step(**fields: str) -> StepRecord:
    record = StepRecord("start", "container.start", "steps", "passed", operation="ContainerStart", request=START)
    return record._replace(title=fields.get("title", "Start it"), response=ResponseRecord(200, body=fields.get("body")))


def events(text: str) -> list[list[object]]:
    header, *rest = map(json.loads, text.splitlines())
    assert (header["version"], header["title"]) == (2, "A recipe")
    return list(rest)


def test_a_session_with_a_marker_per_step() -> None:
    made = events(render(report(step(), step(title="Again")._replace(duration_ms=60_000.0))))
    assert [data for _, kind, data in made if kind == "m"] == ["Start it", "Again"]
    times = [time for time, _, _ in made]
    assert times == sorted(times)  # type: ignore[type-var]
    shown = "".join(str(data) for _, kind, data in made if kind == "o")
    assert f"{PROMPT}curl -s --unix-socket /var/run/docker.sock -X POST" in shown
    assert "200 OK" in shown
    waits = [float(str(later)) - float(str(sooner)) for sooner, later in itertools.pairwise(times)]
    assert max(waits) <= LONGEST_WAIT + 0.1


def test_long_answers_are_cut() -> None:
    made = events(render(report(step(body="\n".join(map(str, range(MOST_LINES + 5)))))))
    assert "… 5 more lines\r\n" in [data for _, _, data in made]


def test_output_of_the_background_is_seen_where_it_is_awaited() -> None:
    attach = call(
        "ContainerAttach", "POST", "/containers/c/attach", id="out", title="Attach", background=True,
        duration_ms=9000.0, response={"stdout": "hello\n"},
    )  # fmt: skip
    waited = attach._replace(id="end", title="Read", kind="await", awaits="out", background=False, duration_ms=0.0)
    made = events(render(report(create(), attach, step(title="Start"), waited)))
    places = [data for _, _, data in made if data in ("Attach", "Start", "Read", "hello\r\n")]
    assert places == ["Attach", "Start", "Read", "hello\r\n"]
    assert "unframe() {" not in "".join(str(data) for _, _, data in made)
    times = [float(str(time)) for time, _, _ in made]
    assert max(later - sooner for sooner, later in itertools.pairwise(times)) <= PAUSE + 0.1, "nobody waits for it"


def test_asciinema_plays_it(tmp_path: Path) -> None:
    """The player itself reads every line of a shipped scenario's session, and shows it."""
    file = tmp_path / "x.cast"
    words = ("--replay", "--format", "none", "--quiet", "-o", file)
    _, stderr = start(tmp_path, ROOT / "scenarios/run-a-container.yaml", *words).communicate(timeout=60)
    assert stderr == ""
    ours, theirs = pty.openpty()
    env = {**os.environ, "ASCIINEMA_CONFIG_HOME": str(tmp_path), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    player = subprocess.Popen(
        [sys.executable, "-m", "asciinema", "play", "--speed", "1000", file],
        stdin=theirs, stdout=theirs, stderr=theirs, env=env,
    )  # fmt: skip
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        shown = b"".join(iter(lambda: _read(terminal.fileno()), b"")).decode()
    assert player.wait(timeout=20) == 0, shown
    assert "# Run a command in a container" in shown
    assert "bin\r\r\ndev\r\r\netc" in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side has gone
        return b""


@given(st.text())
def test_nothing_an_engine_says_reaches_the_terminal(text: str) -> None:
    made = events(render(report(step(body=text, title=text))))
    shown = "".join(str(data) for _, kind, data in made if kind == "o")
    for ours in ("\x1b[0m", "\x1b[1m", "\x1b[90m", "\x1b[32m", "\r\n"):
        shown = shown.replace(ours, "")
    assert not any(ord(character) < 0x20 and character != "\t" for character in shown)


def test_commands_are_broken_at_their_words() -> None:
    made = events(render(report(create(body={"Image": "alpine", "Cmd": ["sh", "-c", "echo a   b"] * 4}))))
    typed = "".join(str(data) for _, kind, data in made if kind == "o")
    lines = typed.split("\r\n")
    assert max(len(line.removeprefix(PROMPT)) for line in lines) <= WIDTH
    assert narrow("curl -X POST 'a   b' http://localhost/containers", 24) == (
        "curl -X POST 'a   b' \\\n    http://localhost/containers"
    )
    assert narrow("x='a\nb' y", 10) == "x='a\nb' y"
