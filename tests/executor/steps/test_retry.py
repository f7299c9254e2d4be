"""Trying again: until something holds, until nothing more can help, or until the time is over."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.engine.scripted import Peer, ok, serving
from tests.executor.helpers import Player

PING = ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)")


def counting(peer: Peer) -> None:
    """Says how often it was asked, after the first acquaintance."""
    peer.request()
    peer.send(PING)
    for number in range(1, 100):
        peer.request()
        peer.send(ok(b'{"ApiVersion": "%d"}' % number, "Content-Type: application/json"))


@pytest.fixture
def scripted(tmp_path: Path) -> Player:
    return Player(tmp_path)


def test_until(scripted: Player) -> None:
    with serving(counting) as server:
        scripted.at = server.endpoint
        played = scripted("""
            steps:
              - id: asked
                version: {}
                retry: {every: 50ms, until: body.ApiVersion | int >= 3}
                capture: {seen: body.ApiVersion, tries: attempts}
              - check: [seen == '3', tries == 3, steps.asked.attempts == 3]
        """)
    assert played.status == "passed", played["asked"].error
    assert played["asked"].attempts == 3
    assert played["asked"].duration_ms >= 100


def test_times_run_out(scripted: Player) -> None:
    with serving(counting) as server:
        scripted.at = server.endpoint
        played = scripted("""
            steps:
              - id: asked
                version: {}
                retry: {times: 4, every: 1ms, until: body.ApiVersion == 'x'}
        """)
        assert len(server.requests) == 5
    assert played["asked"].attempts == 4
    assert played["asked"].status == "failed"
    error = played["asked"].error
    assert error is not None
    assert error.message == "'until' did not become true in 4 tries"
    assert any("body.ApiVersion" in line and '"4"' in line for line in error.details)


def test_fail_if_ends_it(scripted: Player) -> None:
    with serving(counting) as server:
        scripted.at = server.endpoint
        played = scripted("""
            steps:
              - id: asked
                version: {}
                retry: {times: 50, every: 1ms, until: body.ApiVersion == 'x', fail_if: body.ApiVersion == '3'}
        """)
    assert played["asked"].attempts == 3
    error = played["asked"].error
    assert error is not None
    assert error.code == "fail-if"
    assert [" ".join(line.split()) for line in error.details] == [
        "body.ApiVersion == '3' → true",
        'body.ApiVersion → "3"',
    ]
    assert played["asked"].status == "failed"


def test_expectations_are_tried_again(scripted: Player) -> None:
    with serving(counting) as server:
        scripted.at = server.endpoint
        played = scripted("""
            steps:
              - id: asked
                version: {}
                retry: {times: 5, every: 1ms}
                expect: {body: {ApiVersion: "3"}}
        """)
    assert (played["asked"].status, played["asked"].attempts) == ("passed", 3)
    assert all(one.passed for one in played["asked"].expectations)


def test_the_time_bounds_all_tries_together(scripted: Player) -> None:
    before = time.monotonic()
    with serving(counting) as server:
        scripted.at = server.endpoint
        played = scripted("""
            steps:
              - id: asked
                version: {}
                timeout: 400ms
                retry: {every: 50ms, until: body.ApiVersion == 'x'}
        """)
    assert time.monotonic() - before < 10
    code, message = played.error("asked")
    assert code == "timeout"
    assert message.startswith("the step did not pass within 0.4 s (")
    error = played["asked"].error
    assert error is not None
    assert error.details[0] == "the last try: 'until' did not become true"


def test_a_refusal_is_tried_again(scripted: Player) -> None:
    def first_busy(peer: Peer) -> None:
        peer.request()
        peer.send(PING)
        peer.request()
        peer.send(b'HTTP/1.1 503 Busy\r\nContent-Length: 18\r\n\r\n{"message":"busy"}')
        peer.request()
        peer.send(ok(b"{}", "Content-Type: application/json"))

    with serving(first_busy) as server:
        scripted.at = server.endpoint
        played = scripted("steps:\n  - {id: asked, version: {}, retry: {times: 2, every: 1ms}}\n")
    assert (played["asked"].status, played["asked"].attempts) == ("passed", 2)
    assert played["asked"].error is None


def test_an_interruption_ends_the_waiting(scripted: Player) -> None:
    with serving(counting) as server:
        scripted.at = server.endpoint
        played = scripted(
            "steps:\n  - {id: asked, version: {}, retry: {every: 50s, until: body.no is defined}, timeout: 100s}\n",
            stop_in="asked",
        )
    assert played.error("asked")[0] == "interrupted"
    assert played.report.duration_ms < 10_000
