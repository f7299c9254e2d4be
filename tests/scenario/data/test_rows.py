"""Files of rows: what they may be, and how a mistake in one is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import Diagnostic, InvalidScenario
from runner.reading import ReadPolicy
from runner.scenario import model
from runner.scenario.data.rows import read_rows
from runner.scenario.open import open_scenario

SCENARIO = "title: t\nsteps:\n  - {id: s, for_each: {file: FILE, as: row, name: row.a}, set: {x: '{{ row.a }}'}}\n"


def opened(folder: Path, name: str, data: str | bytes, **options: Any) -> model.Scenario:
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    path = folder / "x.yaml"
    path.write_text(SCENARIO.replace("FILE", name))
    return open_scenario(path, "x.yaml", (), **options).scenario


def mistake(folder: Path, name: str, data: str | bytes, **options: Any) -> Diagnostic:
    with pytest.raises(InvalidScenario) as caught:
        opened(folder, name, data, **options)
    return caught.value.diagnostics[0]


@pytest.mark.parametrize(
    ("name", "data", "rows"),
    [
        ("r.csv", 'a,b\n1,true\n\n"x, y",\n', [{"a": "1", "b": "true"}, {"a": "x, y", "b": ""}]),
        ("r.csv", '\ufeffa, b\r\n"line\nbreak",2\r\n', [{"a": "line\nbreak", "b": "2"}]),
        ("r.csv", "a\n", []),
        ("r.json", '[{"a": 1, "b": [true]}]', [{"a": 1, "b": [True]}]),
        ("r.yaml", "- {a: no, b: 1}\n- a: '{{ x }}'\n", [{"a": "no", "b": 1}, {"a": "{{ x }}"}]),
    ],
)
def test_rows(tmp_path: Path, name: str, data: str, rows: list[Any]) -> None:
    loop = opened(tmp_path, name, data).steps[0].for_each
    assert loop is not None
    assert loop.elements.render({}) == rows


@pytest.mark.parametrize(
    ("name", "data", "code", "says", "line"),
    [
        ("r.csv", "a,b\n1,2\n1\n", "bad-rows", "this row has 1 cell, and the header 2", 3),
        ("r.csv", "a,b\n1,2,3\n", "bad-rows", "3 cells, and the header 2", 2),
        ("r.csv", "", "bad-rows", "the file is empty", 1),
        ("r.csv", "a,\n", "bad-rows", "a column has no name", 1),
        ("r.csv", "a,a\n", "bad-rows", "two columns", 1),
        ("r.csv", 'a\n"open\n', "bad-rows", "not CSV", 2),
        ("r.csv", b"a\n\0\n", "bad-rows", "NUL", 2),
        ("r.csv", b"a\n\xff\xfe\n", "not-text", "not UTF-8", 2),
        ("r.csv", "a\n" + "x\n" * 100_001, "bad-rows", "more than 100,000 values", 100_002),
        ("r.csv", "a\n" + "x" * 200_000, "bad-rows", "not CSV", 2),
        ("r.json", '[{"a": 1},\n', "bad-rows", "not JSON", 2),
        ("r.json", "{}", "bad-rows", "a list of rows is expected", 1),
        ("r.json", '[{"a": 1}, 2]', "bad-rows", "row 2 is not a mapping", 1),
        ("r.json", "[" * 100_000, "bad-rows", "not JSON", 1),
        ("r.yaml", "- {a: 1}\n- 2\n", "bad-rows", "a row is a mapping", 2),
        ("r.yaml", "a: 1\n", "bad-rows", "a list of rows is expected", 1),
        ("r.yaml", "- {a: 1\n", "yaml-syntax", "", None),
    ],
)
def test_a_mistake_has_a_place_in_the_file_of_rows(
    tmp_path: Path, name: str, data: str | bytes, code: str, says: str, line: int | None
) -> None:
    error = mistake(tmp_path, name, data)
    assert error.code == code
    assert says in error.message
    assert error.place is not None and error.place.file == name
    assert line is None or error.place.line == line


@pytest.mark.parametrize("name", ["r.txt", "../r.csv", "{{ x }}.csv"])
def test_a_file_that_is_not_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    (tmp_path / "r.csv").write_text("secret\n1\n")
    path = folder / "x.yaml"
    path.write_text(SCENARIO.replace("FILE", f"'{name}'"))
    with pytest.raises(InvalidScenario) as caught:
        open_scenario(path, "x.yaml", (), policy=ReadPolicy.below(folder))
    (error,) = caught.value.diagnostics
    assert error.place is not None and error.place.file == "x.yaml"
    assert "secret" not in str(error)


def test_a_huge_file(tmp_path: Path) -> None:
    assert "larger than 4 MiB, the maximum for a file of rows" in mistake(tmp_path, "r.csv", b"a" * 4_200_000).message


def test_a_valid_scenario_is_looked_at_again_when_its_rows_have_changed(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for data, count in (("a\n1\n", 1), ("a\n1\n", 1), ("a\n1\n2\n", 2)):
        loop = opened(tmp_path, "r.csv", data, cache=cache).steps[0].for_each
        assert loop is not None and len(loop.elements.render({})) == count
    assert mistake(tmp_path, "r.csv", "a\n1,2\n", cache=cache).code == "bad-rows"


@settings(deadline=None)
@given(st.text(st.sampled_from("a,\"\n\r1 \0'{}[]:-"), max_size=60), st.sampled_from([".csv", ".json", ".yaml"]))
def test_any_text_is_rows_or_a_mistake(tmp_path_factory: pytest.TempPathFactory, text: str, suffix: str) -> None:
    file = tmp_path_factory.getbasetemp() / f"any{suffix}"
    file.write_text(text, newline="")
    try:
        rows = read_rows(file, file.name).rows
    except InvalidScenario as error:
        assert error.diagnostics[0].place is not None
    else:
        assert all(isinstance(row, dict) for row in rows)
