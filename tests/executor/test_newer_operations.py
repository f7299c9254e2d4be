"""Operations and parameters that no engine here is new enough for, as steps of a scenario: the bytes that they send.

The live tests (``tests/live``) have the rest of the API on a real engine, which speaks version 1.41.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from runner import __version__
from runner.api import operations
from tests.engine.scripted import Server, ok, replies, serving
from tests.executor.helpers import Played, Player

API = operations.newest_api()
AGENT = f"User-Agent: engine-recipes/{__version__}"
PONG = ok(b"OK", f"Api-Version: {API}", "Server: Docker/30.0.0 (linux)")


def play(folder: Path, step: str, *answers: bytes) -> tuple[Played, Server]:
    with serving(replies(PONG, *answers)) as server:
        return Player(folder, server.endpoint)(f"steps:\n  - {step}\n"), server


def sent(server: Server, method: str, target: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} /v{API}{target} HTTP/1.1", f"Host: {server.endpoint.host_header}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


JSON = "Content-Type: application/json"
EMPTY = "Content-Length: 0"
PLAIN = "Accept-Encoding: identity"
LINUX = "%7B%22os%22%3A%22linux%22%7D"
ARM = "%7B%22os%22%3A%22linux%22%2C%22architecture%22%3A%22arm64%22%7D"


@pytest.mark.parametrize(
    ("step", "method", "target", "headers", "body"),
    [
        (
            "volume.update: {name: data, version: 7, body: {Spec: {Availability: drain}}}",
            *("PUT", "/volumes/data?version=7", [JSON, "Content-Length: 33"]),
            b'{"Spec":{"Availability":"drain"}}',
        ),
        ("image.attestations: team/app:1", "GET", "/images/team/app:1/attestations", [], b""),
        (
            "image.attestations: {name: app, platform: {os: linux}, type: [sbom, provenance], statement: true}",
            *("GET", f"/images/app/attestations?platform={LINUX}&type=sbom&type=provenance&statement=1", [], b""),
        ),
        ("stop: {id: c1, signal: SIGINT, t: 3}", "POST", "/containers/c1/stop?signal=SIGINT&t=3", [EMPTY], b""),
        ("restart: {id: c1, signal: SIGHUP}", "POST", "/containers/c1/restart?signal=SIGHUP", [EMPTY], b""),
        (
            "image.list: {shared-size: true, manifests: true, identity: false}",
            *("GET", "/images/json?shared-size=1&manifests=1&identity=0", [], b""),
        ),
        (
            "image.inspect: {name: app, platform: {os: linux, architecture: arm64}}",
            *("GET", f"/images/app/json?platform={ARM}", [], b""),
        ),
        ("image.inspect: {name: app, manifests: true}", "GET", "/images/app/json?manifests=1", [], b""),
        ("image.history: {name: app, platform: {os: linux}}", "GET", f"/images/app/history?platform={LINUX}", [], b""),
        (
            "image.delete: {name: app, platforms: [{os: linux}, {os: linux, architecture: arm64}]}",
            *("DELETE", f"/images/app?platforms={LINUX}&platforms={ARM}", [], b""),
        ),
        (
            "image.save: {name: app, platform: [{os: linux}]}",
            *("GET", f"/images/app/get?platform={LINUX}", [PLAIN], b""),
        ),
        (
            "image.save_all: {names: [app, web], platform: [{os: linux}]}",
            *("GET", f"/images/get?names=app&names=web&platform={LINUX}", [PLAIN], b""),
        ),
        (
            "build.prune: {reserved-space: 1, max-used-space: 3, min-free-space: 2}",
            *("POST", "/build/prune?reserved-space=1&max-used-space=3&min-free-space=2", [EMPTY], b""),
        ),
        (
            "df: {type: [image, volume], verbose: true}",
            *("GET", "/system/df?type=image&type=volume&verbose=1", [], b""),
        ),
    ],
)
def test_a_step_as_bytes(tmp_path: Path, step: str, method: str, target: str, headers: list[str], body: bytes) -> None:
    operation = operations.find(step.partition(":")[0])
    assert operation
    content = b"\0" * 1024 if operation.answer == "tar" else b""
    head = f"HTTP/1.1 {operation.success[0]} Done\r\nContent-Length: {len(content)}\r\n\r\n"
    played, server = play(tmp_path, step, head.encode() + content)
    assert server.requests[1:] == [sent(server, method, target, AGENT, *headers, body=body)]
    assert (played.status, played.scenario.steps[0].operation) == ("passed", operation.id)


def test_a_load_of_one_platform(tmp_path: Path) -> None:
    (tmp_path / "app.tar").write_bytes(b"\0" * 1024)
    progress = ok(b'{"stream":"Loaded image: app:1\\n"}', JSON)
    played, server = play(tmp_path, "image.load: {body_file: app.tar, platform: [{os: linux}]}", progress)
    assert server.requests[1] == sent(
        server,
        *("POST", f"/images/load?platform={LINUX}", AGENT, "Accept: application/json"),
        *("Content-Type: application/x-tar", "Content-Length: 1024"),
        body=b"\0" * 1024,
    )
    assert played.scenario.steps[0].response and played.scenario.steps[0].response.items


def test_a_push_of_one_platform(tmp_path: Path) -> None:
    step = "image.push: {name: app, platform: {os: linux}, X-Registry-Auth: {identitytoken: t}}"
    played, server = play(tmp_path, step, ok(b'{"status":"Pushed"}', JSON))
    headers = (AGENT, "Accept: application/json", "X-Registry-Auth: eyJpZGVudGl0eXRva2VuIjoidCJ9", EMPTY)
    assert server.requests[1] == sent(server, "POST", f"/images/app/push?platform={LINUX}", *headers)
    assert played.status == "passed"


def test_an_engine_that_is_too_old_is_not_asked(tmp_path: Path) -> None:
    old = ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)")
    with serving(replies(old)) as server:
        played = Player(tmp_path, server.endpoint)("steps:\n  - image.attestations: app\n")
    assert len(server.requests) == 1
    assert played.status == "error"
