"""A folder's scenarios: what is one, and what was passed over and why."""

from __future__ import annotations

import json
import os

from tests.cli.helpers import FAILS, PASSES, Command


def test_what_was_passed_over_is_named(command: Command) -> None:
    command.write("a/good.yaml", PASSES)
    command.write("a/values.yaml", "image: alpine\n")
    command.write("a/deep/other.YAML", PASSES)
    command.write("a/short.yml", PASSES)
    command.write("a/empty.yaml", "")
    done = command("a", "--format", "json")
    assert done.code == 0
    assert [one["file"] for one in json.loads(done.out)["scenarios"]] == ["a/good.yaml"]
    assert (
        "warning[passed-over]: a: passed over deep/other.YAML (ends in .YAML), empty.yaml (empty), "
        "short.yml (ends in .yml), values.yaml (neither 'title' nor 'steps')"
    ) in done.err
    assert "passed-over" not in command("a", "-q", "--format", "none").err
    assert "passed-over" in command("check", "a").err


def test_a_file_with_a_title_is_meant_as_a_scenario(nowhere: Command) -> None:
    nowhere.write("a/good.yaml", PASSES)
    for text in ("title: typo\nstep: []\n", "title: list\nSteps:\n- version:\n", "title: x\n steps:\n- version:\n"):
        nowhere.write("a/typo.yaml", text)
        done = nowhere("a")
        assert (done.code, done.out) == (3, ""), text
        assert "a/typo.yaml:" in done.err
        assert "nothing was sent: 1 scenario is invalid" in done.err


def test_many_are_counted(nowhere: Command) -> None:
    nowhere.write("a/good.yaml", PASSES)
    for number in range(25):
        nowhere.write(f"a/{number:02}.yaml", "x: 1\n")
    err = nowhere("check", "a").err
    assert "09.yaml (neither 'title' nor 'steps'), and 15 more" in err
    assert "10.yaml" not in err


def test_a_folder_with_none_says_what_is_there(nowhere: Command) -> None:
    nowhere.write("a/x.yml", PASSES)
    done = nowhere("a")
    assert done.code == 2
    assert "a: no scenarios in this folder: passed over x.yml (ends in .yml)" in done.err


def test_a_pipe_in_a_folder_is_not_waited_for(nowhere: Command) -> None:
    nowhere.write("a/good.yaml", PASSES)
    os.mkfifo(nowhere.folder / "a" / "x.yaml")
    done = nowhere("a")
    assert done.code == 3
    assert "a/x.yaml" in done.err
    assert "named pipe" in done.err


def test_a_failure_in_a_folder_has_its_file(command: Command) -> None:
    command.write("a/bad.yaml", FAILS)
    assert "a/bad.yaml:3:23: failed[expectation]" in command("a", "--format", "none").err
