"""The scenarios that run on Docker run on Podman, and the table of differences tells what is seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engines import Docker, Engine, Podman, Registry, start_registry
from tests.engines.packages import Unavailable
from tests.live.helpers import LIVE, ROOT, Runs

PAGE = ROOT / "docs" / "podman.md"
SHARED = ("containers", "exec", "images", "networks", "volumes", "system", "registry")
DIFFERENCES = tuple(sorted(path.name for path in (LIVE / "podman").glob("*.yaml")))
ROW = re.compile(
    r'\| \[(?P<operation>[\w.]+)\]\((?P<file>\S+) "(?P<step>\w+)"\) \| .+? \| (?P<docker>.+?) \| (?P<podman>.+?) \|'
)


@dataclass(frozen=True)
class Row:
    """A row of the page's tables, with the step that it links to."""

    operation: str
    file: str
    step: str
    docker: str
    podman: str


def rows() -> list[Row]:
    return [Row(**match.groupdict()) for match in ROW.finditer(PAGE.read_text())]


def answers(file: str) -> dict[str, dict[str, Any]]:
    """What a scenario of differences expects of each engine, by the id of the step that shows it."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((LIVE / "podman" / file).read_text())["vars"]["answers"]
    return found


def told_of(engine: Engine) -> None:
    """Skip the test on a version that the page does not speak of: another one may differ elsewhere."""
    version = engine.get("/version")["Version"].partition("+")[0]
    if version not in PAGE.read_text():
        pytest.skip(f"{PAGE.name} does not speak of {engine.name} {version}")


@pytest.fixture(scope="module")
def beside_podman(podman: Podman) -> Iterator[Registry]:
    try:
        with start_registry(podman) as started:
            yield started
    except Unavailable as reason:
        pytest.skip(f"no engine: {reason}")


def test_what_runs_on_docker_runs_on_podman(runs: Runs, podman: Podman, beside_podman: Registry) -> None:
    secrets = {"password": beside_podman.password}
    runs(podman, *(f"{name}.yaml" for name in SHARED), secrets=secrets, saved=str(runs.folder))


def test_the_differences_are_seen_on_docker(runs: Runs, docker: Docker, registry: Registry) -> None:
    told_of(docker)
    runs(docker, *(f"podman/{name}" for name in DIFFERENCES), secrets={"password": registry.password})


def test_the_differences_are_seen_on_podman(runs: Runs, podman: Podman, beside_podman: Registry) -> None:
    told_of(podman)
    runs(podman, *(f"podman/{name}" for name in DIFFERENCES), secrets={"password": beside_podman.password})


def test_every_difference_has_a_row_and_every_row_a_step() -> None:
    told = [(Path(row.file).name, row.step) for row in rows()]
    assert sorted(told) == sorted((file, step) for file in DIFFERENCES for step in answers(file))
    for row in rows():
        assert (PAGE.parent / row.file).is_file(), row.file
    for file in DIFFERENCES:
        ids = {step.get("id") for step in yaml.safe_load((LIVE / "podman" / file).read_text())["steps"]}
        assert set(answers(file)) <= ids, file


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.step)
def test_a_row_tells_what_its_step_expects(row: Row) -> None:
    expected = answers(Path(row.file).name)[row.step]
    assert expected["docker"] != expected["podman"]
    for engine, cell in (("docker", row.docker), ("podman", row.podman)):
        assert f"`{expected[engine]}`".lower() in cell.lower()
