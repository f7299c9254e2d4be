"""Real engines, by every way to reach one: nothing that a container says, or is told, is lost."""

from __future__ import annotations

import contextlib
import itertools
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.api.operations import find
from runner.api.times import unix_time
from runner.engine.docker_config.endpoint import TlsSettings, parse
from runner.engine.engine import Engine, connect
from runner.engine.http.client import HttpTransport
from runner.engine.http.response import HttpResponse
from runner.engine.requests import build
from runner.engine.sockets.dial import dialer
from runner.engine.sockets.tls import TlsDialer, make_context
from runner.engine.streams.decoders import frames, json_values
from runner.engine.transport import Deadline, Request
from runner.errors import EngineError, UsageError
from tests.conftest import engine_at, suites_for
from tests.engines import Place, make_certificates, places, start_docker_tls, start_sshd

SOON = Deadline.after
JSON = (("Content-Type", "application/json"),)
WAYS = ["tcp", "tls-1.2", "tls-1.3", "ssh"]
"""How the first Docker Engine is reached, beside its socket and those of all other engines."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "way" in metafunc.fixturenames:
        ways = [*places(suites_for(metafunc.config, metafunc.definition.path)), *WAYS]
        metafunc.parametrize("way", ways, ids=str, indirect=True, scope="module")


@pytest.fixture(scope="module")
def docker_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A Docker Engine behind TLS that asks for certificates, and a folder of good ones."""
    certificates = make_certificates(tmp_path_factory.mktemp("tls"))
    with start_docker_tls(certificates.good) as engine:
        assert engine.tcp_url
        yield engine.tcp_url, certificates.good


@pytest.fixture(scope="module")
def way(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine, met by each way in turn."""
    with contextlib.ExitStack() as stack:
        if isinstance(request.param, Place):
            found = engine_at(request.getfixturevalue("pool"), request.param)
            endpoint, transport = parse(found.url, source="a test"), None
        elif request.param == "ssh":
            server = stack.enter_context(start_sshd(request.getfixturevalue("docker")))
            environment = stack.enter_context(pytest.MonkeyPatch.context())
            environment.setenv("PATH", server.env["PATH"])
            endpoint, transport = parse(server.url, source="a test"), None
        elif request.param.startswith("tls"):
            url, folder = request.getfixturevalue("docker_tls")
            settings = TlsSettings(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
            endpoint = parse(url, source="a test", tls=settings)
            context = make_context(settings)
            version = ssl.TLSVersion.TLSv1_2 if request.param.endswith("2") else ssl.TLSVersion.TLSv1_3
            context.minimum_version = context.maximum_version = version
            transport = HttpTransport(TlsDialer(endpoint, context))
        else:
            endpoint = parse(request.getfixturevalue("docker").tcp_url, source="a test")
            transport = None
        engine = connect(endpoint, transport=transport, deadline=SOON(30))
        yield engine
        engine.close()


def send(engine: Engine, method: str, path: str, body: Any = None, *, upgrade: str | None = None, **query: str) -> Any:
    """One call; its response."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(
        method, f"/v{engine.api_version}{path}", tuple(query.items()), JSON if data else (), data, upgrade
    )
    return engine.send(request, SOON(30))


def call(engine: Engine, method: str, path: str, body: Any = None, **query: str) -> Any:
    """One call that succeeds; the JSON it answers."""
    response = send(engine, method, path, body, **query)
    text = b"".join(iter(response.read1, b""))
    response.close()
    assert response.status < 400, (response.status, text)
    return json.loads(text) if text else None


@contextlib.contextmanager
def container(engine: Engine, *command: str, **options: Any) -> Iterator[str]:
    """A container's id; it is gone afterwards. Without a network it starts in half the time."""
    body = {"Image": "alpine", "Cmd": list(command), "HostConfig": {"NetworkMode": "none"}, **options}
    found = call(engine, "POST", "/containers/create", body)["Id"]
    try:
        yield found
    finally:
        call(engine, "DELETE", f"/containers/{found}", force="1")


