"""The asciicast: what its format asks, and nothing that could drive a terminal."""

from __future__ import annotations

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from runner.executor.record import EngineRecord, Report, RequestRecord, ResponseRecord, ScenarioRecord, StepRecord
from runner.report.cast import LONGEST_WAIT, MOST_LINES, PROMPT, render

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


@given(st.text())
def test_nothing_an_engine_says_reaches_the_terminal(text: str) -> None:
    made = events(render(report(step(body=text, title=text))))
    shown = "".join(str(data) for _, kind, data in made if kind == "o")
    for ours in ("\x1b[0m", "\x1b[1m", "\x1b[90m", "\x1b[32m", "\r\n"):
        shown = shown.replace(ours, "")
    assert not any(ord(character) < 0x20 and character != "\t" for character in shown)
