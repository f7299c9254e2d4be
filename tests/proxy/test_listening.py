"""Test that where clients are sent to: private, on the loopback only, and gone afterwards."""

from __future__ import annotations

import contextlib
import socket
import stat
import threading
import time
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.proxy.listening import DRAIN_SECONDS, Server


def greet(connection: socket.socket) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever only looks whether somebody listens is gone already
        connection.sendall(b"hello")


def test_a_private_socket_is_for_its_user_alone_and_gone_afterwards() -> None:
    with Server(None, greet) as server:
        path = Path(server.url.removeprefix("unix://"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            assert client.recv(5) == b"hello"
    assert not path.parent.exists()


def test_a_named_socket_replaces_only_one_that_nobody_listens_on(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with Server(f"unix://{path}", greet):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(UsageError, match="in use"):
            Server(f"unix://{path}", greet)
    assert not path.exists()
    path.write_text("mine")
    with pytest.raises(UsageError, match="in use"):
        Server(f"unix://{path}", greet)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:0", "tcp://localhost:0", "tcp://[::1]:0"])
def test_tcp_on_the_loopback(address: str) -> None:
    with Server(address, greet) as server:
        host, _, port = server.url.removeprefix("tcp://").rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port))) as client:
            assert client.recv(5) == b"hello"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://0.0.0.0:2375", "not on the loopback"),
        ("tcp://engine.example:2375", "not on the loopback"),
        ("tcp://127.0.0.1:99999", "an address is"),
        ("tcp://127.0.0.1", "an address is"),
        ("/run/x.sock", "an address is"),
        ("unix://", "an address is"),
        ("unix:///nowhere/at/all.sock", "No such file"),
        (f"unix:///tmp/{'x' * 120}", "too long"),
    ],
)
def test_an_address_that_is_none(address: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Server(address, greet)


def test_a_connection_that_does_not_end_is_broken_in_the_end() -> None:
    seen = threading.Event()

    def hold(connection: socket.socket) -> None:
        seen.set()
        assert connection.recv(1) == b""

    with socket.socket(socket.AF_UNIX) as client, Server(None, hold) as server:
        client.connect(server.url.removeprefix("unix://"))
        seen.wait(5)
        begun = time.monotonic()
        server.close()
        assert time.monotonic() - begun < DRAIN_SECONDS + 2
        assert client.recv(1) == b""
