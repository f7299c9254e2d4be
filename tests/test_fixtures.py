"""The engines that every live test stands on."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.engines import Docker, Engine


def test_engine_runs_a_container(engine: Engine) -> None:
    assert "bin" in engine.cli("run", "--rm", "alpine", "ls").split()


def test_containers_reach_each_other_by_name(docker: Docker) -> None:
    docker.cli("network", "create", "fixture-net")
    docker.cli("run", "-d", "--name", "fixture-peer", "--network", "fixture-net", "alpine", "sleep", "60")
    try:
        docker.cli("run", "--rm", "--network", "fixture-net", "alpine", "ping", "-c1", "-W2", "fixture-peer")
    finally:
        docker.cli("rm", "-f", "fixture-peer")
        docker.cli("network", "rm", "fixture-net")


def test_docker_answers_on_loopback(docker: Docker) -> None:
    assert docker.tcp_url is not None
    assert urlsplit(docker.tcp_url).hostname == "127.0.0.1"
    assert Engine("docker", docker.tcp_url).get("/version")["ApiVersion"] == docker.get("/version")["ApiVersion"]
