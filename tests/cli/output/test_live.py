"""The rows of running steps, as a terminal gets them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import Command
from tests.cli.test_start import on_a_terminal
from tests.engine.scripted import Peer, ok, serving

ID = "c0ffee" * 10 + "cafe"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def slowly(peer: Peer) -> None:
    """Progress of two layers, then a container's output, each taking longer than the display waits."""
    while True:
        path = peer.request().split(b" ")[1]
        if b"_ping" in path:
            peer.send(ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)"))
        elif path.endswith(b"/json"):
            peer.send(ok(b'{"Config": {"Tty": false}}', "Content-Type: application/json"))
        else:
            is_pull = b"/images/create" in path
            kind = b"application/json" if is_pull else b"application/vnd.docker.raw-stream"
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % kind)
            if is_pull:
                for layer in (b"aaaa", b"bbbb\\u001b[31m"):
                    detail = b'{"current": 3100000, "total": 5000000}'
                    peer.send(chunk(b'{"status": "Downloading", "id": "%b", "progressDetail": %b}\n' % (layer, detail)))
            else:
                peer.send(chunk(b"\1\0\0\0\0\0\4\xb0" + b"x" * 1200))
            time.sleep(1.6)
            peer.send(b"0\r\n\r\n")


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Command]:
    with serving(*[slowly] * 10) as server:
        yield Command(tmp_path, server.endpoint.url)


def rows(text: str) -> list[str]:
    """The lines that were drawn, without colours and with single spaces."""
    plain = ESCAPES.sub("", text.replace("\r", "\n"))
    return [" ".join(line.split()) for line in plain.splitlines() if line.strip()]


def test_layers_of_a_pull(slow: Command) -> None:
    slow.write("x.yaml", "title: t\nsteps:\n  - {id: pulling, image.pull: {fromImage: a}}\n")
    text = on_a_terminal(slow, "x.yaml", TERM="xterm", COLUMNS="120")
    drawn = rows(text)
    assert any(re.fullmatch(r"\S pulling POST /images/create [01] s", row) for row in drawn), drawn
    assert any(row.startswith("aaaa Downloading") and row.endswith("3.1 MB of 5.0 MB") for row in drawn), drawn
    assert any(row.startswith("bbbb\\x1b[31m Downloading") for row in drawn), drawn
    assert any(re.match(r"✓ pulling POST /images/create 200", row) for row in drawn), "and the line when it is done"
    assert text.endswith("\r\n")


def test_bytes_of_a_stream_and_a_long_id(slow: Command) -> None:
    slow.write("x.yaml", f"title: t\nsteps:\n  - {{id: reading, logs: {{id: {ID}, stdout: true, follow: true}}}}\n")
    drawn = rows(on_a_terminal(slow, "x.yaml", TERM="xterm", COLUMNS="120"))
    wanted = rf"\S reading GET /containers/{ID[:12]}/logs streaming, 1\.2 kB [01] s"
    assert any(re.fullmatch(wanted, row) for row in drawn), drawn


def test_the_owner_of_a_row_where_scenarios_run_at_the_same_time(slow: Command) -> None:
    for name in ("one", "two"):
        slow.write(f"{name}.yaml", f"title: {name}\nsteps:\n  - {{id: waiting-{name}, sleep: 1500ms}}\n")
    drawn = rows(on_a_terminal(slow, "one.yaml", "two.yaml", "--jobs", "2", TERM="xterm", COLUMNS="120"))
    for name in ("one", "two"):
        assert any(re.fullmatch(rf"{name} \S waiting-{name} sleep [01] s", row) for row in drawn), drawn


def test_what_ends_soon_is_not_drawn(slow: Command) -> None:
    slow.write("x.yaml", "title: t\nsteps:\n  - {id: brief, sleep: 0}\n")
    text = on_a_terminal(slow, "x.yaml", TERM="xterm")
    assert "\x1b[?25l" not in text, "the cursor was hidden, so something was drawn"


@pytest.mark.parametrize(
    ("words", "env"), [(("-q",), {"TERM": "xterm"}), ((), {"TERM": "dumb"})], ids=["quiet", "dumb"]
)
def test_where_nothing_is_drawn(slow: Command, words: tuple[str, ...], env: dict[str, str]) -> None:
    slow.write("x.yaml", "title: t\nsteps:\n  - {id: long, sleep: 1s}\n")
    assert "\x1b[" not in on_a_terminal(slow, "x.yaml", *words, **env)
