"""``run check --format``: what programs and code hosts read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from runner.errors import Diagnostic, Place
from runner.report.findings import FORMATS, Findings, as_sarif
from tests.cli.helpers import FAILS, PASSES, Command

BROKEN = "title: T\nsteps:\n  - start: '{{ nobody }}'\n"
WARNS = "title: T\nsteps:\n  - info:\n    capture: {unused: body.ID}\n"


@pytest.fixture
def three(nowhere: Command) -> Command:
    """A valid file, an invalid one in a folder with a space, and one with a warning."""
    nowhere.write("a.yaml", PASSES)
    nowhere.write("more here/b.yaml", BROKEN)
    nowhere.write("w.yaml", WARNS)
    return nowhere


def results(log: Any) -> list[tuple[str, str, str, int, int, int]]:
    """Rule, level, file, line, first and last column of each result."""
    found = []
    for result in log["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        region, file = place["region"], place["artifactLocation"]["uri"]
        span = (region["startLine"], region["startColumn"], region["endColumn"])
        found.append((result["ruleId"], result["level"], file, *span))
    return found


def test_json(three: Command) -> None:
    done = three("check", ".", "--format", "json")
    assert (done.code, done.err) == (3, "1 of 3 scenarios is invalid\n")
    document = json.loads(done.out)
    assert document["valid"] is False
    assert [(each["file"], each["valid"]) for each in document["files"]] == [
        ("a.yaml", True),
        ("more here/b.yaml", False),
        ("w.yaml", True),
    ]
    (diagnostic,) = document["files"][1]["diagnostics"]
    assert diagnostic == {
        "code": "undefined-name",
        "severity": "error",
        "message": "'nobody' is not defined here",
        "hint": "define it under 'vars', capture it, or pass it with --var nobody=…",
        "file": "more here/b.yaml",
        "line": 3,
        "column": 16,
        "length": 6,
    }
    strict = json.loads(three("check", ".", "--format", "json", "--strict").out)
    assert [each["valid"] for each in strict["files"]] == [True, False, False]


def test_sarif_is_valid_and_points_at_the_words(three: Command) -> None:
    done = three("check", ".", "--format", "sarif")
    assert done.code == 3
    Sarif.model_validate_json(done.out)
    log = json.loads(done.out)
    assert results(log) == [
        ("undefined-name", "error", "more%20here/b.yaml", 3, 16, 22),
        ("unused-capture", "warning", "w.yaml", 4, 15, 21),
    ]
    rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
    assert rules == ["undefined-name", "unused-capture"]
    assert [result["ruleIndex"] for result in log["runs"][0]["results"]] == [0, 1]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_nothing_wrong(nowhere: Command, name: str) -> None:
    nowhere.write("a.yaml", PASSES)
    done = nowhere("check", "a.yaml", "--format", name)
    assert (done.code, done.err) == (0, "")
    if name == "github":
        assert done.out == ""
    elif name == "sarif":
        Sarif.model_validate_json(done.out)
        assert json.loads(done.out)["runs"][0]["results"] == []
    else:
        assert json.loads(done.out)["valid"] is True


def test_github_annotations(three: Command) -> None:
    done = three("check", ".", "--format", "github")
    assert done.code == 3
    assert done.out.splitlines() == [
        "::error file=more here/b.yaml,line=3,col=16,endColumn=22,title=undefined-name"
        "::'nobody' is not defined here%0Adefine it under 'vars', capture it, or pass it with --var nobody=…",
        "::warning file=w.yaml,line=4,col=15,endColumn=21,title=unused-capture"
        "::the captured 'unused' is never used%0Ause it, or leave it out",
    ]


def test_on_github_everybody_annotates(three: Command) -> None:
    """Without a format too, as ``run`` and ``docs`` do: GitHub reads what goes to stderr."""
    done = three("check", ".", env={"GITHUB_ACTIONS": "true"})
    lines = [line.partition(",")[0] for line in done.err.splitlines() if line.startswith("::")]
    assert lines == ["::error file=more here/b.yaml", "::warning file=w.yaml"]
    assert "::" not in three("check", ".").err


def test_annotations_have_paths_in_the_repository(three: Command, command: Command) -> None:
    """Wherever in it the command runs, and however the file was named."""
    on_github = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(three.folder.parent)}
    prefix = three.folder.name
    assert f"::error file={prefix}/more here/b.yaml,line=3" in three("check", ".", env=on_github).err
    absolute = str(three.folder / "w.yaml")
    assert f"::warning file={prefix}/w.yaml,line=4" in three("check", absolute, env=on_github).err
    command.write("fails.yaml", FAILS)
    assert f"::error file={prefix}/fails.yaml,line=3" in command("fails.yaml", env=on_github).err
    elsewhere = {**on_github, "GITHUB_WORKSPACE": "/nowhere"}
    assert "::error file=fails.yaml,line=3" in command("fails.yaml", env=elsewhere).err


def test_a_stale_page_is_annotated(command: Command) -> None:
    command.write("x.yaml", PASSES)
    command.write("page.md", "# P\n\n<!-- run: x.yaml -->\n<!-- /run -->\n")
    done = command("docs", "page.md", "--check", env={"GITHUB_ACTIONS": "true"})
    assert done.code == 5
    assert "::error title=stale-document::page.md is stale%0A" in done.err


def test_an_unknown_format(nowhere: Command) -> None:
    nowhere.write("a.yaml", PASSES)
    assert nowhere("check", "a.yaml", "--format", "xml").code == 2


places = st.none() | st.builds(
    Place, st.text(min_size=1), st.integers(1, 9999), st.integers(1, 9999), st.integers(0, 99), st.text()
)
diagnostics = st.builds(
    Diagnostic, st.text(min_size=1), st.text(), places, st.none() | st.text(), st.sampled_from(["error", "warning"])
)


@given(st.lists(st.builds(Findings, st.text(min_size=1), st.booleans(), st.lists(diagnostics, max_size=3)), max_size=3))
def test_whatever_was_found_is_valid_sarif(files: list[Findings]) -> None:
    text = as_sarif(files)
    Sarif.model_validate_json(text)
    assert "\x1b" not in text
    assert len(json.loads(text)["runs"][0]["results"]) == sum(len(each.diagnostics) for each in files)
