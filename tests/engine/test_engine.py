"""Negotiation against engines that this machine does not have, and against what is no engine at all."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest

from runner.api.operations import newest_api
from runner.engine.docker_config.endpoint import parse
from runner.engine.engine import Engine, connect
from runner.engine.transport import Deadline, Request
from runner.errors import EngineError, UsageError
from tests.engine.scripted import Peer, ok, replies, serving


def connected(*answers: bytes, api_version: str | None = None) -> Engine:
    with serving(replies(*answers)) as server:
        engine = connect(server.endpoint, api_version=api_version, deadline=Deadline.after(5))
        engine.close()
        return engine


def pong(version: str, server: str, *headers: str) -> bytes:
    return ok(b"OK", f"Api-Version: {version}", f"Server: {server}", *headers)


@pytest.mark.parametrize(
    ("offered", "spoken"), [("1.41", "1.41"), ("1.25", "1.25"), ("1.100", newest_api()), ("2.0", newest_api())]
)
def test_the_newest_version_that_both_know(offered: str, spoken: str) -> None:
    assert connected(pong(offered, "Docker/30.0 (linux)")).api_version == spoken


def test_the_swarm_state_that_newer_engines_tell() -> None:
    engine = connected(pong("1.44", "Docker/25.0.3 (linux)", "Swarm: active/manager"))
    assert (engine.name, engine.version, engine.swarm) == ("docker", "25.0.3", "active/manager")


def test_podman_by_its_library() -> None:
    engine = connected(pong("1.41", "Libpod/4.3.1 (linux)"))
    assert (engine.name, engine.version) == ("podman", "4.3.1")


def test_an_engine_that_hides_its_name() -> None:
    facts = {"Version": "9.1", "ApiVersion": "1.43", "Components": [{"Name": "Podman Engine"}]}
    engine = connected(ok(b"OK"), ok(json.dumps(facts).encode()))
    assert (engine.name, engine.version, engine.api_version) == ("podman", "9.1", "1.43")


def test_an_engine_that_is_too_old() -> None:
    with pytest.raises(EngineError, match=r"docker 1\.9 supports API 1\.21 at most") as caught:
        connected(pong("1.21", "Docker/1.9 (linux)"))
    assert caught.value.code == "api-version"


def test_a_version_that_the_engine_refuses() -> None:
    refusal = b'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{"message": "far too new, dear"}'
    with pytest.raises(EngineError, match=r"refuses API 1\.56: far too new, dear"):
        connected(pong("1.41", "Docker/20.10 (linux)"), refusal, api_version="1.56")


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"<html>Welcome to nginx</html>"),
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found",
        b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
        ok(b"OK", "Api-Version: latest") + b"",
    ],
)
def test_what_is_no_engine(answer: bytes) -> None:
    with pytest.raises(EngineError) as caught:
        connected(answer, ok(b"<html>"))
    assert caught.value.code == "not-an-engine"


def test_nobody_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
    for name, says, hint in (
        ("nothing", "No such file", "is it running"),
        ("file", "it is a file, not a socket", "select another engine"),
        ("folder", "it is a folder, not a socket", "name the socket in it"),
        ("dead.sock", "Connection refused", "no engine listens on it"),
    ):
        with pytest.raises(EngineError, match=says) as caught:
            connect(parse(f"unix://{tmp_path}/{name}", source="a test"), deadline=Deadline.after(5))
        assert caught.value.code == "engine-unreachable"
        assert hint in (caught.value.hint or "")
    with pytest.raises(EngineError, match=r"no engine answers at tcp://127\.0\.0\.1:1 \(from a test\): .*refused"):
        connect(parse("tcp://127.0.0.1:1", source="a test"), deadline=Deadline.after(5))


def test_a_silent_engine_is_unreachable_after_the_time_that_was_given() -> None:
    with serving(Peer.hold) as server:
        began = time.monotonic()
        with pytest.raises(
            EngineError, match=r"no answer from tcp://127\.0\.0\.1:\d+ \(from a test\) within 1 s"
        ) as caught:
            connect(server.endpoint, deadline=Deadline.after(1))
        assert time.monotonic() - began < 5
    assert caught.value.code == "engine-unreachable"
    assert "--timeout" in (caught.value.hint or "")


@pytest.mark.parametrize("version", ["1.24", "1.9", "0.1"])
def test_a_version_from_before_the_table(version: str) -> None:
    with pytest.raises(UsageError, match=rf"API {version} is older than 1\.25, the oldest version") as caught:
        connect(parse("unix:///nowhere", source="a test"), api_version=version, deadline=Deadline.after(5))
    assert caught.value.code == "bad-api-version"


def test_the_message_of_a_refusal_is_bounded() -> None:
    body = json.dumps({"message": "x" * 200_000}).encode()
    head = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n" % len(body)
    with pytest.raises(EngineError, match=r"x… \(198,000 more characters\)$") as caught:
        connected(pong("1.41", "Docker/20.10 (linux)"), head + body, api_version="1.56")
    assert len(caught.value.message) < 2100


def test_a_prefix_and_headers_go_with_every_request() -> None:
    with serving(replies(pong("1.41", "Docker/20.10 (linux)"), ok(b"[]"))) as server:
        endpoint = parse(f"{server.endpoint.url}/engines/1/", source="a test")
        endpoint = endpoint._replace(headers=(("X-Api-Key", "k3y"), ("accept", "text/html")))
        with connect(endpoint, deadline=Deadline.after(5)) as engine:
            request = Request("GET", "/v1.41/containers/json", headers=(("Accept", "application/json"),))
            assert engine.send(request, Deadline.after(5)).read1() == b"[]"
    ping, listing = server.requests
    assert ping.startswith(b"GET /engines/1/_ping HTTP/1.1\r\n")
    assert b"\r\nX-Api-Key: k3y\r\naccept: text/html\r\n" in ping
    assert listing.startswith(b"GET /engines/1/v1.41/containers/json HTTP/1.1\r\n")
    assert b"\r\nAccept: application/json\r\nX-Api-Key: k3y\r\n" in listing
    assert b"text/html" not in listing
