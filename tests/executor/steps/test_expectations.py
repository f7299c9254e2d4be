"""Expectations: what passes, what fails, and what a failure shows."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.scenario.matchers.compare import compare
from runner.scenario.matchers.kinds import ABSENT
from runner.scenario.matchers.operands import MATCHERS
from tests.engine.scripted import Peer, ok, serving
from tests.executor.helpers import Played, Player

BODY = {
    "Id": "abc",
    "State": {"Status": "exited", "ExitCode": 3, "Running": False},
    "Names": ["/one", "/two"],
    "Log": "one\ntwo\nthree\n",
}


@pytest.fixture
def expecting(play: Player) -> Any:
    """Asks once, for an answer like that of inspect, with these expectations."""

    def run(expect: str, answer: bytes | None = None) -> Played:
        def script(peer: Peer) -> None:
            peer.request()
            peer.send(ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)"))
            peer.request()
            peer.send(answer or ok(json.dumps(BODY).encode(), "Content-Type: application/json", "X-Kind: box"))

        with serving(script) as server:
            play.at = server.endpoint
            return play(f"vars: {{wanted: exited}}\nsteps:\n  - id: asked\n    inspect: x\n    expect: {expect}\n")

    return run


@pytest.mark.parametrize(
    "expect",
    [
        "{status: 200}",
        "{status: [404, 200]}",
        "{status: 2xx}",
        "{status: '{{ [200, 201] }}'}",
        "{headers: {x-kind: box, content-type: application/json}}",
        "{body: {State: {ExitCode: 3}}}",
        "{body: {State: {Status: '{{ wanted }}', Running: false}}}",
        "{body: {Names: [/one, /two]}}",
        "{body: {}}",
        "{that: [body.State.ExitCode == 3, \"'one' in body.Log\", \"headers['X-KIND'] == 'box'\", ok]}",
    ],
)
def test_what_passes(expecting: Any, expect: str) -> None:
    played = expecting(expect)
    assert played["asked"].status == "passed", played["asked"].error
    assert all(one.passed for one in played["asked"].expectations)


@pytest.mark.parametrize(
    ("expect", "message", "details", "marked"),
    [
        (
            "{body: {State: {Status: running, ExitCode: 3}}}",
            "body does not match",
            ["State.Status", "expected running", "actual exited"],
            "running",
        ),
        (
            "{body: {Names: [/one]}}",
            "body does not match",
            ["Names", "expected 1 element", "actual 2 elements"],
            "[",
        ),
        (
            "{body: {Names: [/one, /three]}}",
            "body does not match",
            ["Names.1", "expected /three", "actual /two"],
            "/three",
        ),
        (
            "{body: {State: {Running: 0}}}",
            "body does not match",
            ["State.Running", "expected 0", "actual false"],
            "0",
        ),
        (
            "{body: {State: {ExitCode: '3'}}}",
            "body does not match",
            ["State.ExitCode", 'expected "3"', "actual 3"],
            "'3'",
        ),
        ("{body: {Nothing: 1}}", "body does not match", ["Nothing", "expected 1", "actual missing"], "1"),
        (
            '{body: {Log: "one\\nzwei\\nthree\\n"}}',
            "body does not match",
            ["Log", "--- expected", "+++ actual", "@@ -1,3 +1,3 @@", "one", "-zwei", "+two", "three"],
            None,
        ),
        ("{headers: {X-Kind: bag}}", "header X-Kind differs", ["expected bag", "actual box"], "bag"),
        ("{headers: {X-None: bag}}", "header X-None differs", ["expected bag", "actual no such header"], "bag"),
        (
            "{that: [body.State.ExitCode + 1 == wanted | length]}",
            "the expression is not true",
            [
                "body.State.ExitCode + 1 == wanted | length → false",
                "body.State.ExitCode + 1 → 4",
                "body.State.ExitCode → 3",
                "wanted | length → 6",
                'wanted → "exited"',
            ],
            "body.State.ExitCode + 1 == wanted | length",
        ),
    ],
)
def test_what_a_failure_shows(
    expecting: Any, expect: str, message: str, details: list[str], marked: str | None
) -> None:
    played = expecting(expect)
    step = played["asked"]
    assert step.status == "failed"
    assert step.error is not None
    assert step.error.code == "expectation"
    assert step.error.message == message
    shown = [" ".join(line.replace("(", "").replace(")", "").split()) for line in step.error.details]
    assert shown[-len(details) :] == details
    if marked is not None:
        place = step.error.place
        assert place is not None
        start = place.column - 1
        assert place.text[start : start + place.length].strip("'") == marked.strip("'")


def test_every_expectation_is_in_the_record(expecting: Any) -> None:
    played = expecting("{status: 2xx, body: {Id: abc}, headers: {X-Kind: bag}, that: [ok, body.Id == 'x']}")
    assert [(one.expression, one.passed) for one in played["asked"].expectations] == [
        ("status is 2xx", True),
        ('headers["X-Kind"] == "bag"', False),
        ('body matches {"Id": "abc"}', True),
        ("ok", True),
        ("body.Id == 'x'", False),
    ]
    assert played.error("asked")[1] == "header X-Kind differs"


def test_a_status_that_was_not_expected_points_at_it(expecting: Any) -> None:
    played = expecting("{status: 404}")
    error = played["asked"].error
    assert error is not None
    assert (error.code, error.message) == ("unexpected-status", "the engine answered 200 OK")
    assert error.place is not None
    assert error.place.text[error.place.column - 1 :].startswith("404")


OUTPUT = """
    steps:
      - create: {{body: {{Image: alpine, Cmd: [sh, -c, "echo a; echo b; echo c >&2"]}}}}
        capture: {{box: body.Id}}
        defer: {{remove: {{id: "{{{{ box }}}}", force: true}}}}
      - id: output
        attach: {{id: "{{{{ box }}}}", stream: true, stdout: true, stderr: true}}
        background: true
        expect: {expect}
      - start: "{{{{ box }}}}"
