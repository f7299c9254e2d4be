"""Writes what ``run check`` found for programs: JSON, SARIF, annotations of GitHub Actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from runner.errors import Diagnostic, Place
from runner.json_layout import pretty
from runner.text import visible_json
from runner.version import __version__

WIDTH = 120
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Findings(NamedTuple):
    """The errors and warnings of one file."""

    file: str
    valid: bool
    diagnostics: Sequence[Diagnostic]


def as_json(files: Sequence[Findings]) -> str:
    """Return one object: whether all files are valid, and each file's errors and warnings."""
    document = {
        "check_version": 1,
        "tool": {"name": "engine-recipes", "version": __version__},
        "valid": all(each.valid for each in files),
        "files": [
            {
                "file": each.file,
                "valid": each.valid,
                "diagnostics": [_json_diagnostic(each.file, diagnostic) for diagnostic in each.diagnostics],
            }
            for each in files
        ],
    }
    return _json_text(document)


def as_sarif(files: Sequence[Findings]) -> str:
    """Return a SARIF 2.1.0 log with one run.

    https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    rules = sorted({diagnostic.code for each in files for diagnostic in each.diagnostics})
    driver = {
        "name": "engine-recipes",
        "version": __version__,
        "rules": [{"id": code, "shortDescription": {"text": code.replace("-", " ")}} for code in rules],
    }
    results = [_sarif_result(each.file, diagnostic, rules) for each in files for diagnostic in each.diagnostics]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return _json_text({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def as_github(files: Sequence[Findings]) -> str:
    """Return a workflow command on each line; nothing if nothing was found."""
    from runner.report.github import annotation

    return "".join(f"{annotation(each.code, each)}\n" for each in _diagnostics(files))


FORMATS: dict[str, Callable[[Sequence[Findings]], str]] = {"json": as_json, "sarif": as_sarif, "github": as_github}


def _diagnostics(files: Sequence[Findings]) -> Iterator[Diagnostic]:
    for each in files:
        for diagnostic in each.diagnostics:
            yield diagnostic if diagnostic.place else diagnostic._replace(place=Place(each.file, 1, 1))


def _json_diagnostic(file: str, diagnostic: Diagnostic) -> dict[str, Any]:
    place = diagnostic.place
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "file": place.file if place else file,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "length": place.length if place else None,
    }


def _sarif_result(file: str, diagnostic: Diagnostic, rules: Sequence[str]) -> dict[str, Any]:
    place = diagnostic.place
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.file if place else file)}}
    if place is not None:
        location["region"] = {
            "startLine": place.line,
            "startColumn": place.column,
            "endColumn": place.column + max(1, place.length),
            **({"snippet": {"text": place.text}} if place.text else {}),
        }
    hint = f"\nhint: {diagnostic.hint}" if diagnostic.hint else ""
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": rules.index(diagnostic.code),
        "level": diagnostic.severity,
        "message": {"text": f"{diagnostic.message}{hint}"},
        "locations": [{"physicalLocation": location}],
    }


def _uri(file: str) -> str:
    """Return a relative reference, as code hosts want it, or a ``file:`` URI for an absolute path."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _json_text(document: Any) -> str:
    return f"{visible_json(pretty(document, WIDTH))}\n"
