"""Test that bytes pass untouched: real clients and engines, hijacked streams, half-close, many at once."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runner.engine.streams.decoders import frames
from tests.engine.scripted import Peer, serving
from tests.engines import Docker, Engine
from tests.proxy.helpers import Ear, spliced

CLIENTS = 200
ROOT = Path(__file__).parents[2]
STOPWATCH = ROOT / "tests" / "benchmarks" / "stopwatch.py"


def docker_cli(url: str, *words: str, program: str = "docker", stdin: bytes = b"") -> bytes:
    env = {**os.environ, "DOCKER_HOST": url}
    done = subprocess.run([program, *words], input=stdin, env=env, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("program", ["docker", "/usr/bin/docker"])
def test_run_and_exec_with_input(docker: Docker, program: str) -> None:
    """The input ends (half-close), and what the container says afterwards still arrives."""
    ear = Ear()
    with spliced(docker.url, ear) as url:
        script = "cat; echo end; echo wrong >&2"
        out = docker_cli(url, "run", "--rm", "-i", "alpine", "sh", "-c", script, program=program, stdin=b"typed\n")
        assert out == b"typed\nend\n"
    attach = ear.of("POST", "/containers/.*/attach")
    assert (attach.raw, attach.typed, attach.closed, attach.end) == (True, b"typed\n", True, "complete")
    outputs = list(frames([attach.got]))
    assert b"".join(data for stream, data in outputs if stream == "stdout") == b"typed\nend\n"
    assert b"".join(data for stream, data in outputs if stream == "stderr") == b"wrong\n"
    assert not ear.notes


def test_two_hundred_clients_at_once(docker: Docker) -> None:
    ear = Ear()
    together = threading.Barrier(CLIENTS)

    def ask(path: str, number: int) -> bytes:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(path)
            together.wait(60)
            client.sendall(
                f"GET /v1.41/containers/json?limit={number} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n".encode()
            )
            answer = b""
            while data := client.recv(65536):
                answer += data
            return answer

    with spliced(docker.url, ear) as url, ThreadPoolExecutor(CLIENTS) as pool:
        path = url.removeprefix("unix://")
        answers = list(pool.map(lambda number: ask(path, number), range(CLIENTS)))
    assert all(answer.startswith(b"HTTP/1.1 200 OK\r\n") for answer in answers)
    assert sorted(one.request.target for one in ear.heard) == sorted(
        f"/v1.41/containers/json?limit={number}" for number in range(CLIENTS)
    )
    assert {(one.status, one.end) for one in ear.heard} == {(200, "complete")}


def test_a_large_stream_in_bounded_memory(docker: Docker, tmp_path: Path) -> None:
    """256 MiB go in and out again, and neither the command nor its client grows to half of it."""
    size = 256 * 1024 * 1024
    with (tmp_path / "block").open("w+b") as block:
        block.truncate(size)
        client = ["docker", "run", "--rm", "-i", "alpine", "sh", "-c", "tee /dev/stderr 2>/dev/null | wc -c"]
        command = [sys.executable, "-m", "runner", "profile", "-H", docker.url, "-o", f"{tmp_path}/p", "--", *client]
        measured = [sys.executable, str(STOPWATCH), f"{tmp_path}/measured", *command]
        done = subprocess.run(measured, stdin=block, stdout=subprocess.PIPE, cwd=ROOT, check=True)
    assert int(done.stdout) == size
    assert json.loads((tmp_path / "measured").read_text())["memory"] < size / 2
    assert "1\N{MULTIPLICATION SIGN}" in (tmp_path / "p").read_text()


def test_a_client_that_goes_ends_the_stream_at_the_engine(engine: Engine) -> None:
    """An events stream without a reader would stay open for ever."""
    ear = Ear()
    with spliced(engine.url, ear) as url, socket.socket(socket.AF_UNIX) as client:
        client.connect(url.removeprefix("unix://"))
        client.sendall(b"GET /v1.41/events HTTP/1.1\r\nHost: d\r\n\r\n")
        assert client.recv(15) == b"HTTP/1.1 200 OK"
        client.close()
    assert (ear.of("GET", "/events").status, ear.of("GET", "/events").end) == (200, "left")


def test_bytes_that_are_not_http_pass_untouched() -> None:
    """TLS, HTTP/2 without an upgrade, nonsense: the proxy is in nobody's way."""
    told: list[bytes] = []

    def odd(peer: Peer) -> None:
        told.append(peer.rest())
        peer.send(b"\x00\xff nonsense back")

    ear = Ear()
    with serving(odd) as server, spliced(server.endpoint.url, ear) as url, socket.socket(socket.AF_UNIX) as client:
        client.connect(url.removeprefix("unix://"))
        client.sendall(b"\x16\x03\x01" + b"\xfe" * 70_000)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while data := client.recv(65536):
            answer += data
    assert told == [b"\x16\x03\x01" + b"\xfe" * 70_000]
    assert answer == b"\x00\xff nonsense back"
    assert not ear.heard


def test_an_engine_that_breaks_off_breaks_the_client_off() -> None:
    def breaks(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        peer.reset()

    ear = Ear()
    with serving(breaks) as server, spliced(server.endpoint.url, ear) as url, socket.socket(socket.AF_UNIX) as client:
        client.connect(url.removeprefix("unix://"))
        client.sendall(b"GET /info HTTP/1.1\r\n\r\n")
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while data := client.recv(65536):
                answer += data
        assert answer in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    assert ear.heard[0].end == "cut"