"""


@pytest.mark.parametrize(
    ("expect", "message", "details"),
    [
        ('{stdout: "a\\nb\\n", stderr: "c\\n"}', None, []),
        ("{stdout: {contains: b}, stderr: {matches: '^c$'}}", None, []),
        ("{stdout: {contains: x}}", "stdout does not contain it", ['stdout contains "x"', 'actual "a\\nb\\n"']),
        ("{stderr: {matches: '^x'}}", "stderr does not match it", ['stderr matches "^x"', 'actual "c\\n"']),
        (
            '{stdout: "a\\nx\\n"}',
            "stdout is not what was expected",
            ['stdout == "a\\nx\\n"', "--- expected", "+++ actual", "@@ -1,2 +1,2 @@", "a", "-x", "+b"],
        ),
        ("{stdout: ''}", "stdout is not what was expected", ['stdout == ""', 'expected ""', 'actual "a\\nb\\n"']),
    ],
)
def test_output(on_docker: Player, expect: str, message: str | None, details: list[str]) -> None:
    played = on_docker(OUTPUT.format(expect=expect))
    error = played["output"].error
    assert (error and error.message) == message
    assert [" ".join(line.split()) for line in error.details if error] == details if error else not details


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
KEYS = st.text(max_size=3).filter(lambda key: key not in MATCHERS)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))


@given(VALUES)
def test_a_value_matches_itself(value: Any) -> None:
    assert compare(value, value) == []


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.data())
def test_a_part_of_a_mapping_matches_it(value: dict[str, Any], data: st.DataObject) -> None:
    part = {key: inner for key, inner in value.items() if data.draw(st.booleans())}
    assert compare(part, value) == []
    assert bool(compare(value, part)) == (len(part) < len(value))


@given(VALUES, VALUES)
def test_a_difference_names_where_the_values_differ(wanted: Any, actual: Any) -> None:
    differences = compare(wanted, actual)
    assert (differences == []) is fits(wanted, actual)
    for difference in differences:
        path, want, got = difference.path, difference.wanted, difference.actual
        found, beside = wanted, actual
        for part in path:
            found = found[part]
            there = part in beside if isinstance(beside, dict) else int(part) < len(beside)
            beside = beside[part] if there else ABSENT
        lengths = isinstance(found, list) and isinstance(beside, list)
        assert (want, got) == (("1 element" if len(found) == 1 else f"{len(found)} elements",
                                "1 element" if len(beside) == 1 else f"{len(beside)} elements")
                               if lengths else (found, beside))  # fmt: skip
        assert not fits(found, beside)


def fits(wanted: Any, actual: Any) -> bool:
    """Return whether a value is a subset, by a definition of its own."""
    if isinstance(wanted, dict) and isinstance(actual, dict):
        return all(key in actual and fits(value, actual[key]) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(actual, list):
        return len(wanted) == len(actual) and all(map(fits, wanted, actual))
    return type(wanted) is type(actual) and bool(wanted == actual)


@pytest.fixture
def capturing(expecting: Any) -> Any:
    """Check the same for a step that captures what it expects something of, with a cleanup that needs it."""

    def run(expect: str) -> Played:
        played: Played = expecting(f"{expect}\n    capture: {{box: body.Id, upper: box | upper}}\n"
                                   "    defer: {id: cleanup, check: [upper == 'ABC']}")  # fmt: skip
        return played

    return run


@pytest.mark.parametrize(
    "expect",
    [
        "{that: [upper == 'ABC']}",
        "{body: {Id: '{{ upper | lower }}'}}",
        '{headers: {X-Kind: \'{{ box | replace("abc", "box") }}\'}}',
    ],
)
def test_expectations_see_what_the_step_captures(capturing: Any, expect: str) -> None:
    played = capturing(expect)
    assert played["asked"].status == "passed", played["asked"].error


def test_what_was_captured_is_there_for_the_cleanup_though_an_expectation_fails(capturing: Any) -> None:
    played = capturing("{that: [upper == 'XYZ']}")
    assert played.error("asked")[0] == "expectation"
    assert played["asked"].captured == {"box": "abc", "upper": "ABC"}
    assert played["cleanup"].status == "passed", played["cleanup"].reason


def test_a_failed_expectation_says_more_than_a_capture_that_fails_of_it(expecting: Any) -> None:
    lacking = "\n    capture: {code: body.State.Code}"
    assert expecting("{body: {State: {Status: running}}}" + lacking).error("asked") == (
        "expectation", "body does not match",
    )  # fmt: skip
    for expect in ("{that: [code == 3]}", "{body: {State: {ExitCode: '{{ code }}'}}}", "{that: [ok]}"):
        code, message = expecting(expect + lacking).error("asked")
        assert code == "undefined-name"
        assert "there is no 'Code' here" in message
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"
    assert expecting("{body: {Id: '{{ code }}'}}" + lacking, missing).error("asked")[0] == "unexpected-status"


@pytest.mark.parametrize(("pattern", "code"), [("[", "bad-regex"), ("(a+)+$", "regex-timeout")])
def test_a_pattern_that_is_bad_only_at_run_time(play: Player, pattern: str, code: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)"))
        peer.request()
        output = b"a" * 40 + b"!\n"
        frame = struct.pack(">BxxxL", 1, len(output)) + output
        peer.send(ok(frame, "Content-Type: application/vnd.docker.multiplexed-stream"))

    with serving(script) as server:
        play.at = server.endpoint
        played = play(
            f"vars: {{pattern: '{pattern}'}}\nsteps:\n  - id: asked\n    request: {{path: /output}}\n"
            '    expect: {stdout: {matches: "{{ pattern }}"}}\n'
        )
    error = played["asked"].error
    assert error is not None
    assert (played["asked"].status, error.code) == ("error", code)
    assert error.place is not None and error.place.line == 6
