"""A session of the requests library, to real engines by each way, and what it must not do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from runner.engine.docker_config.endpoint import TlsSettings, parse
from runner.engine.engine import Engine, connect
from runner.engine.session import open_session
from runner.engine.transport import Deadline
from runner.errors import UsageError
from tests.engine.scripted import ok, replies, serving
from tests.engines import Certificates, Docker


def connected(url: str | None, tls: TlsSettings | None = None) -> Engine:
    assert url is not None
    return connect(parse(url, source="a test", tls=tls), deadline=Deadline.after(30))


@pytest.mark.parametrize("way", ["unix", "tcp", "tls"])
def test_paths_on_a_real_engine(way: str, request: pytest.FixtureRequest) -> None:
    tls = None
    if way == "tls":
        certificates: Certificates = request.getfixturevalue("certificates")
        folder = certificates.good
        tls = TlsSettings(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    docker: Docker = request.getfixturevalue("docker_tls" if way == "tls" else "docker")
    with connected(docker.url if way == "unix" else docker.tcp_url, tls) as engine, engine.session() as session:
        prefix = f"/v{engine.api_version}"
        assert isinstance(session, requests.Session)
        assert isinstance(session.get(f"{prefix}/containers/json", params={"all": "1"}).json(), list)
        assert session.get(f"{prefix}/version").json()["Version"] == engine.version
        body = {"Image": "alpine", "Cmd": ["true"]}
        created = session.post(f"{prefix}/containers/create", json=body)
        assert created.status_code == 201
        removed = session.delete(f"{prefix}/containers/{created.json()['Id']}")
        assert removed.status_code == 204


def test_an_untrusted_engine_is_refused(docker_tls: Docker, certificates: Certificates) -> None:
    folder = certificates.good
    endpoint = parse(
        str(docker_tls.tcp_url), source="a test", tls=TlsSettings(None, folder / "cert.pem", folder / "key.pem")
    )
    with open_session(endpoint) as session, pytest.raises(requests.exceptions.SSLError):
        session.get("/_ping")


def test_prefix_headers_and_no_redirects() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"
    with serving(replies(ok(b"OK"), moved)) as server:
        endpoint = parse(f"{server.endpoint.url}/engines/1", source="a test")._replace(headers=(("X-Api-Key", "k3y"),))
        with open_session(endpoint) as session:
            assert session.get("/_ping").text == "OK"
            assert session.get("/_ping").status_code == 302
    assert len(server.requests) == 2
    for request in server.requests:
        assert request.startswith(b"GET /engines/1/_ping HTTP/1.1\r\n")
        assert b"\r\nX-Api-Key: k3y\r\n" in request


def test_nothing_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password pw\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serving(replies(ok(b"OK"))) as server, open_session(server.endpoint) as session:
        assert session.get("/_ping").text == "OK"
    assert b"Authorization" not in server.requests[0]


def test_a_socket_path_with_capitals_and_blanks(tmp_path: Path) -> None:
    path = tmp_path / "My Engine.sock"
    with serving(replies(ok(b"OK")), unix=path) as server, open_session(server.endpoint) as session:
        assert session.get("/_ping").text == "OK"


def test_no_session_over_ssh_or_to_a_recording() -> None:
    with pytest.raises(UsageError, match="no ssh") as caught:
        open_session(parse("ssh://me@host", source="a test"))
    assert caught.value.code == "no-session"
    assert "forward its socket" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="a recording answers no session"):
        open_session(parse("unix:///var/run/docker.sock", source="a recording"), recorded=True)


PROGRAM = """
import sys
from runner.engine.docker_config.resolve import EngineOptions, resolve
from runner.engine.engine import Engine, connect
from runner.engine.http.client import HttpTransport
from runner.engine.sockets.dial import dialer
dialer(resolve(EngineOptions(), {}))
print(*sorted({"requests", "requests_unixsocket", "urllib3", "ssl", "csv"}.intersection(sys.modules)))
"""


def test_what_a_session_needs_is_loaded_with_the_first_one_only() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
