"""Whole templates where a mapping, a duration or a number is expected."""

from __future__ import annotations

from tests.executor.helpers import Player

INCLUDED = """
    title: inner
    vars: {a: 1, b: x}
    steps: [{check: [a == 2, b == 'y']}]
"""


def test_durations_and_tries(play: Player) -> None:
    play.write("title: i\nsteps: [{sleep: 0}]\n", "inner.yaml")
    played = play("""
        vars: {limit: 30s, tries: 2, pause: 0.01}
        steps:
          - id: s
            timeout: "{{ limit }}"
            retry: {times: "{{ tries }}", every: "{{ pause }}s", until: "attempts == 2"}
            include: {scenario: inner.yaml}
    """)
    assert played.status == "passed", played["s"].error
    assert played["s"].attempts == 2


def test_what_does_not_fit(play: Player) -> None:
    play.write(INCLUDED, "inner.yaml")
    played = play(
        """
        vars: {word: soon, none: 0}
        steps:
          - {id: a, sleep: 0, timeout: "{{ word }}"}
          - {id: b, include: {scenario: inner.yaml}, retry: {times: "{{ none }}"}}
          - {id: c, include: {scenario: inner.yaml}, retry: {every: "{{ word }}"}}
          - {id: d, include: {scenario: inner.yaml, vars: "{{ word }}"}}
          - {id: e, include: {scenario: inner.yaml, vars: "{{ {'c': 1} }}"}}
        """,
        keep_going=True,
    )
    places = {name: error.place for name in "abcde" if (error := played[name].error) is not None}
    assert {name: (played.error(name)[0], place and place.line) for name, place in places.items()} == {
        "a": ("bad-duration", 5),
        "b": ("wrong-type", 6),
        "c": ("bad-duration", 7),
        "d": ("wrong-type", 8),
        "e": ("unknown-variable", 9),
    }


def test_variables_of_an_included_scenario(play: Player) -> None:
    play.write(INCLUDED, "inner.yaml")
    played = play("""
        vars: {rows: [{a: 2, b: y}]}
        steps:
          - {id: s, for_each: rows, include: {scenario: inner.yaml, vars: "{{ item }}"}}
    """)
    assert played.status == "passed", played["s"].error


def test_a_raw_request(play: Player) -> None:
    played = play(
        """
        vars: {q: {all: true}, h: {X-A: 1}, bad: [1]}
        steps:
          - {id: a, request: {path: /x, query: "{{ q }}", headers: "{{ h }}"}}
          - {id: b, request: {path: /x, query: "{{ bad }}"}}
    """,
        keep_going=True,
    )
    request = played["a"].request
    assert request is not None
    assert (request.query, request.headers["X-A"]) == ({"all": "1"}, "1")
    assert played.error("b")[0] == "wrong-type"
