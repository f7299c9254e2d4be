"""A condition is true or false; any other value is an error that shows it and says how to ask."""

from __future__ import annotations

import pytest

from tests.executor.helpers import Player

STEPS = {
    "when": "{{id: s, sleep: 0, when: {}}}",
    "check": "{{id: s, check: [{}]}}",
    "that": "{{id: s, sleep: 0, expect: {{that: {}}}}}",
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("name", "shown", "hint"),
    [
        ("text", '"false"', "text == 'false'"),
        ("number", "0", "number > 0"),
        ("many", "[1]", "many | length > 0"),
        ("nothing", "null", "nothing is not none"),
    ],
)
def test_what_is_neither_true_nor_false(play: Player, step: str, name: str, shown: str, hint: str) -> None:
    played = play(
        f"vars: {{text: 'false', number: 0, many: [1], nothing: null}}\nsteps:\n  - {STEPS[step].format(name)}\n"
    )
    error = played["s"].error
    assert error is not None
    assert (played["s"].status, error.code) == ("error", "not-a-condition")
    assert shown in error.message
    assert hint in (error.hint or "")
    assert error.place is not None and error.place.line == 4


def test_an_until_that_is_no_condition_is_not_tried_again(play: Player) -> None:
    played = play("vars: {x: text}\nsteps:\n  - {id: s, include: {scenario: i.yaml}, retry: {every: 10ms, until: x}}\n")
    assert played.error("s")[0] == "not-a-condition"
    assert played["s"].attempts == 1


@pytest.fixture(autouse=True)
def included(play: Player) -> None:
    play.write("title: i\nsteps: [{sleep: 0}]\n", "i.yaml")