def talk(response: HttpResponse, stdin: bytes) -> dict[str, bytes]:
    """Write ``stdin`` and half-close while reading everything: either alone could wait for the other for ever."""

    def write() -> None:
        response.write(stdin)
        response.close_write()

    writer = threading.Thread(target=write)
    writer.start()
    out = {"stdout": b"", "stderr": b""}
    for name, data in frames(iter(response.read1, b"")):
        out[name] += data
    writer.join()
    return out


def test_the_engine_is_known(way: Engine) -> None:
    assert way.name in ("docker", "podman")
    assert way.version[0].isdigit()
    assert way.api_version.startswith("1.")


def test_connections_are_kept(way: Engine) -> None:
    """TLS sends session tickets when it likes; they are no reason to take an idle connection for a dead one."""
    transport = way.transport
    assert isinstance(transport, HttpTransport)
    call(way, "GET", "/version")
    kept = list(transport._idle)
    for _ in range(5):
        call(way, "GET", "/version")
    assert kept
    assert list(transport._idle) == kept


ATTACHED = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "OpenStdin": True, "StdinOnce": True}


def test_attach_with_stdin_and_half_close(way: Engine) -> None:
    stdin = b"".join(b"line %d\n" % number for number in range(100_000))
    with container(way, "cat", **ATTACHED) as id_:
        attached = send(
            way, "POST", f"/containers/{id_}/attach", upgrade="tcp", stream="1", stdin="1", stdout="1", stderr="1"
        )
        call(way, "POST", f"/containers/{id_}/start")
        out = talk(attached, stdin)
    assert out == {"stdout": stdin, "stderr": b""}


def test_exec_with_stdin_and_half_close(way: Engine) -> None:
    stdin = b"".join(b"%d\n" % number for number in range(100_000))
    with container(way, "sleep", "60") as id_:
        call(way, "POST", f"/containers/{id_}/start")
        command = ["sh", "-c", "wc -l >&2; echo done; exit 7"]
        body = {"Cmd": command, "AttachStdin": True, "AttachStdout": True, "AttachStderr": True}
        exec_id = call(way, "POST", f"/containers/{id_}/exec", body)["Id"]
        started = send(way, "POST", f"/exec/{exec_id}/start", {"Detach": False, "Tty": False}, upgrade="tcp")
        out = talk(started, stdin)
        assert out["stdout"] == b"done\n"
        assert out["stderr"].strip() == b"100000"
        assert call(way, "GET", f"/exec/{exec_id}/json")["ExitCode"] == 7


def test_stats_stream_and_are_left(way: Engine) -> None:
    with container(way, "sleep", "60") as id_:
        call(way, "POST", f"/containers/{id_}/start")
        response = send(way, "GET", f"/containers/{id_}/stats", stream="1")
        samples = list(itertools.islice(json_values(iter(response.read1, b"")), 2))
        response.close()
    first, second = (sample["pids_stats"]["current"] for sample in samples)
    assert first >= 1, "what starts a container may still be in it"
    assert second == 1


def test_logs_are_whole(way: Engine) -> None:
    with container(way, "sh", "-c", "seq 50000; seq 3 >&2") as id_:
        call(way, "POST", f"/containers/{id_}/start")
        call(way, "POST", f"/containers/{id_}/wait")
        out = {"stdout": b"", "stderr": b""}
        response = send(way, "GET", f"/containers/{id_}/logs", stdout="1", stderr="1")
        for name, data in frames(iter(response.read1, b"")):
            out[name] += data
    assert out["stdout"] == b"".join(b"%d\n" % number for number in range(1, 50001))
    assert out["stderr"] == b"1\n2\n3\n"


def attach_then_start(engine: Engine, text: str) -> bytes:
    """Return what an attach that stood before the start hears of a container that prints and exits at once."""
    with container(engine, "echo", text, AttachStdout=True) as id_:
        attached = send(engine, "POST", f"/containers/{id_}/attach", upgrade="tcp", stream="1", stdout="1", stderr="1")
        call(engine, "POST", f"/containers/{id_}/start")
        return b"".join(data for _, data in frames(iter(attached.read1, b"")))


