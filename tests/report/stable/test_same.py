"""Two runs on a real engine give the same documents, byte for byte; so does the recording of an earlier one."""

from __future__ import annotations

import difflib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import OPTIONAL_ENGINE
from tests.engines import Docker, Engine, Podman
from tests.scenarios.helpers import SCENARIOS, start

SUFFIXES = ("md", "html")
ELSEWHERE = {"remote-engine", "tls-endpoint", "private-registry"}
"""Recorded on an engine that is reached in another way, or has a registry beside it."""


def started(folder: Path, scenario: Path, *words: str) -> subprocess.Popen[str]:
    """A run that writes its documents into a folder."""
    folder.mkdir()
    outputs = [word for suffix in SUFFIXES for word in ("-o", str(folder / f"page.{suffix}"))]
    return start(folder, scenario, "--format", "none", "--quiet", *words, *outputs)


def same(one: Path, other: Path) -> None:
    for suffix in SUFFIXES:
        first, second = ((folder / f"page.{suffix}").read_text(encoding="utf-8") for folder in (one, other))
        assert not list(
            difflib.unified_diff(first.splitlines(), second.splitlines(), one.name, other.name, lineterm="")
        )


def finish(running: Sequence[subprocess.Popen[str]]) -> None:
    for process in running:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_documents_are_the_same_each_time(docker: Docker, podman: Podman, scenario: Path, tmp_path: Path) -> None:
    """Both engines work at once: it is quicker, and their speed differs from one run to the other."""
    engines: Sequence[Engine] = (docker, podman)
    for time in ("first", "second"):
        finish([started(tmp_path / f"{one.name}-{time}", scenario, "-H", one.url) for one in engines])
    for one in engines:
        same(tmp_path / f"{one.name}-first", tmp_path / f"{one.name}-second")


HERE = [scenario for scenario in SCENARIOS if scenario.stem not in ELSEWHERE]


@pytest.mark.parametrize("scenario", HERE, ids=lambda path: path.stem)
def test_a_recording_gives_the_page_of_a_live_run(newest_docker: Docker, scenario: Path, tmp_path: Path) -> None:
    recording = json.loads((scenario.parent / "recordings" / f"{scenario.stem}.json").read_text())
    recorded = recording["engine"]["version"]
    if recorded != newest_docker.version.engine:
        pytest.skip(f"{OPTIONAL_ENGINE}the recordings are of Docker {recorded}")
    finish([started(tmp_path / "live", scenario, "-H", newest_docker.url)])
    finish([started(tmp_path / "replayed", scenario, "--replay")])
    same(tmp_path / "live", tmp_path / "replayed")


RACING = """\
title: Two streams, whose times race
steps:
  - create: {body: {Image: alpine, Cmd: [sh, -c, "echo a; echo b >&2"]}}
    capture: {c: body.Id}
    defer: {remove: {id: "{{ c }}", force: true}}
  - id: events
    events: {filters: {container: ["{{ c }}"], event: [start, die, died]}}
    background: true
    take: 2
  - start: "{{ c }}"
  - wait: "{{ c }}"
  - logs: {id: "{{ c }}", stdout: true, stderr: true, timestamps: true}
    capture: {at: "stderr.split(' ')[0]"}
  - logs: {id: "{{ c }}", stdout: true, stderr: true, since: "{{ at }}"}
    show: request
  - inspect: "{{ c }}"
    show: body.State.FinishedAt
  - await: events
"""


def test_times_are_numbered_as_they_appear(engine: Engine, tmp_path: Path) -> None:
    scenario = tmp_path / "racing.yaml"
    scenario.write_text(RACING)
    for number in range(5):
        finish([started(tmp_path / str(number), scenario, "-H", engine.url)])
        same(tmp_path / "0", tmp_path / str(number))
    page = (tmp_path / "0" / "page.md").read_text()
    assert 'since=$(date -d "$at" +%s.%N)' in page
