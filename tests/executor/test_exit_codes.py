"""Errors of the engine that end a step give the exit code that docs/errors.md promises for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import runner
from runner.cli.execution import Outcome
from runner.errors import ExitCode
from tests.engine.scripted import Peer, Script, ok, serving
from tests.executor.helpers import Player
from tests.executor.test_faults import ATTACH, CHUNKED, INSPECT, JSON, UPGRADED, chunk, frame, says

TAR = "Content-Type: application/x-tar"
LARGE = 17 * 1024 * 1024
HUGE = 65 * 1024 * 1024


def websocket(peer: Peer) -> None:
    """Accepts the connection, but not with the key that was asked for."""
    peer.request()
    peer.send(b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n")


ENGINE_ERRORS: dict[str, tuple[Script, str]] = {
    "connection-broken": (says(b""), "version: {}"),
    "not-http": (says(b"\x16\x03\x01 what?\r\n\r\n"), "version: {}"),
    "broken-frame": (says(INSPECT, UPGRADED + b"no frames at all"), ATTACH),
    "truncated-frame": (says(INSPECT, UPGRADED + frame(1, b"half", 9)), ATTACH),
    "bad-json": (says(CHUNKED + chunk(b"<html>") + b"0\r\n\r\n"), "events: {}"),
    "truncated-json": (says(CHUNKED + chunk(b'{"a":') + b"0\r\n\r\n"), "events: {}"),
    "large-json": (says(CHUNKED + chunk(b'"' + b"x" * LARGE)), "events: {}"),
    "answer-too-large": (says(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUGE + b" " * HUGE), "version: {}"),
    "bad-header": (
        says(b"HTTP/1.1 200 OK\r\nX-Docker-Container-Path-Stat: {}\r\n\r\n"),
        "archive_info: {id: x, path: /}",
    ),
    "broken-tar": (says(ok(b"<html>" * 99, TAR)), "export: {id: x, save: x.tar}"),
    "truncated-tar": (says(ok(b"", TAR)), "export: {id: x, save: x.tar}"),
    "broken-websocket": (says(then=websocket), "attach_websocket: {id: x, stream: true, stdout: true}"),
}
STEP_ERRORS: dict[str, tuple[Script, str]] = {
    "daemon-error": (says(INSPECT, UPGRADED + frame(3, b"disk full")), ATTACH),
    "unexpected-status": (says(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), "version: {}"),
    "in-band-error": (says(ok(b'{"error":"no room"}', JSON)), "image.pull: {fromImage: x}"),
    "not-upgraded": (says(INSPECT, ok(b"")), f"{ATTACH[:-1]}, stdin: hello}}"),
}
ELSEWHERE = frozenset({"engine-unreachable", "not-an-engine", "api-version"})
"""Codes that stop a run before its first step (tls-* too); the tests of the connection and of the command have them."""


def documented(title: str) -> set[str]:
    """The codes in the table below a heading of docs/errors.md."""
    text = (Path(runner.__file__).parent.parent / "docs" / "errors.md").read_text()
    section = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    assert section, title
    return set(re.findall(r"^\| `([a-z-]+)`", section, re.MULTILINE))


def outcome(tmp_path: Path, script: Script, step: str) -> tuple[str, ExitCode]:
    with serving(script) as server:
        played = Player(tmp_path, server.endpoint)(f"steps:\n  - id: asked\n    {step}\n")
    code, message = played.error("asked")
    print(message)
    return code, Outcome(played.report).exit_code


@pytest.mark.parametrize("code", ENGINE_ERRORS)
def test_an_error_of_the_engine_is_exit_code_4(tmp_path: Path, code: str) -> None:
    assert outcome(tmp_path, *ENGINE_ERRORS[code]) == (code, ExitCode.ENGINE)


@pytest.mark.parametrize("code", STEP_ERRORS)
def test_an_error_of_the_step_is_exit_code_1(tmp_path: Path, code: str) -> None:
    assert outcome(tmp_path, *STEP_ERRORS[code]) == (code, ExitCode.FAILED)


def test_every_documented_error_of_the_engine_has_been_tried() -> None:
    codes = {code for code in documented("The engine and the way to it") if not code.startswith("tls-")}
    assert codes == {*ENGINE_ERRORS, *ELSEWHERE}
    assert documented("While a step runs") >= set(STEP_ERRORS)


@pytest.mark.parametrize("inner", ["background", "parallel", "for_each", "finally"])
def test_an_error_of_the_engine_counts_wherever_its_step_is(tmp_path: Path, inner: str) -> None:
    step = {
        "background": "steps:\n  - {id: asked, events: {}, background: true}\n  - {await: asked}\n",
        "parallel": "steps:\n  - parallel:\n      - {id: asked, events: {}}\n",
        "for_each": "steps:\n  - {id: asked, events: {}, for_each: [1]}\n",
        "finally": "steps:\n  - sleep: 0\nfinally:\n  - {id: asked, events: {}}\n",
    }[inner]
    script, _ = ENGINE_ERRORS["bad-json"]
    with serving(script) as server:
        played = Player(tmp_path, server.endpoint)(step)
    assert Outcome(played.report).exit_code == ExitCode.ENGINE
