"""``run init``: a scenario that passes at once."""

from __future__ import annotations

import pytest

from tests.cli.helpers import Command
from tests.engines import Engine


def test_the_starter_is_valid_and_strictly_so(nowhere: Command) -> None:
    done = nowhere("init")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("wrote hello.scenario.yaml\n")
    check = nowhere("check", "hello.scenario.yaml", "--strict")
    assert (check.code, check.err) == (0, "")
    assert nowhere("plan", "hello.scenario.yaml").code == 0


def test_the_starter_runs_and_leaves_nothing(nowhere: Command, engine: Engine) -> None:
    assert nowhere("init", "web.yaml").code == 0
    done = nowhere("web.yaml", "--format", "none", env={"DOCKER_HOST": engine.url})
    assert done.code == 0, done.err
    assert "hello" in (nowhere.folder / "web.yaml").read_text()
    everything = engine.get("/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%5B%22engine-recipes.run%22%5D%7D")
    assert everything == []


def test_a_file_that_exists_is_left_alone(nowhere: Command) -> None:
    nowhere.write("hello.scenario.yaml", "mine")
    done = nowhere("init")
    assert done.code == 2
    assert "error[file-exists]" in done.err
    assert (nowhere.folder / "hello.scenario.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["notes.txt", "web", "there/is/no/such/folder.yaml"])
def test_names_that_are_no_scenario(nowhere: Command, name: str) -> None:
    done = nowhere("init", name)
    assert done.code == 2
    assert list(nowhere.folder.iterdir()) == []
