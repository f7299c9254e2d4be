"""Expectations over streams that are too long to be kept, and over answers that don't begin."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

import pytest

from runner.results.records import MARK
from tests.engine.scripted import Peer, ok, serving
from tests.executor.helpers import Played, Player
from tests.executor.test_faults import PING

LINES = b"".join(b"line %06d\n" % number for number in range(120_000)) + b"ERROR at the end\n"
EVENTS = [{"Action": "start" if number else "create", "n": number, "more": "x" * 100} for number in range(15_000)]


@pytest.fixture
def answering(play: Player) -> Callable[..., Played]:
    """Plays steps against a server that answers each request after the ping with the same bytes."""

    def run(steps: str, answer: bytes) -> Played:
        def script(peer: Peer) -> None:
            peer.request()
            peer.send(PING)
            while True:
                peer.request()
                peer.send(answer)

        with serving(script) as server:
            play.at = server.endpoint
            return play(f"vars: {{word: ERROR}}\nsteps:\n{steps}")

    return run


def output(data: bytes) -> bytes:
    frames = [data[start : start + 60_000] for start in range(0, len(data), 60_000)]
    body = b"".join(struct.pack(">BxxxL", 1, len(frame)) + frame for frame in frames)
    return ok(body, "Content-Type: application/vnd.docker.multiplexed-stream")


LONG = output(LINES)
LOGS = "request: {path: /containers/x/logs}"


@pytest.mark.parametrize(
    "expect",
    [
        '{stdout: {contains: "{{ word }} at"}}',
        '{stdout: {matches: "end\\n$", not: {contains: WARNING}}}',
        '{stdout: \'{{ {"matches": "(?m)^ERROR"} }}\'}',
        f"{{stdout: {{length: {len(LINES)}}}, that: [stdout | length == {len(LINES)}, stdout is defined]}}",
    ],
)
def test_the_whole_output_is_judged(answering: Any, expect: str) -> None:
    played = answering(f"  - {{id: a, {LOGS}, expect: {expect}}}\n", LONG)
    assert played["a"].status == "passed", played["a"].error
    response = played["a"].response
    assert response is not None and response.truncated
    assert response.stdout.endswith("\n") and LINES.decode().startswith(response.stdout)
    assert response.stdout_left_out.bytes == len(LINES) - len(response.stdout)


def test_a_step_that_awaits_a_long_output_judges_the_whole(answering: Any) -> None:
    steps = (
        f"  - {{id: a, {LOGS}, background: true}}\n"
        '  - {id: b, await: a, expect: {stdout: {contains: "{{ word }} at the end", not: {contains: never}}}}\n'
    )
    assert answering(steps, LONG)["b"].status == "passed"


def test_what_a_failure_says_of_a_long_output(answering: Any) -> None:
    error = answering(f"  - {{id: a, {LOGS}, expect: {{stdout: {{not: {{contains: ERROR}}}}}}}}\n", LONG)["a"].error
    assert error.message == "stdout contains it"
    assert error.details[0] == 'stdout not contains "ERROR"'
    assert f"({len(LINES):,} characters)" in error.details[1]
    assert all(len(line) < 1000 for line in error.details)


@pytest.mark.parametrize(
    "use",
    [
        "expect: {that: [\"'ERROR' not in stdout\"]}",
        "expect: {that: [stdout.endswith('x')]}",
        "expect: {that: [stdout == '']}",
        "expect: {that: [\"stdout | replace('a', 'b') | length > 1\"]}",
        "expect: {that: [\"stdout[-5:] == 'x'\"]}",
        'expect: {that: ["[stdout] | length == 1 and [stdout] | first == 1"]}',
        "capture: {text: stdout}",
        "capture: {lines: 'stdout.splitlines()'}",
        "capture: {pair: '[stdout, 1]'}",
        "capture: {json: 'stdout | json'}",
        "capture: {count: stdout | length, last: 'stdout ~ count'}",
        "retry: {times: 2, every: 1ms, until: \"'ERROR' in stdout\"}",
    ],
)
def test_an_expression_that_reads_a_cut_output_is_an_error(answering: Any, use: str) -> None:
    step = answering(f"  - id: a\n    {LOGS}\n    {use}\n", LONG)["a"]
    assert (step.status, step.error.code) == ("error", "cut-value"), step.error
    assert f"'stdout' has {len(LINES):,} characters" in step.error.message
    assert "expect: {stdout: {contains: …}}" in step.error.hint


def test_a_later_step_that_reads_a_cut_output(answering: Any) -> None:
    steps = f"  - {{id: a, {LOGS}}}\n  - {{id: b, check: [\"'ERROR' in steps.a.stdout\"]}}\n"
    assert answering(steps, LONG).error("b")[0] == "cut-value"
    counted = f"  - {{id: a, {LOGS}}}\n  - {{id: b, check: [steps.a.stdout | length == {len(LINES)}]}}\n"
    assert answering(counted, LONG)["b"].status == "passed"


def test_an_expectation_that_depends_on_a_capture_can_not_see_the_whole(answering: Any) -> None:
    step = f'  - {{id: a, {LOGS}, capture: {{s: status}}, expect: {{stdout: {{contains: "{{{{ s }}}}"}}}}}}\n'
    assert answering(step, LONG).error("a")[0] == "cut-value"


def test_a_line_that_is_cut_has_a_mark(answering: Any) -> None:
    response = answering(f"  - {{id: a, {LOGS}}}\n", output(b"a" * 1_500_000))["a"].response
    assert response.stdout.endswith(f"a{MARK}")
    assert response.stdout_left_out.bytes == 1_500_000 - len(response.stdout[:-1])


STREAM = ok(b"".join(json.dumps(event).encode() + b"\n" for event in EVENTS), "Content-Type: application/x-ndjson")


@pytest.mark.parametrize(
    ("expect", "code"),
    [
        ("{items: {length: 15000, contains: {n: 14999, Action: start}}}", None),
        ("{items: {not: {contains: {Action: die}}, contains: {Action: create}}}", None),
        ("{that: [items | length == 15000, 'items[0].n == 0']}", None),
        ("{items: {contains: {Action: die}}}", "expectation"),
        ("{items: [{}]}", "expectation"),
        ("{items: {length: 3}}", "expectation"),
        ("{that: ['items[-1].n == 14999']}", "cut-value"),
        ("{that: [\"items | selectattr('n', 'gt', 5) | list | length > 1\"]}", "cut-value"),
    ],
)
def test_all_elements_are_judged(answering: Any, expect: str, code: str | None) -> None:
    step = answering(f"  - {{id: a, request: {{path: /events}}, expect: {expect}}}\n", STREAM)["a"]
    assert (step.error and step.error.code) == code, step.error
    assert len(step.response.items) + step.response.items_left_out == len(EVENTS)


# No answer


@pytest.fixture
def silent(play: Player) -> Callable[[str], Played]:
    """Plays steps against a server that answers the ping, and nothing after it."""

    def run(steps: str) -> Played:
        def script(peer: Peer) -> None:
            peer.request()
            peer.send(PING)
            peer.request()
            peer.hold()

        with serving(script) as server:
            play.at = server.endpoint
            return play(f"steps:\n{steps}")

    return run


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ('{stdout: "", stderr: {length: 0}, items: []}', None),
        ("{status: {absent: true}, that: [status is none, ok]}", None),
        ("{status: {not: {absent: false}}}", None),
        ("{status: 200}", "no answer had begun within 0.2 s, the time of take.for"),
        ("{stdout: x}", "stdout is not what was expected"),
    ],
)
def test_that_no_answer_begins_can_be_expected(silent: Any, expect: str, message: str | None) -> None:
    logs = f"{LOGS}, timeout: 30s, take: {{for: 200ms}}"
    step = silent(f"  - {{id: a, {logs}, expect: {expect}}}\n")["a"]
    assert (step.error and step.error.message) == message
    assert step.response is None
    assert step.duration_ms < 15_000


def test_the_time_of_the_step_ends_it_as_a_failure_if_it_is_shorter(silent: Any) -> None:
    logs = f"{LOGS}, timeout: 200ms, take: {{for: 30s}}"
    assert silent(f"  - {{id: a, {logs}}}\n").error("a")[0] == "timeout"


def test_a_background_step_without_an_answer_can_be_awaited(silent: Any) -> None:
    logs = f"{LOGS}, timeout: 30s, take: {{for: 200ms}}"
    steps = f'  - {{id: a, {logs}, background: true}}\n  - {{id: b, await: a, expect: {{stdout: ""}}}}\n'
    assert silent(steps)["b"].status == "passed"