def test_attach_before_start_never_loses_output(docker: Any) -> None:
    """Containers that print and exit at once, a few at a time; of a whole scenario, tests/executor has more."""
    engine = connect(parse(docker.url, source="a test"), deadline=SOON(30))
    heard: dict[str, bytes] = {}

    def work(first: int) -> None:
        for number in range(first, 60, 4):
            heard[f"text {number}"] = attach_then_start(engine, f"text {number}")

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.close()
    assert heard == {f"text {number}": f"text {number}\n".encode() for number in range(60)}


def test_attach_before_start_by_every_way(way: Engine) -> None:
    for number in range(5):
        assert attach_then_start(way, f"text {number}") == f"text {number}\n".encode()


def test_an_explicit_version_is_used(docker: Any) -> None:
    endpoint = parse(docker.url, source="a test")
    engine = connect(endpoint, api_version="1.40", deadline=SOON(30))
    assert engine.api_version == "1.40"
    engine.close()
    with pytest.raises(EngineError, match=r"refuses API 1\.99: client version 1\.99 is too new") as caught:
        connect(endpoint, api_version="1.99", deadline=SOON(30))
    assert caught.value.code == "api-version"
    with pytest.raises(UsageError, match="not an API version"):
        connect(endpoint, api_version="latest", deadline=SOON(30))


def test_plain_http_to_a_tls_port_is_recognized(docker_tls: tuple[str, Path]) -> None:
    with pytest.raises(EngineError, match="requires TLS") as caught:
        connect(parse(docker_tls[0], source="a test"), deadline=SOON(30))
    assert caught.value.code == "not-http"
    assert "--tlsverify" in (caught.value.hint or "")


def test_tls_to_a_plain_port_is_recognized(docker: Any) -> None:
    with pytest.raises(EngineError, match="does not speak TLS") as caught:
        connect(parse(docker.tcp_url, source="a test", tls=TlsSettings()), deadline=SOON(30))
    assert caught.value.code == "not-http"


def test_dockerd_wants_a_client_certificate(docker_tls: tuple[str, Path]) -> None:
    url, folder = docker_tls
    with pytest.raises(EngineError, match="a client without certificate") as caught:
        connect(parse(url, source="a test", tls=TlsSettings(folder / "ca.pem")), deadline=SOON(30))
    assert caught.value.code == "tls-client-certificate"


def test_ssh_says_why_it_ended(docker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with start_sshd(docker) as server:
        monkeypatch.setenv("PATH", server.env["PATH"])
        endpoint = parse(server.url, source="a test")
        with pytest.raises(EngineError, match=r"ssh reports: .*Permission denied") as caught:
            connect(endpoint._replace(user="nobody-here"), deadline=SOON(30))
        assert caught.value.code == "connection-broken"
    with pytest.raises(EngineError, match=r"ssh reports: .*refused"):
        connect(endpoint, deadline=SOON(30))


def test_a_missing_ssh_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineError, match="ssh can't be started") as caught:
        dialer(parse("ssh://somewhere", source="a test"))(SOON(5))
    assert caught.value.code == "engine-unreachable"


def test_logs_since_a_time_are_exact_to_the_nanosecond(docker: Any) -> None:
    logs = find("logs")
    assert logs is not None
    with connect(parse(docker.url, source="a test"), deadline=SOON(30)) as engine:

        def read(id_: str, **params: Any) -> bytes:
            request = build(logs, {"id": id_, "stdout": True, **params}, api_version=engine.api_version)
            response = engine.send(request, SOON(30))
            try:
                return b"".join(data for _, data in frames(iter(response.read1, b"")))
            finally:
                response.close()

        with container(engine, "sh", "-c", "echo one; echo two; echo three") as id_:
            call(engine, "POST", f"/containers/{id_}/start")
            call(engine, "POST", f"/containers/{id_}/wait")
            times = [line.split()[0].decode() for line in read(id_, timestamps=True).splitlines()]
            assert read(id_, since=times[1]) == b"two\nthree\n"
            assert read(id_, since=unix_time(times[2])) == b"three\n"
            assert read(id_, since="1h") == b"one\ntwo\nthree\n"
            assert read(id_, since="1ns") == b""
