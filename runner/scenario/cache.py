"""Remembers which scenarios are valid; see :mod:`runner.valid_texts`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from runner.resources import schema_path
from runner.valid_texts import ValidText, stamp


def valid_scenario(folder: Path, text: str, names: Iterable[str]) -> ValidText:
    """Return what is known of a scenario's text, opened with the variables ``names`` from outside. The digests that
    belong to it are those of its included texts, in the order in which they are opened."""
    return ValidText(folder, text, "scenario", _facts(), *sorted(names))


def accepted_text(folder: Path, text: str) -> ValidText:
    """Return what is known of a text that the schema accepts; of a scenario with warnings no more is remembered, since
    the checks that give them run each time."""
    return ValidText(folder, text, "schema", _facts())


@cache
def _facts() -> str:
    """Return the versions of the schema, the operation table and the code that checks scenarios."""
    package = Path(__file__).parent.parent
    folders = (*_stamps(package / "api"), *_stamps(package / "scenario"))
    return ",".join((stamp(schema_path("scenario.schema.json")), *folders))


def _stamps(folder: Path | str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.is_dir():
                stat = entry.stat()
                yield f"{stat.st_size}.{stat.st_mtime_ns}"
            elif entry.name != "__pycache__":
                yield from _stamps(entry.path)
