"""Times and names that functions give: the same again in a replay, and placeholders in the stable form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.executor.generated import Generated
from runner.report.stable.stabilise import stabilise
from tests.executor.helpers import Player

TEXT = """
    vars: {first: "{{ unique('first') }}"}
    steps:
      - {id: a, set: {name: "{{ unique('web') }}", at: "{{ now() }}", run: "{{ 'r-' ~ run.id }}"}}
      - parallel:
        - {id: b, for_each: [1, 2], set: {left: "{{ unique('x') }}"}}
        - {id: c, set: {right: "{{ unique('x') }}"}}
      - {id: d, set: {all: "{{ [name, first, at, left, right] }}"}}
"""


def test_each_place_has_names_of_its_own(play: Player) -> None:
    text = TEXT.replace("run: ", "ran: ")
    played = play(text)
    assert played.status == "passed", played.steps
    names = [played["a"].captured["name"], *played["b"].captured["left"], played["c"].captured["right"]]
    assert len(set(names)) == 4
    again = play(text)
    assert again["a"].captured["name"] != names[0]
    assert stabilise(played.report).scenarios[0].steps[-1].captured == (
        stabilise(again.report).scenarios[0].steps[-1].captured
    )


def test_what_was_recorded_is_given_again() -> None:
    run = Generated("ab12")
    first = [run.at((0, 1))["unique"]("web"), run.at((0, 1))["unique"]("web"), run.at((2,))["now"](), run.at()["now"]()]
    assert first[0] != first[1]
    again = Generated("ab12", json.loads(json.dumps(run.values)))
    assert [again.at()["now"](), again.at((2,))["now"]()] == [first[3], first[2]]
    assert [again.at((0, 1))["unique"]("web") for _ in range(2)] == first[:2]
    assert Generated("other").at((0, 1))["unique"]("web") != first[0]


@pytest.mark.parametrize("prefix", ["", 1, None, "x" * 201])
def test_a_prefix_is_a_text(prefix: object) -> None:
    with pytest.raises(TypeError, match="unique needs a text"):
        Generated("ab").at()["unique"](prefix)


@pytest.mark.parametrize("name", ["now", "unique", "run", "range"])
def test_the_names_are_reserved(play: Player, tmp_path: Path, name: str) -> None:
    from runner.errors import InvalidScenario

    with pytest.raises(InvalidScenario, match="reserved"):
        play(f"vars: {{{name}: 1}}\nsteps: [{{sleep: 0}}]\n")


def test_a_function_without_a_call(play: Player) -> None:
    played = play("steps: [{id: s, set: {a: 'x {{ now }}'}}]\n")
    assert played["s"].error is not None
    assert "is a function" in played["s"].error.message
