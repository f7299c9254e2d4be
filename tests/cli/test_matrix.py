"""A matrix runs a scenario once for each combination: in a run, a check, a plan and a replay."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.helpers import Command
from tests.cli.test_found_secrets import EMPTY

TEXT = """
title: rows
matrix: {image: [alpine, busybox], size: [1, 3.20]}
vars: {full: "{{ image }}:{{ size }}"}
steps:
  - id: s
    title: "Title {{ item }}"
    for_each: {in: [a, b, a], name: "'n' ~ item"}
    set: {got: "{{ full }}"}
"""
ROWS = ["image-alpine-size-1", "image-alpine-size-3.20", "image-busybox-size-1", "image-busybox-size-3.20"]


@pytest.fixture
def replayed(nowhere: Command) -> Command:
    nowhere.write("x.yaml", TEXT)
    for row in ROWS:
        nowhere.write(f"recordings/x.{row}.json", EMPTY)
    return nowhere


def scenarios(command: Command, *words: str) -> list[dict[str, Any]]:
    done = command("x.yaml", "--replay", "-q", "--format", "json", *words)
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = json.loads(done.out)["scenarios"]
    return found


def test_each_combination_is_a_scenario(replayed: Command) -> None:
    found = scenarios(replayed, "--jobs", "3")
    assert [one["title"] for one in found] == [
        "rows [image=alpine, size=1]",
        "rows [image=alpine, size=3.20]",
        "rows [image=busybox, size=1]",
        "rows [image=busybox, size=3.20]",
    ]
    assert [one["steps"][0]["captured"]["got"][0] for one in found] == [
        "alpine:1", "alpine:3.20", "busybox:1", "busybox:3.20",
    ]  # fmt: skip
    elements = found[0]["steps"][0]["each"]
    assert [one["id"] for one in elements] == ["s[na]", "s[nb]", "s[na (2)]"]
    assert elements[1]["title"] == "Title b [nb]"


def test_a_value_from_outside_is_the_only_one(replayed: Command) -> None:
    assert [one["vars"]["image"] for one in scenarios(replayed, "--var", "image=busybox")] == ["busybox", "busybox"]


def test_check_and_plan(nowhere: Command) -> None:
    nowhere.write("x.yaml", TEXT)
    assert nowhere("check", "x.yaml").code == 0
    planned = nowhere("plan", "x.yaml")
    assert planned.code == 0, planned.err
    assert planned.out.count("# rows [image=") == 4


@pytest.mark.parametrize(
    ("matrix", "code", "says"),
    [
        ("{a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 0], b: A, c: A, d: A}", "too-many-combinations", "10,000 combinations"),
        ("{v: [1]}", "redefined-variable", "'v' is in the matrix and in vars"),
        ("{a: ['{{ v }}']}", "wrong-value", "a matrix can't hold templates"),
        ("{a: []}", "", "a"),
        ("{a: 1}", "wrong-type", "list"),
        ("{body: [1]}", "reserved-name", "'body' can't be a variable"),
    ],
)
def test_mistakes(nowhere: Command, matrix: str, code: str, says: str) -> None:
    text = matrix.replace("A", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]")
    nowhere.write("x.yaml", f"title: t\nmatrix: {text}\nvars: {{v: 1}}\nsteps: [{{sleep: 0}}]\n")
    done = nowhere("check", "x.yaml")
    assert done.code == 3
    assert code in done.err
    assert says in done.err
