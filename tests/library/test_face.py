"""The functions of ``import runner``: results, exceptions, warnings, threads."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import runner
from tests.cli.helpers import FAILS, PASSES
from tests.engine.scripted import Peer, Server, ok, serving

PING = ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)")
SHIPPED = Path(__file__).parents[2] / "scenarios"


def answers_pings(peer: Peer) -> None:
    while True:
        peer.request()
        peer.send(PING)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(*[answers_pings] * 20) as server:
        yield server


@pytest.fixture
def url(server: Server) -> str:
    return server.endpoint.url


def scenario(folder: Path, text: str = PASSES, name: str = "x.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_importing_it_loads_nothing() -> None:
    code = "import __future__, sys; before = set(sys.modules); import runner; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["runner"]


def test_a_failed_scenario_is_a_report(tmp_path: Path, url: str) -> None:
    assert runner.run(scenario(tmp_path), engine=url).status == "passed"
    report = runner.run(scenario(tmp_path, FAILS), engine=url)
    assert report.status == "failed"
    error = report.scenarios[0].steps[0].error
    assert error is not None
    assert (error.code, error.place and error.place.line) == ("expectation", 3)


def test_several_and_folders(tmp_path: Path, url: str) -> None:
    scenario(tmp_path, name="a.yaml")
    scenario(tmp_path, FAILS, name="b.yaml")
    assert [one.status for one in runner.run(tmp_path, engine=url).scenarios] == ["passed", "failed"]
    loaded = runner.load(tmp_path / "a.yaml")
    report = runner.run([tmp_path / "b.yaml", loaded, loaded], engine=url, jobs=3)
    assert [one.status for one in report.scenarios] == ["failed", "passed", "passed"]


@pytest.mark.parametrize("value", ["1", 1, 1.5, True, None, [1, "2"], {"a": {"b": [None]}}, (1, 2)])
def test_values_keep_their_types(tmp_path: Path, url: str, value: Any) -> None:
    path = scenario(tmp_path, "title: t\nvars: {v: text}\nsteps:\n  - set: {seen: '{{ v }}'}\n")
    report = runner.run(path, engine=url, vars={"v": value})
    seen = report.scenarios[0].steps[0].captured["seen"]
    expected = list(value) if isinstance(value, tuple) else value
    assert (seen, type(seen)) == (expected, type(expected))


@pytest.mark.parametrize("value", [b"bytes", {1: 2}, {"a": {1, 2}}, [object()]])
def test_what_json_can_not_hold_is_no_value(tmp_path: Path, url: str, value: Any) -> None:
    with pytest.raises(TypeError):
        runner.run(scenario(tmp_path), engine=url, vars={"v": value})


def test_every_invalid_file_is_in_one_exception(tmp_path: Path, server: Server) -> None:
    first = scenario(tmp_path, "title: t\nsteps: [{start: '{{ nope }}'}]\n", "a.yaml")
    second = scenario(tmp_path, "title: t\n", "b.yaml")
    with pytest.raises(runner.InvalidScenario) as caught:
        runner.run([first, scenario(tmp_path), second], engine=server.endpoint.url)
    assert {Path(found.place.file).name for found in caught.value.diagnostics if found.place} == {"a.yaml", "b.yaml"}
    assert server.connections == 0


def test_check_returns_errors_and_warnings(tmp_path: Path) -> None:
    text = "title: t\nsteps:\n  - {set: {a: 1}}\n  - {ping: {}, capture: {unused: headers}}\n"
    assert [(one.code, one.severity) for one in runner.check(scenario(tmp_path, text))] == [
        ("unused-capture", "warning")
    ]
    (error,) = runner.check(scenario(tmp_path, "title: t\nsteps: [{start: '{{ given }}'}]\n"))
    assert (error.code, error.severity) == ("undefined-name", "error")
    assert runner.check(tmp_path / "x.yaml", vars=["given"]) == ()
    newer = scenario(tmp_path, "title: t\nsteps: [{image.attestations: {name: a}}]\n")
    assert runner.check(newer) == ()
    assert [one.code for one in runner.check(newer, api_version="1.41")] == ["not-in-this-version"]
    with pytest.raises(runner.UsageError, match="no such file"):
        runner.check(tmp_path / "none.yaml")


def test_the_engine_s_version_is_compared_before_anything_runs(tmp_path: Path, url: str) -> None:
    with pytest.raises(runner.InvalidScenario, match="has no operation"):
        runner.run(scenario(tmp_path, "title: t\nsteps: [{image.attestations: {name: a}}]\n"), engine=url)


def test_a_missing_secret_and_a_reserved_name(tmp_path: Path, url: str) -> None:
    path = scenario(tmp_path, "title: t\nsecrets: [pw]\nsteps:\n  - check: [pw == 'hush-hush']\n")
    with pytest.raises(runner.UsageError, match="needs the secret 'pw'"):
        runner.run(path, engine=url)
    report = runner.run(path, engine=url, secrets={"pw": "hush-hush"})
    assert report.status == "passed"
    assert "hush" not in runner.render(report, "json")
    with pytest.raises(runner.UsageError, match="'body' can't be a variable"):
        runner.run(path, engine=url, vars={"body": 1})


def test_warnings_go_to_the_caller(tmp_path: Path, url: str) -> None:
    path = scenario(tmp_path, "title: t\nsteps:\n  - {ping: {}, capture: {unused: headers}}\n")
    warnings: list[runner.Diagnostic] = []
    runner.run(path, engine=url, on_warning=warnings.append)
    assert [one.code for one in warnings] == ["unused-capture"]
    warnings.clear()
    runner.record(scenario(tmp_path, FAILS), tmp_path / "r.json", engine=url, on_warning=warnings.append)
    assert [one.code for one in warnings] == ["constant-condition", "recorded-failure"]


def test_record_and_replay(tmp_path: Path, url: str) -> None:
    path = scenario(tmp_path, "title: t\nsteps:\n  - {id: asked, ping: {}}\n")
    events: list[runner.Event] = []
    report = runner.record(path, tmp_path / "r.json", engine=url, on_event=events.append)
    assert report.status == "passed"
    assert any(isinstance(event, runner.RequestSent) for event in events)
    again = runner.replay(path, tmp_path / "r.json")
    assert again.status == "passed"
    assert again.engine is not None
    assert again.engine.recorded_at is not None
    warnings: list[runner.Diagnostic] = []
    runner.replay(scenario(tmp_path), tmp_path / "r.json", on_warning=warnings.append)
    assert [one.code for one in warnings] == ["unused-recording"]
    with pytest.raises(runner.UsageError, match="no recording"):
        runner.replay(path)


def test_leaving_the_stream_early_stops_the_run(tmp_path: Path, url: str) -> None:
    path = scenario(tmp_path, "title: t\nsteps:\n  - {sleep: 0}\n  - {sleep: 50s}\n")
    for event in runner.stream(path, engine=url):
        if isinstance(event, runner.StepFinished):
            break
    assert "run" not in {thread.name for thread in threading.enumerate()}


def test_a_stream_that_is_not_read_connects_to_nothing(tmp_path: Path, server: Server) -> None:
    runner.stream(scenario(tmp_path), engine=server.endpoint.url)
    assert server.connections == 0


def test_it_can_be_stopped_from_another_thread(tmp_path: Path, url: str) -> None:
    path = scenario(tmp_path, "title: t\nsteps:\n  - {id: long, sleep: 50s}\n")
    scope = runner.CancelScope()

    def stop_at_the_step(event: runner.Event) -> None:
        if isinstance(event, runner.StepStarted):
            threading.Thread(target=scope.cancel).start()

    report = runner.run(path, engine=url, cancel_scope=scope, on_event=stop_at_the_step)
    (step,) = report.scenarios[0].steps
    assert step.error is not None
    assert step.error.code == "interrupted"


def test_an_engine_of_the_caller_stays_open_and_serves_threads(tmp_path: Path, url: str) -> None:
    path = scenario(tmp_path, "title: t\nsteps:\n  - {ping: {}}\n")
    with runner.connect(url) as engine:
        opened = runner.load(path)
        with ThreadPoolExecutor(4) as pool:
            reports = list(pool.map(lambda _: runner.run(opened, engine=engine), range(8)))
        assert {report.status for report in reports} == {"passed"}
        assert runner.run(opened, engine=engine).status == "passed"


def test_it_prints_nothing(tmp_path: Path, url: str, capfd: pytest.CaptureFixture[str]) -> None:
    runner.run(scenario(tmp_path, FAILS), engine=url)
    runner.record(scenario(tmp_path), tmp_path / "r.json", engine=url)
    runner.replay(tmp_path / "x.yaml", tmp_path / "r.json")
    runner.check(tmp_path / "x.yaml")
    assert capfd.readouterr() == ("", "")


def test_a_silent_engine_takes_the_time_of_the_caller(tmp_path: Path) -> None:
    def silent(peer: Peer) -> None:
        peer.request()
        peer.request()

    with serving(silent, silent) as server, pytest.raises(runner.EngineError) as caught:
        runner.run(scenario(tmp_path), engine=server.endpoint.url, timeout="300ms")
    assert caught.value.code == "engine-unreachable"
    with pytest.raises(ValueError, match="not a duration"):
        runner.connect("unix:///x", timeout="soon")


def test_an_address_or_the_name_of_a_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(runner.UsageError, match="no-such-context"):
        runner.connect("no-such-context")
    monkeypatch.setenv("DOCKER_HOST", url)
    with runner.connect() as engine:
        assert engine.name == "docker"
    with runner.connect(url.removeprefix("tcp://"), api_version="1.40") as engine:
        assert engine.api_version == "1.40"


def test_formats(tmp_path: Path, url: str) -> None:
    report = runner.run(scenario(tmp_path), engine=url)
    assert json.loads(runner.render(report, "json"))["status"] == "passed"
    assert runner.render(report).startswith("# passes\n")
    with pytest.raises(runner.UsageError, match="no format 'pdf'"):
        runner.render(report, "pdf")


def test_a_page_is_filled(tmp_path: Path, url: str) -> None:
    scenario(tmp_path)
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n<!-- run: x.yaml -->\n<!-- /run -->\n")
    assert "## passes" in runner.fill(page, engine=url)
    assert "## passes" not in page.read_text()
    scenario(tmp_path, FAILS)
    with pytest.raises(runner.StepError, match="did not pass"):
        runner.fill(page, engine=url)


def test_a_plan_needs_no_engine() -> None:
    script = runner.plan(SHIPPED / "run-a-container.yaml", engine="unix:///somewhere.sock")
    assert "curl" in script
    assert "/somewhere.sock" in script
