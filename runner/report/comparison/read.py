"""Reads JSON reports, as ``run … -o report.json`` writes them, back into records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runner.contradiction import Contradiction
from runner.errors import Diagnostic, Place, UsageError
from runner.reading import read_regular
from runner.resources import schema_path
from runner.results.records import (
    EngineRecord,
    LeftOut,
    Report,
    RequestRecord,
    ResponseRecord,
    ScenarioRecord,
    StepRecord,
)

MAX_BYTES: Final = 256 * 1024 * 1024
"""The largest report that is read. A step's streams have at most 1 MiB, so that real ones are far smaller."""
_MADE_BY: Final = "run x.yaml -o report.json makes one"


def read_report(path: Path) -> Report:
    """Read a report. What only documents need (captured paths, excerpts, expectations) is left out.

    Raises:
        UsageError: ``unreadable-report``: there is no such file, it is cut, too large, of another version or not a
            report.
    """
    return report_of(_load(path), str(path))


def report_of(value: Any, name: str) -> Report:
    """Return the records of a parsed report, which has ``name`` in errors.

    Raises:
        UsageError: ``unreadable-report``.
    """
    from runner.report.json import REPORT_VERSION

    if not isinstance(value, Mapping) or "scenarios" not in value:
        raise UsageError("unreadable-report", f"{name} is not a report", hint=_MADE_BY)
    version = value.get("report_version")
    if version != REPORT_VERSION:
        message = f"{name} is a report of version {str(version)[:20]}, and this program reads version {REPORT_VERSION}"
        raise UsageError("unreadable-report", message, hint="make it again with this program")
    problem = _problem(value)
    if problem is not None:
        raise UsageError("unreadable-report", f"{name} is not a valid report: {problem}", hint=_MADE_BY)
    engine = _engine(value["engine"])
    scenarios = tuple(_scenario(scenario) for scenario in value["scenarios"])
    return Report(value["status"], value["started_at"], value["duration_ms"], engine, scenarios)


def _load(path: Path) -> Any:
    try:
        data = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise UsageError("unreadable-report", f"{path}: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise UsageError("unreadable-report", f"{path} is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        is_cut = data[:1] == b"{" and not data.rstrip().endswith(b"}")
        problem = "is cut: its end is missing" if is_cut else "is not JSON"
        raise UsageError("unreadable-report", f"{path} {problem}", hint=_MADE_BY) from None


def _problem(value: Any) -> str | None:
    """Return the first contradiction of the report's schema."""
    import jsonschema

    schema = json.loads(schema_path("report.schema.json").read_bytes())
    try:
        error = next(jsonschema.Draft202012Validator(schema).iter_errors(value), None)
    except RecursionError:
        return "it is nested too deeply"
    if error is None:
        return None
    place = ".".join(map(str, error.absolute_path)) or "the report"
    return f"{place}: {error.message[:200]}"


def _engine(value: Mapping[str, Any] | None) -> EngineRecord | None:
    return None if value is None else EngineRecord(**value)


def _scenario(value: Mapping[str, Any]) -> ScenarioRecord:
    return ScenarioRecord(
        file=value["file"],
        title=value["title"],
        status=value["status"],
        duration_ms=value["duration_ms"],
        vars=value["vars"],
        steps=tuple(map(_step, value["steps"])),
        error=_error(value.get("error")),
        reason=value.get("reason"),
        left=tuple(value.get("left", ())),
        engine=_engine(value.get("engine")),
    )


def _step(value: Mapping[str, Any]) -> StepRecord:
    each, steps = value.get("each"), value.get("steps")
    return StepRecord(
        id=value["id"],
        kind=value["kind"],
        phase=value["phase"],
        status=value["status"],
        title=value["title"],
        operation=value["operation"],
        attempts=value["attempts"],
        started_ms=value["started_ms"],
        duration_ms=value["duration_ms"],
        request=_request(value["request"]),
        response=_response(value["response"]),
        captured=value["captured"],
        error=_error(value["error"]),
        reason=value.get("reason"),
        background=value.get("background", False),
        awaits=value.get("awaits"),
        each=None if each is None else tuple(map(_step, each)),
        steps=None if steps is None else tuple(map(_step, steps)),
        contradictions=tuple(Contradiction(**one) for one in value.get("contradictions", ())),
    )


def _request(value: Mapping[str, Any] | None) -> RequestRecord | None:
    if value is None:
        return None
    known = ("method", "path", "query", "headers", "body", "upload", "stdin", "stdin_left_out", "folder", "save")
    return RequestRecord(**{name: value[name] for name in known if name in value})


def _response(value: Mapping[str, Any] | None) -> ResponseRecord | None:
    if value is None:
        return None
    known = ("status", "headers", "body", "stdout", "stderr", "items")
    response = ResponseRecord(**{name: value[name] for name in known if name in value})
    left_out = value.get("left_out")
    if left_out is None:
        return response
    return response._replace(
        stdout_left_out=LeftOut(**left_out["stdout"]),
        stderr_left_out=LeftOut(**left_out["stderr"]),
        items_left_out=left_out["items"],
    )


def _error(value: Mapping[str, Any] | None) -> Diagnostic | None:
    if value is None:
        return None
    place = Place(value["file"], value["line"], value["column"]) if value.get("file") and value.get("line") else None
    return Diagnostic(value["code"], value["message"], place, value.get("hint"))
