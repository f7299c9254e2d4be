"""The engines that every live test stands on."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.engines import Certificates, Docker, Engine, Neighbour, Registry, SshServer, serve_tls


def test_engine_runs_a_container(engine: Engine) -> None:
    assert "bin" in engine.cli("run", "--rm", "alpine", "ls").split()


def test_engine_executes_in_a_container(engine: Engine) -> None:
    id_ = engine.cli("run", "-d", "alpine", "sleep", "60").strip()
    try:
        assert engine.cli("exec", id_, "echo", "hello") == "hello\n"
    finally:
        engine.cli("rm", "-f", id_)


def test_containers_reach_each_other_by_name(engine: Engine) -> None:
    engine.cli("network", "create", "fixture-net")
    engine.cli("run", "-d", "--name", "fixture-peer", "--network", "fixture-net", "alpine", "sleep", "60")
    try:
        ping = ("ping", "-c1", "-W2", "fixture-peer")
        engine.cli("run", "--rm", "--cap-add=NET_RAW", "--network=fixture-net", "alpine", *ping)
    finally:
        engine.cli("rm", "-f", "fixture-peer")
        engine.cli("network", "rm", "fixture-net")


def test_docker_answers_on_loopback(docker: Docker) -> None:
    assert docker.tcp_url is not None
    assert urlsplit(docker.tcp_url).hostname == "127.0.0.1"
    assert Engine("docker", docker.tcp_url).get("/version")["ApiVersion"] == docker.get("/version")["ApiVersion"]


def test_two_engines_make_a_swarm(docker: Docker, second_docker: Neighbour) -> None:
    docker.cli("swarm", "init", "--advertise-addr", second_docker.first_address)
    try:
        token = docker.cli("swarm", "join-token", "-q", "worker").strip()
        address = f"{second_docker.first_address}:2377"
        second_docker.engine.cli("swarm", "join", "--advertise-addr", second_docker.address, "--token", token, address)
        try:
            assert docker.cli("node", "ls", "-q").count("\n") == 2
        finally:
            second_docker.engine.cli("swarm", "leave")
    finally:
        docker.cli("swarm", "leave", "--force")


def test_engine_behind_tls_wants_a_certificate(docker_tls: Docker, certificates: Certificates) -> None:
    url = urlsplit(docker_tls.tcp_url or "")
    answers = {}
    for name in ("good", "stranger", "expired"):
        folder: Path = getattr(certificates, name)
        context = ssl.create_default_context(cafile=certificates.good / "ca.pem")
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        connection = http.client.HTTPSConnection("localhost", url.port, context=context, timeout=10)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/_ping")
                answers[name] = connection.getresponse().read().decode()
            except OSError as error:
                answers[name] = type(error).__name__
    assert answers.pop("good") == "OK"
    assert "OK" not in answers.values()


@pytest.mark.parametrize(
    ("name", "reason"), [("stranger", "self-signed|local issuer"), ("expired", "expired"), ("elsewhere", "mismatch")]
)
def test_bad_certificates_are_bad_each_in_its_way(certificates: Certificates, name: str, reason: str) -> None:
    context = ssl.create_default_context(cafile=certificates.good / "ca.pem")
    with (
        serve_tls(getattr(certificates, name)) as url,
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10) as connection,
        pytest.raises(ssl.SSLCertVerificationError, match=reason),
    ):
        context.wrap_socket(connection, server_hostname="localhost")


def test_registry_asks_for_a_password(docker: Docker, registry: Registry) -> None:
    image = f"{registry.address}/alpine:fixture"
    docker.cli("tag", "alpine", image)
    try:
        with pytest.raises(AssertionError, match="no basic auth credentials"):
            docker.cli("push", image)
        docker.cli("login", "-u", registry.user, "-p", registry.password, registry.address)
        docker.cli("push", image)
        docker.cli("logout", registry.address)
    finally:
        docker.cli("rmi", image)


def test_ssh_server_speaks_to_the_engine(docker: Docker, sshd: SshServer) -> None:
    url = urlsplit(sshd.url)
    command = ["ssh", "-T", "-p", str(url.port), f"{url.username}@{url.hostname}", "docker", "system", "dial-stdio"]
    done = subprocess.run(
        command,
        input=b"GET /_ping HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n",
        env={**os.environ, **sshd.env},
        capture_output=True,
        check=False,
    )
    assert done.stdout.startswith(b"HTTP/1.1 200 OK"), done.stderr
