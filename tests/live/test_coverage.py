"""Which of the API's operations a real engine has answered with success, counted from the reports of live runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines import Docker, Neighbour, Registry

LIVE = Path(__file__).parent
ROOT = LIVE.parent.parent
OUT_OF_REACH = {
    "container.attach_websocket": "is sent, but this scenario waits for the transport",
    "image.attestations": "needs API 1.55; tests/engine/test_newer_operations.py has it on the wire",
    "volume.update": "needs API 1.42; tests/engine/test_newer_operations.py has it on the wire",
}
"""The operations that no scenario here gets an answer for, and why."""


class Runs:
    """Runs scenarios in a folder of their own and keeps the reports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reports: list[Path] = []

    def __call__(self, engine: Docker, *scenarios: str, secrets: dict[str, str] | None = None, **values: str) -> Any:
        """Run them, which must pass; the last one's outputs."""
        report = self.folder / f"{len(self.reports)}.json"
        command = [sys.executable, "-m", "runner", "--host", engine.url, "--format", "none", "--output", str(report)]
        command += [f"--var={name}={value}" for name, value in values.items()]
        secret = {f"RUN_SECRET_{name.upper()}": value for name, value in (secrets or {}).items()}
        done = subprocess.run(
            [*command, *(str(LIVE / scenario) for scenario in scenarios)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **secret},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        self.reports.append(report)
        return json.loads(report.read_bytes())["scenarios"][-1].get("outputs")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="module")
def alone(runs: Runs, docker: Docker, registry: Registry) -> None:
    """Everything that one engine and a registry beside it can show."""
    scenarios = [path.name for path in sorted(LIVE.glob("*.yaml"))]
    runs(docker, *scenarios, secrets={"password": registry.password}, saved=str(runs.folder), user=registry.user)


@pytest.fixture(scope="module")
def swarm(runs: Runs, docker: Docker, second_docker: Neighbour) -> Iterator[None]:
    """A swarm of two from its first day to its last; the engine of its own manages it."""
    manager = second_docker.engine
    try:
        begun = runs(manager, "swarm/1-init.yaml", address=second_docker.address)
        places = {"manager": second_docker.address, "address": second_docker.first_address}
        runs(docker, "swarm/2-join.yaml", secrets={"token": begun["token"]}, **places)
        served = runs(manager, "swarm/3-services.yaml")
        runs(docker, "swarm/4-leave.yaml")
        locked = runs(manager, "swarm/5-lock.yaml", worker=served["worker"])
        manager.restart()
        runs(manager, "swarm/6-unlock.yaml", secrets={"key": locked["key"]})
        yield
    finally:
        for engine in (docker, manager):
            engine.request("POST", "/swarm/leave?force=1")


@pytest.mark.usefixtures("alone", "swarm")
def test_every_operation_within_reach_is_answered(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "runner", "operations", "--coverage", *map(str, runs.reports), "--format", "json"]
    counted = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    done = counted["operations"] - len(counted["not_exercised"])
    with capsys.disabled():
        print(f" {done} of {counted['operations']} operations: {counted['percent']} % ", end="")
    missing = set(counted["not_exercised"])
    assert not missing - set(OUT_OF_REACH), f"answered by no engine: {', '.join(sorted(missing - set(OUT_OF_REACH)))}"
    assert missing == set(OUT_OF_REACH), f"answered by now: {', '.join(sorted(set(OUT_OF_REACH) - missing))}"
