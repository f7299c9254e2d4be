"""Which of the API's operations each engine answers with success, counted from the reports of live runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runner.api import operations
from tests.engines import Docker, Engine, Neighbour, Podman, Registry
from tests.engines.engine import api_key
from tests.live.helpers import LIVE, ROOT, Runs

ON_PODMAN = ("containers", "exec", "images", "networks", "volumes", "system", "registry")
"""The scenarios of this folder that are not about Docker alone."""


@pytest.fixture(scope="module")
def alone(runs: Runs, each_docker: Docker, registry_beside: Callable[[Engine], Registry]) -> None:
    """Everything that one engine and a registry beside it can show."""
    registry = registry_beside(each_docker)
    scenarios, folder = [path.name for path in sorted(LIVE.glob("*.yaml"))], runs.folder_of(each_docker)
    runs(each_docker, *scenarios, secrets={"password": registry.password}, saved=str(folder), user=registry.user)


@pytest.fixture(scope="module")
def swarm(
    runs: Runs, each_docker: Docker, neighbour_of: Callable[[Docker], Neighbour]
) -> Iterator[dict[str, list[Any]]]:
    """A swarm of two from its first day to its last, managed by the second engine.

    What it gives is what was there after a run that had created services, secrets, configs and volumes.
    """
    docker, neighbour = each_docker, neighbour_of(each_docker)
    manager = neighbour.engine

    try:
        (begun,) = runs(manager, "swarm/1-init.yaml", address=neighbour.address)
        places = {"manager": neighbour.address, "address": neighbour.first_address}
        runs(docker, "swarm/2-join.yaml", secrets={"token": begun["outputs"]["token"]}, **places)
        (served,) = runs(manager, "swarm/3-services.yaml")
        runs(manager, "swarm/4-volumes.yaml", "swarm/5-left-behind.yaml")
        left = {kind: manager.get(f"/{kind}") for kind in ("services", "secrets", "configs")}
        left["volumes"] = manager.get("/volumes")["Volumes"] or []
        runs(docker, "swarm/6-leave.yaml")
        (locked,) = runs(manager, "swarm/7-lock.yaml", worker=served["outputs"]["worker"])
        manager.restart()
        runs(manager, "swarm/8-unlock.yaml", secrets={"key": locked["outputs"]["key"]})
        yield left
    finally:
        for engine in (docker, manager):
            engine.request("POST", "/swarm/leave?force=1")


def test_a_run_leaves_nothing_in_a_swarm(swarm: dict[str, list[Any]]) -> None:
    assert swarm == {"services": [], "secrets": [], "configs": [], "volumes": []}


@pytest.mark.usefixtures("alone", "swarm")
def test_every_operation_of_its_api_version_is_answered(
    runs: Runs, each_docker: Docker, record_property: Callable[[str, str], None]
) -> None:
    reports = map(str, runs.reports_of(each_docker))
    command = [sys.executable, "-m", "runner", "operations", "--coverage", *reports, "--format", "json"]
    counted = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    done = counted["operations"] - len(counted["not_exercised"])
    version = each_docker.version
    share = f"{done} of {counted['operations']} operations, {counted['percent']} %"
    record_property(f"answered by Docker {version.engine}", share)
    newer = {operation.name for operation in operations.all_operations() if api_key(operation.since) > version.api_key}
    assert set(counted["not_exercised"]) == newer


def test_what_runs_on_docker_runs_on_podman(
    runs: Runs, each_podman: Podman, registry_beside: Callable[[Engine], Registry]
) -> None:
    secrets, folder = {"password": registry_beside(each_podman).password}, runs.folder_of(each_podman)
    runs(each_podman, *(f"{name}.yaml" for name in ON_PODMAN), secrets=secrets, saved=str(folder))
