"""Variables from outside: names that no scenario has, and values of another type, are wrong use."""

from __future__ import annotations

import json

import pytest

from tests.cli.helpers import PASSES, Command

TYPES = """
title: types
vars: {text: "3", number: 3, flag: true, list: [1], mapping: {a: 1}, nothing: null, computed: "{{ 1 + 1 }}", made: "x{{ number }}", many: ["{{ number }}"]}
steps:
  - set: {all: "{{ [text, number, flag, list, mapping, nothing, computed, made, many] }}"}
"""  # noqa: E501


@pytest.mark.parametrize("verb", [[], ["check"], ["plan"]])
def test_an_undeclared_variable(nowhere: Command, verb: list[str]) -> None:
    nowhere.write("x.yaml", "title: t\nvars: {image: alpine}\nsteps:\n  - set: {a: '{{ image }}'}\n")
    for _ in range(2):  # also when the file is known to be valid
        done = nowhere(*verb, "x.yaml", "--var", "imgae=busybox")
        assert (done.code, done.out) == (2, "")
        assert "error[undeclared-variable]: no scenario has the variable 'imgae'" in done.err
        assert "did you mean 'image'?" in done.err


def test_one_of_a_file_of_variables(nowhere: Command) -> None:
    nowhere.write("x.yaml", PASSES)
    nowhere.write("v.yaml", "image: alpine\n")
    done = nowhere("x.yaml", "--vars-file", "v.yaml")
    assert done.code == 2
    assert "no scenario has the variable 'image'" in done.err
    assert "there are no variables" in done.err


def test_names_that_are_used_and_not_declared_and_those_of_the_environment(command: Command) -> None:
    command.write("a.yaml", "title: t\nsteps:\n  - set: {a: '{{ image }}'}\n")
    command.write("b.yaml", "title: t\nvars: {other: 1}\nsteps:\n  - set: {a: '{{ other }}'}\n")
    words = ("a.yaml", "b.yaml", "--var", "image=x", "--var", "other=2", "--format", "json")
    done = command(*words, env={"RUN_VAR_SOMETHING": "else"})
    assert done.code == 0, done.err
    seen = [one["steps"][0]["captured"]["a"] for one in json.loads(done.out)["scenarios"]]
    assert seen == ["x", 2]


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("text=4", "4"),
        ("number=4.5", 4.5),
        ("flag=false", False),
        ("list=[a, 2]", ["a", 2]),
        ("mapping={b: []}", {"b": []}),
        ("nothing=x", "x"),
        ("computed=true", True),
        ("made=1", "1"),
        ("many=[]", []),
    ],
)
def test_what_fits(command: Command, pair: str, value: object) -> None:
    command.write("x.yaml", TYPES)
    done = command("x.yaml", "--var", pair, "--format", "json")
    assert done.code == 0, done.err
    name = pair.partition("=")[0]
    names = ["text", "number", "flag", "list", "mapping", "nothing", "computed", "made", "many"]
    seen = json.loads(done.out)["scenarios"][0]["steps"][0]["captured"]["all"][names.index(name)]
    assert (seen, type(seen)) == (value, type(value))


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("number=many", "the variable 'number' of x.yaml is a number; \"many\" is a text"),
        ("flag=yes", "the variable 'flag' of x.yaml is true or false; \"yes\" is a text"),
        ("list=a,b", "the variable 'list' of x.yaml is a list; \"a,b\" is a text"),
        ("mapping=[1]", "the variable 'mapping' of x.yaml is a mapping; \"[1]\" is a text"),
        ("number=null", "the variable 'number' of x.yaml is a number; null is null"),
    ],
)
@pytest.mark.parametrize("verb", [[], ["check"], ["plan"]])
def test_what_does_not_fit(nowhere: Command, verb: list[str], pair: str, told: str) -> None:
    nowhere.write("x.yaml", TYPES)
    done = nowhere(*verb, "x.yaml", "--var", pair)
    assert (done.code, done.out) == (2, "")
    assert f"error[bad-variable]: {told}" in done.err


def test_a_number_in_a_file_for_a_text(nowhere: Command) -> None:
    nowhere.write("x.yaml", TYPES)
    nowhere.write("v.yaml", "text: 3\n")
    done = nowhere("x.yaml", "--vars-file", "v.yaml")
    assert done.code == 2
    assert "is a text; 3 is a number" in done.err
    assert "put it in quotes" in done.err


def test_one_of_the_environment(nowhere: Command) -> None:
    nowhere.write("x.yaml", TYPES)
    done = nowhere("x.yaml", env={"RUN_VAR_NUMBER": "many"})
    assert done.code == 2
    assert "is a number" in done.err
