"""Exit code 4: engines that are not there, silent, something else, or talk nonsense."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.cli.helpers import FAILS, PASSES, Command
from tests.engine.scripted import Peer, ok, serving


def test_an_engine_that_is_not_there(nowhere: Command) -> None:
    nowhere.write("x.yaml", PASSES)
    done = nowhere("x.yaml")
    assert (done.code, done.out) == (4, "")
    assert "error[engine-unreachable]" in done.err
    assert "no.sock" in done.err


def test_an_address_that_is_no_engine(tmp_path: Path) -> None:
    def web(peer: Peer) -> None:
        peer.request()
        peer.send(ok(b"<html>hello</html>", "Content-Type: text/html"))
        peer.request()
        peer.send(ok(b"<html>hello</html>", "Content-Type: text/html"))

    with serving(web, web) as server:
        command = Command(tmp_path, server.endpoint.url)
        command.write("x.yaml", PASSES)
        done = command("x.yaml")
    assert done.code == 4
    assert "error[not-an-engine]" in done.err


BROKEN_ANSWERS = {
    "bad-json": ("events: {until: 1}", b'{"a":1}\n}}}\n', "application/json"),
    "broken-tar": ("container.export: x", b"x" * 600, "application/x-tar"),
    "truncated-json": ("events: {until: 1}", b'{"a":1}\n{"b":', "application/json"),
}


@pytest.mark.parametrize(("code", "row"), BROKEN_ANSWERS.items(), ids=BROKEN_ANSWERS)
def test_an_answer_that_is_not_what_an_engine_sends(tmp_path: Path, code: str, row: tuple[str, bytes, str]) -> None:
    step, body, content_type = row

    def talks_nonsense(peer: Peer) -> None:
        peer.request()
        peer.send(ok(b"OK", "Api-Version: 1.45", "Server: Docker/26.0.0 (linux)"))
        peer.request()
        peer.send(ok(body, f"Content-Type: {content_type}"))

    with serving(talks_nonsense) as server:
        command = Command(tmp_path, server.endpoint.url)
        command.write("x.yaml", f"title: t\nsteps:\n  - {step}\n")
        done = command("x.yaml", "--format", "none")
    assert f"error[{code}]" in done.err
    assert done.code == 4


def test_an_engine_that_is_silent(tmp_path: Path) -> None:
    def silent(peer: Peer) -> None:
        peer.request()
        peer.request()

    with serving(silent, silent) as server:
        command = Command(tmp_path, server.endpoint.url)
        command.write("x.yaml", PASSES)
        before = time.monotonic()
        done = command("x.yaml", "--timeout", "700ms")
    assert done.code == 4
    assert "error[engine-unreachable]: no answer from tcp://" in done.err
    assert time.monotonic() - before < 10


@pytest.mark.parametrize("others", [(), ("bad.yaml",)])
def test_a_connection_that_breaks_outranks_a_failure(tmp_path: Path, others: tuple[str, ...]) -> None:
    def breaks(peer: Peer) -> None:
        peer.request()
        peer.send(ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)"))
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{")

    with serving(breaks) as server:
        command = Command(tmp_path, server.endpoint.url)
        command.write("bad.yaml", FAILS)
        command.write("x.yaml", "title: t\nsteps:\n  - {id: asked, version: {}}\n")
        done = command(*others, "x.yaml")
    assert done.code == 4
    assert "x.yaml:3:17: error[connection-broken]" in done.err
