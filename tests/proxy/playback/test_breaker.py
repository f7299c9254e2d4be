"""A connection breaks at the connect, read or write that a rule counts, and how it says."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.proxy.playback.faults import parse_rules
from runner.proxy.playback.recorded_engine import engine_from_recording
from tests.cli.helpers import Command
from tests.proxy.playback.factories import lifecycle, write

PING = b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"


def told(tmp_path: Path, rule: str) -> bytes | str:
    """Return what a client gets that pings twice on one connection; the name of the error that ends it."""
    path = write(tmp_path / "web.json", *lifecycle())
    listen = "tcp://127.0.0.1:0"
    with engine_from_recording(path, listen=listen, faults=[rule]) as engine:
        address, _, port = engine.url.removeprefix("tcp://").rpartition(":")
        with socket.create_connection((address, int(port)), timeout=10) as client:
            client.settimeout(0.5 if rule.endswith("stall") else 10)
            got = b""
            try:
                for number in (1, 2):
                    client.sendall(PING)
                    while got.count(b"\r\n\r\nOK") < number:
                        data = client.recv(4096)
                        if not data:
                            return got
                        got += data
            except OSError as error:
                return type(error).__name__
            return got


@pytest.mark.parametrize("place", ["connect 1", "read 1", "read 2", "read 3", "write 1", "write 2"])
def test_a_reset(tmp_path: Path, place: str) -> None:
    assert told(tmp_path, f"{place}: reset") in ("ConnectionResetError", "BrokenPipeError")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("read 1: end", b""),
        ("read 2: end", b"\r\n\r\n"),
        ("read 1@8: end", b"HTTP/1.1"),
        ("write 1: end", b""),
        ("connect 1: garbage", b"<garbage>\x07"),
        ("write 1: garbage", b"<garbage>\x07"),
    ],
)
def test_an_end_and_garbage(tmp_path: Path, rule: str, expected: bytes) -> None:
    got = told(tmp_path, rule)
    assert isinstance(got, bytes)
    assert got.endswith(expected)
    assert not got.endswith(b"OK")


@pytest.mark.parametrize("place", ["connect 1", "read 1", "read 2", "write 1"])
def test_a_stall(tmp_path: Path, place: str) -> None:
    assert told(tmp_path, f"{place}: stall") == "TimeoutError"


@pytest.mark.parametrize("text", ["read", "read 0: end", "connect 1: explode", "write 1@4: end", "connect x: reset"])
def test_a_rule_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="--fault"):
        parse_rules([text])


def test_what_was_counted_and_what_broke_nothing_is_said(tmp_path: Path) -> None:
    write(tmp_path / "web.json", *lifecycle())
    client = ["sh", "-c", "curl -s --unix-socket ${DOCKER_HOST#unix://} http://d/_ping"]
    rules = ["--fault", "read 99: end", "--fault", "POST /x: status:500"]
    done = Command(tmp_path)("serve", "web.json", *rules, "--", *client)
    assert (done.code, done.out) == (0, "OK")
    assert "nothing was broken by the rule 'read 99: end'" in done.err
    assert "nothing was broken by the rule 'POST /x: status:500'" in done.err
    assert "the client made 1 connect, 2 reads, 1 write\n" in done.err


def test_unix_sockets_have_no_resets_so_it_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "web.json", *lifecycle())
    with engine_from_recording(path, faults=["read 1: reset"]) as engine, socket.socket(socket.AF_UNIX) as client:
        client.connect(engine.url.removeprefix("unix://"))
        client.sendall(PING)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(4096) == b""


def test_a_program_that_does_not_connect_is_named(tmp_path: Path) -> None:
    """It may not read DOCKER_HOST."""
    write(tmp_path / "web.json", *lifecycle())
    done = Command(tmp_path)("serve", "web.json", "--", "sh", "-c", "exit 3")
    assert done.code == 3
    assert "error[no-calls]: sh did not connect to the socket" in done.err
