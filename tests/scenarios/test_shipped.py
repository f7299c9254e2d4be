"""Every shipped scenario, as a user would run it: on real engines, and leaving nothing behind."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.engines import Certificates, Docker, Engine, Registry
from tests.scenarios import contradictions
from tests.scenarios.helpers import ROOT, SCENARIOS, start

NAMES = [path.stem for path in SCENARIOS]
ALONE = {"swarm-service"}
"""An engine can be in one swarm only, so two runs of these can't share it."""
DOCKER_ONLY = {"swarm-service"}
LISTS = {
    "containers": ("/v1.40/containers/json?all=1", "Id"),
    "images": ("/v1.40/images/json?all=1", "Id"),
    "networks": ("/v1.40/networks", "Name"),
    "volumes": ("/v1.40/volumes", "Name"),
}
MADE_BY_THE_ENGINE = {"docker_gwbridge"}
"""What a Docker Engine makes when it joins a swarm, and keeps when it leaves."""

IMAGE_RACE = "unrecognized image ID"
"""What Docker 20.10 answers to one of two removals, at the same time, of images that share a parent from the cache."""

Things = dict[str, set[str]]


@pytest.fixture
def report_schema() -> Mapping[str, Any]:
    schema: Mapping[str, Any] = json.loads((ROOT / "schemas" / "report.schema.json").read_text())
    return schema


def report_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The JSON report of a run that passes."""
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    report: dict[str, Any] = json.loads(stdout)
    return report


def things(engine: Engine) -> Things:
    """Return what is on the engine, and whether it is in a swarm."""
    found: Things = {}
    for noun, (path, key) in LISTS.items():
        listed = engine.get(path)
        items = listed["Volumes"] or [] if noun == "volumes" else listed
        found[noun] = {item[key] for item in items} - MADE_BY_THE_ENGINE
    found["swarm"] = {engine.get("/v1.40/info")["Swarm"]["LocalNodeState"]}
    return found


def steps(report: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = report["scenarios"][0]["steps"]
    return found


def test_every_scenario_is_strictly_valid(tmp_path: Path) -> None:
    process = start(tmp_path, "check", "--strict", ROOT / "scenarios")
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (0, f"{len(SCENARIOS)} scenarios: nothing wrong\n"), stderr


@pytest.mark.parametrize("path", SCENARIOS, ids=NAMES)
def test_on_every_engine(engine: Engine, path: Path, tmp_path: Path, report_schema: Mapping[str, Any]) -> None:
    before = things(engine)
    report = report_of(start(tmp_path, path, "-H", engine.url, "--format", "json"))
    jsonschema.validate(report, report_schema)
    skipped = engine.name == "podman" and path.stem in DOCKER_ONLY
    assert report["scenarios"][0]["status"] == ("skipped" if skipped else "passed")
    assert {step["phase"] for step in steps(report)} <= {"steps", "finally"}, "the recipe left it to the runner"
    assert things(engine) == before
    name = contradictions.release(engine)
    if name in contradictions.PAGE.read_text("utf-8"):
        shown = contradictions.listed(name, path.stem)
        assert contradictions.seen(report) == shown, "run python -m tests.scenarios.contradictions"


def test_remote_engine_over_tcp(docker: Docker, tmp_path: Path) -> None:
    if docker.tcp_url is None:
        pytest.skip("the caller's engine is not on TCP")
    report = report_of(start(tmp_path, ROOT / "scenarios/remote-engine.yaml", "-H", docker.tcp_url, "--format", "json"))
    assert report["engine"]["endpoint"] == docker.tcp_url


def test_tls_endpoint_over_tls(docker_tls: Docker, certificates: Certificates, tmp_path: Path) -> None:
    env = {
        "DOCKER_HOST": (docker_tls.tcp_url or "").replace("127.0.0.1", "localhost"),
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(certificates.good),
    }
    report = report_of(start(tmp_path, ROOT / "scenarios/tls-endpoint.yaml", "--format", "json", env=env))
    assert report["status"] == "passed"


def test_private_registry_with_the_password_of_docker_login(docker: Docker, registry: Registry, tmp_path: Path) -> None:
    login = base64.b64encode(f"{registry.user}:{registry.password}".encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": login}}}))
    before = things(docker)
    arguments = ("--var", f"registry={registry.address}", "-H", docker.url, "--format", "json")
    env = {"DOCKER_CONFIG": str(tmp_path)}
    process = start(tmp_path, ROOT / "scenarios/private-registry.yaml", *arguments, env=env)
    report = report_of(process)
    assert {step["status"] for step in steps(report)} == {"passed"}
    assert things(docker) == before
    text = json.dumps(report)
    assert login not in text
    assert registry.password not in text


def test_two_of_each_at_once(docker: Docker, tmp_path: Path) -> None:
    """Nothing in a scenario depends on being alone: not on names, nor on files, nor on the speed of the engine."""
    before = things(docker)
    twice = [path for path in SCENARIOS for _ in range(2) if path.stem not in ALONE]
    running = [start(tmp_path, path, "-H", docker.url, "--format", "json") for path in twice]
    reports = []
    try:
        for path, process in zip(twice, running, strict=True):
            stdout, stderr = process.communicate(timeout=120)
            if process.returncode and IMAGE_RACE in stderr:
                reports.append(report_of(start(tmp_path, path, "-H", docker.url, "--format", "json")))
                continue
            assert process.returncode == 0, stderr
            reports.append(json.loads(stdout))
    finally:
        for process in running:
            process.kill()
            process.communicate()
    assert {report["status"] for report in reports} == {"passed"}
    assert things(docker) == before
