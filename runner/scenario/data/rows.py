"""Reads files of rows for ``for_each``: CSV with a header, JSON, or YAML. Each row is a mapping."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from runner.errors import Diagnostic, InvalidScenario, Place
from runner.scenario.yaml.nodes import Node, Sequence, SourceFile, place_of, plain
from runner.scenario.yaml.read import read
from runner.spelling import spelled
from runner.text import count, shown

SUFFIXES: Final = (".csv", ".json", ".yaml", ".yml")
MAX_VALUES: Final = 100_000
"""The most values in a file of rows."""


class Rows(NamedTuple):
    """The rows of a file, and its text."""

    rows: list[Any]
    text: str


def read_rows(path: Path, name: str) -> Rows:
    """Read a file of rows, which messages call ``name``.

    Raises:
        InvalidScenario: ``bad-rows`` and what reading a scenario raises: it can't be read, is too large, or is not a
            list of rows.
    """
    try:
        file = read(path, name)
    except InvalidScenario as error:
        raise InvalidScenario(tuple(map(_of_rows, error.diagnostics))) from None
    if "\0" in file.text:
        line = file.text.count("\n", 0, file.text.index("\0")) + 1
        raise _bad("it is not text: it contains a NUL character", file, line)
    match path.suffix.lower():
        case ".csv":
            rows = _csv(file)
        case ".json":
            rows = _json(file)
        case _:
            rows = _yaml(file)
    return Rows(rows, file.text)


def _of_rows(diagnostic: Diagnostic) -> Diagnostic:
    """Return an error of reading a scenario's file in the words for a file of rows."""
    message = diagnostic.message.replace("the maximum for a scenario", "the maximum for a file of rows")
    message = message.replace("not a scenario file", "not a file of rows")
    hint = "a file of rows is text in UTF-8" if diagnostic.code == "not-text" else diagnostic.hint
    return diagnostic._replace(message=message, hint=hint)


def _bad(message: str, file: SourceFile, line: int, hint: str | None = None) -> InvalidScenario:
    place = file.place(line, 1)
    return InvalidScenario((Diagnostic("bad-rows", message, place._replace(text=place.text[:200]), hint),))


def _csv(file: SourceFile) -> list[Any]:
    reader = csv.reader(io.StringIO(file.text, newline=""), strict=True)
    names: list[str] = []
    rows: list[Any] = []
    try:
        for cells in reader:
            if not cells:
                continue
            if not names:
                names = [cell.strip() for cell in cells]
                _check_header(names, file, reader.line_num)
                continue
            if len(cells) != len(names):
                message = f"this row has {count(len(cells), 'cell')}, and the header {len(names)}"
                raise _bad(message, file, reader.line_num, 'a cell with a comma needs quotes: "a, b"')
            rows.append(dict(zip(names, cells, strict=True)))
            if len(rows) * len(names) > MAX_VALUES:
                raise _bad(f"more than {MAX_VALUES:,} values", file, reader.line_num, "split the file")
    except csv.Error as error:
        raise _bad(f"not CSV: {error}", file, max(1, reader.line_num)) from None
    if not names:
        raise _bad("the file is empty", file, 1, "the first line names the columns")
    return rows


def _check_header(names: list[str], file: SourceFile, line: int) -> None:
    for name in names:
        if not name:
            raise _bad("a column has no name", file, line, "the first line names the columns")
        if names.count(name) > 1:
            raise _bad(f"two columns are called {shown(name, 60)}", file, line)


def _json(file: SourceFile) -> list[Any]:
    try:
        value = json.loads(
            file.text,
            parse_int=lambda text: spelled(int(text), text),
            parse_float=lambda text: spelled(float(text), text),
        )
    except json.JSONDecodeError as error:
        raise _bad(f"not JSON: {error.msg}", file, error.lineno) from None
    except (ValueError, RecursionError):
        raise _bad("not JSON: it is nested too deeply, or a number in it is too long", file, 1) from None
    _check_rows(value, file)
    return list(value)


def _check_rows(value: Any, file: SourceFile) -> None:
    if not isinstance(value, list):
        raise _bad(f"a list of rows is expected, not {shown(value, 60)}", file, 1, _EXAMPLE)
    for number, row in enumerate(value, 1):
        if not isinstance(row, dict):
            raise _bad(f"row {number} is not a mapping: {shown(row, 60)}", file, 1, _EXAMPLE)
    waiting, size = list(value), 0
    while waiting:
        part = waiting.pop()
        size += 1
        waiting += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    if size > MAX_VALUES:
        raise _bad(f"more than {MAX_VALUES:,} values", file, 1, "split the file")


_EXAMPLE: Final = 'an example: [{"image": "alpine", "tty": true}, {"image": "busybox", "tty": false}]'


def _yaml(file: SourceFile) -> list[Any]:
    from runner.scenario.yaml.loader import load

    root: Node = load(file)
    if not isinstance(root, Sequence):
        raise _bad("a list of rows is expected", file, root.span.line, _EXAMPLE)
    for item in root.items:
        row = plain(item)
        if not isinstance(row, dict):
            place: Place = place_of(item)
            message = f"a row is a mapping, not {shown(row, 60)}"
            raise InvalidScenario((Diagnostic("bad-rows", message, place, _EXAMPLE),))
    return list(plain(root))
