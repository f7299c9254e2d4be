"""The page of differences between engines holds what is seen on each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import OPTIONAL_ENGINE
from tests.engines import Engine, Registry
from tests.live.helpers import LIVE, ROOT, Runs

PAGE = ROOT / "docs" / "engines.md"
DIFFERENCES = tuple(sorted(path.name for path in (LIVE / "differences").glob("*.yaml")))
ROW = re.compile(
    r'^\| \[(?P<operation>[\w.]+)\]\((?P<file>\S+) "(?P<step>\w+)"\) \| .+? \|(?P<cells>.+)\| .+? \|$', re.MULTILINE
)


@dataclass(frozen=True)
class Row:
    """A row of the page's tables: the step that it links to, and what it says of each column of engines."""

    file: str
    step: str
    cells: tuple[str, ...]


def rows() -> list[Row]:
    return [Row(row["file"], row["step"], tuple(row["cells"].split("|"))) for row in ROW.finditer(PAGE.read_text())]


def answers(file: str) -> dict[str, list[Any]]:
    """Return what a scenario of differences expects of each column of engines, by the id of the step that shows it."""
    found: dict[str, list[Any]] = yaml.safe_load((LIVE / "differences" / file).read_text())["vars"]["answers"]
    return found


def test_the_differences_are_seen(runs: Runs, engine: Engine, registry_beside: Callable[[Engine], Registry]) -> None:
    release = ".".join(engine.version.engine.split(".")[:2])
    if release not in PAGE.read_text():
        pytest.skip(f"{OPTIONAL_ENGINE}{PAGE.name} has nothing about {engine.name} {release}")
    secrets = {"password": registry_beside(engine).password}
    runs(engine, *(f"differences/{name}" for name in DIFFERENCES), secrets=secrets)


def test_every_difference_has_a_row_and_every_row_a_step() -> None:
    shown = [(Path(row.file).name, row.step) for row in rows()]
    assert sorted(shown) == sorted((file, step) for file in DIFFERENCES for step in answers(file))
    for row in rows():
        assert (PAGE.parent / row.file).is_file(), row.file
    for file in DIFFERENCES:
        ids = {step.get("id") for step in yaml.safe_load((LIVE / "differences" / file).read_text())["steps"]}
        assert set(answers(file)) <= ids, file


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.step)
def test_a_row_tells_what_its_step_expects(row: Row) -> None:
    expected = answers(Path(row.file).name)[row.step]
    assert len(set(map(str, expected))) > 1
    assert len(row.cells) == len(expected)
    for cell, value in zip(row.cells, expected, strict=True):
        assert f"`{value}`".lower() in cell.lower()
