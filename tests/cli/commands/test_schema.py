"""``run schema``: the schemas that come with the command."""

from __future__ import annotations

import json

import pytest

from tests.cli.helpers import ROOT, Command


@pytest.mark.parametrize("name", ["scenario", "report", "recording"])
def test_a_schema_is_printed_as_it_was_shipped(nowhere: Command, name: str) -> None:
    done = nowhere("schema", name)
    assert (done.code, done.err) == (0, "")
    assert done.out == (ROOT / "schemas" / f"{name}.schema.json").read_text()
    assert json.loads(done.out)["$id"].endswith(f"/{name}.schema.json")


def test_that_of_scenarios_is_the_default(nowhere: Command) -> None:
    assert nowhere("schema").out == nowhere("schema", "scenario").out


def test_it_is_installed_where_an_editor_finds_it(nowhere: Command) -> None:
    done = nowhere("schema", "--install", ".schemas/scenario.schema.json")
    assert (done.code, done.out) == (0, "")
    assert (nowhere.folder / ".schemas" / "scenario.schema.json").read_text() == nowhere("schema").out
    assert done.err.splitlines() == [
        "wrote .schemas/scenario.schema.json",
        "  the first line of a scenario, with the path from its folder: "
        "# yaml-language-server: $schema=.schemas/scenario.schema.json",
    ]
    assert nowhere("schema", "--install", ".schemas/scenario.schema.json").code == 0  # a new version replaces it


def test_where_it_cannot_be_written(nowhere: Command) -> None:
    (nowhere.folder / "file").write_text("")
    for target in ("file/x.json", "."):
        done = nowhere("schema", "--install", target)
        assert done.code == 2
        assert "cannot-write" in done.err


def test_an_unknown_one(nowhere: Command) -> None:
    done = nowhere("schema", "scenarios")
    assert done.code == 2
    assert "wrong-use" in done.err
