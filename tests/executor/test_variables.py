"""Variables: where their values come from, which wins, and which type they have."""

from __future__ import annotations

from typing import Any

import pytest

from runner.executor.untyped import UntypedText
from runner.executor.variables import as_scalar, coerced
from runner.spelling import spelled
from tests.executor.helpers import Player


@pytest.mark.parametrize(
    ("text", "default", "value"),
    [
        ("5", 3, 5),
        ("5", "3", "5"),
        ("5", None, 5),
        ("true", False, True),
        ("true", "x", "true"),
        ("1.10", 1, spelled(1.1, "1.10")),
        ("1.5", 1, 1.5),
        ("null", 1, None),
        ("", 1, ""),
        ("no", True, "no"),
        ("007", 1, spelled(7, "007")),
        ("[1, two]", [], [1, "two"]),
        ("{a: 1}", {}, {"a": 1}),
        ("{a: 1", {}, "{a: 1"),
        ("word", [], "word"),
        ("[1]", {}, "[1]"),
    ],
)
def test_text_takes_the_type_of_the_default(text: str, default: Any, value: Any) -> None:
    found = coerced(UntypedText(text), default)
    assert (found, str(found)) == (value, str(value))
    assert type(found) is type(value)


@pytest.mark.parametrize("value", [5, [1], {"a": 1}, None, "text"])
def test_what_has_a_type_keeps_it(value: Any) -> None:
    assert coerced(value, "default") == value


@pytest.mark.parametrize("text", ["1_000", "0x10", "1e3", "+5", " 5", "~", "Yes", "0o7", "-0"])
def test_only_what_is_plainly_a_number_is_one(text: str) -> None:
    assert as_scalar(text) == (None if text == "~" else text)


def test_values_from_outside_win_and_later_ones_see_them(play: Player) -> None:
    played = play(
        """
        vars: {image: alpine, tag: "{{ image }}:1", times: 3}
        steps:
          - check: [image == 'busybox', tag == 'busybox:1', times == 5, extra == 'e']
        """,
        values={"image": UntypedText("busybox"), "times": UntypedText("5"), "extra": UntypedText("e")},
    )
    assert played.status == "passed", played["check_1"].error
    assert played.scenario.vars == {"image": "busybox", "tag": "busybox:1", "times": 5, "extra": "e"}


def test_a_variable_is_evaluated_once(play: Player) -> None:
    played = play("""
        vars: {template: !raw "{{ name }}"}
        steps:
          - set: {again: "{{ template }}", text: "<{{ template }}>"}
          - check: ["again == '{' ~ '{ name }' ~ '}'", "text | length == 12"]
    """)
    assert played.status == "passed", played["check_2"].error


def test_a_variable_that_can_not_be_rendered(play: Player) -> None:
    played = play("vars: {data: {}, broken: '{{ data.missing }}'}\nsteps:\n  - check: [broken]\n")
    assert played.status == "error"
    assert played.scenario.error is not None
    assert played.scenario.error.code == "undefined-name"
    assert played.scenario.error.place is not None
    assert played.scenario.error.place.line == 2
    assert played.scenario.steps == ()


def test_secrets_are_variables_that_no_report_shows(play: Player) -> None:
    played = play(
        """
        secrets: [password]
        steps:
          - set: {seen: "{{ password }}", encoded: "{{ password | b64encode }}"}
          - check: [password | length == 9]
        """,
        secrets={"password": "s3cr3t'\"/"},
    )
    assert played.status == "passed"
    assert played["set_1"].captured == {"seen": "***", "encoded": "***"}
    assert "password" not in played.scenario.vars
    assert "s3cr3t" not in repr(played)


def test_a_variable_that_is_made_of_a_secret_is_shown_by_no_report(play: Player) -> None:
    played = play(
        """
        secrets: [password]
        vars: {loud: "{{ password | upper }}", louder: "{{ loud }}!", plain: x}
        steps:
          - check: [louder == 'S3CR3T!']
        """,
        secrets={"password": "s3cr3t"},
    )
    assert played.status == "passed"
    assert played.scenario.vars == {"plain": "x"}


def test_a_secret_without_a_value(play: Player) -> None:
    played = play("secrets: [password]\nsteps:\n  - check: [password]\n")
    assert played.scenario.error is not None
    assert played.scenario.error.code == "missing-secret"
    assert "RUN_SECRET_PASSWORD" in (played.scenario.error.hint or "")


def test_a_computed_value_that_does_not_fit_is_an_error_of_its_field(play: Player) -> None:
    played = play(
        """
        vars: {flag: "false", much: "64m"}
        steps:
          - id: made
            create:
              body:
                Image: alpine
                HostConfig:
                  Memory: "{{ much }}"
          - id: listed
            list:
              all: "{{ flag }}"
        """,
        keep_going=True,
    )
    errors = [played[step].error for step in ("made", "listed")]
    assert [(one.code, one.place and one.place.line) for one in errors if one] == [
        ("wrong-type", 10), ("bad-parameter", 13),
    ]  # fmt: skip
