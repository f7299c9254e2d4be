"""Which of the API's operations a real engine has answered with success, counted from the reports of live runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.engines import Docker, Neighbour, Registry
from tests.live.helpers import LIVE, ROOT, Runs

OUT_OF_REACH = {
    "image.attestations": "needs API 1.55; tests/executor/test_newer_operations.py has it on the wire",
    "volume.update": "needs API 1.42; tests/executor/test_newer_operations.py has it on the wire",
}
"""The operations that no scenario here gets an answer for, and why."""


@pytest.fixture(scope="module")
def alone(runs: Runs, docker: Docker, registry: Registry) -> None:
    """Everything that one engine and a registry beside it can show."""
    scenarios = [path.name for path in sorted(LIVE.glob("*.yaml"))]
    runs(docker, *scenarios, secrets={"password": registry.password}, saved=str(runs.folder), user=registry.user)


@pytest.fixture(scope="module")
def swarm(runs: Runs, docker: Docker, second_docker: Neighbour) -> Iterator[dict[str, list[Any]]]:
    """A swarm of two from its first day to its last, managed by the second engine.

    What it gives is what was there after a run that had created services, secrets, configs and volumes.
    """
    manager = second_docker.engine
    try:
        (begun,) = runs(manager, "swarm/1-init.yaml", address=second_docker.address)
        places = {"manager": second_docker.address, "address": second_docker.first_address}
        runs(docker, "swarm/2-join.yaml", secrets={"token": begun["outputs"]["token"]}, **places)
        (served,) = runs(manager, "swarm/3-services.yaml")
        runs(manager, "swarm/4-left-behind.yaml")
        left = {kind: manager.get(f"/v1.41/{kind}") for kind in ("services", "secrets", "configs")}
        left["volumes"] = manager.get("/v1.41/volumes")["Volumes"] or []
        runs(docker, "swarm/5-leave.yaml")
        (locked,) = runs(manager, "swarm/6-lock.yaml", worker=served["outputs"]["worker"])
        manager.restart()
        runs(manager, "swarm/7-unlock.yaml", secrets={"key": locked["outputs"]["key"]})
        yield left
    finally:
        for engine in (docker, manager):
            engine.request("POST", "/swarm/leave?force=1")


def test_a_run_leaves_nothing_in_a_swarm(swarm: dict[str, list[Any]]) -> None:
    assert swarm == {"services": [], "secrets": [], "configs": [], "volumes": []}


@pytest.mark.usefixtures("alone", "swarm")
def test_every_operation_within_reach_is_answered(runs: Runs, record_property: Callable[[str, str], None]) -> None:
    command = [sys.executable, "-m", "runner", "operations", "--coverage", *map(str, runs.reports), "--format", "json"]
    counted = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    done = counted["operations"] - len(counted["not_exercised"])
    record_property("answered by engines", f"{done} of {counted['operations']} operations, {counted['percent']} %")
    missing = set(counted["not_exercised"])
    assert not missing - set(OUT_OF_REACH), f"answered by no engine: {', '.join(sorted(missing - set(OUT_OF_REACH)))}"
    assert missing == set(OUT_OF_REACH), f"answered by now: {', '.join(sorted(set(OUT_OF_REACH) - missing))}"
