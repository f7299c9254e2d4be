"""The JSON report: ``schemas/report.schema.json`` describes it field by field.

Each step stands on a line of its own, so that a report can be searched with ``grep`` and differences between two
read well, and so that writing a thousand steps costs hardly more than ``json.dumps`` of their values.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from runner.errors import Diagnostic
from runner.results.records import (
    EngineRecord,
    Expectation,
    Report,
    RequestRecord,
    ResponseRecord,
    ScenarioRecord,
    StepRecord,
)
from runner.text import visible_json
from runner.version import __version__

REPORT_VERSION = 1
"""Rises when a field changes its meaning or goes; new fields don't change it."""


def report_value(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values."""
    scenarios = [
        {**scenario_value(one), "steps": [step_value(step) for step in one.steps]} for one in _scenarios(report)
    ]
    return {**_head(report), "scenarios": scenarios}


def render(report: Report) -> str:
    """Return the report as JSON text that ends in a newline.

    Values that JSON lacks don't occur in it: not-a-number and the infinities are ``null``, half of a surrogate pair
    is U+FFFD.
    """
    scenarios = ",\n".join(_render_scenario(scenario) for scenario in _scenarios(report))
    return _with_list(_head(report), "scenarios", scenarios) + "\n"


def dumps(value: Any) -> str:
    """Return one value as JSON text on one line; what doesn't print is written as an escape."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except (TypeError, ValueError):
        text = json.dumps(_clean(value), ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return visible_json(text)


def _scenarios(report: Report) -> Iterator[ScenarioRecord]:
    """Yield the scenarios; the engine stands only with those that had another one than the report says."""
    for scenario in report.scenarios:
        yield scenario._replace(engine=None) if scenario.engine == report.engine else scenario


def _render_scenario(scenario: ScenarioRecord) -> str:
    steps = ",\n  ".join(dumps(step_value(step)) for step in scenario.steps)
    return " " + _with_list(scenario_value(scenario), "steps", steps, indent="  ")


def _with_list(head: dict[str, Any], name: str, elements: str, indent: str = "") -> str:
    """Return an object of ``head`` and, last, a list whose elements are rendered already."""
    opened = f'{dumps(head)[:-1]}, "{name}": ['
    return f"{opened}\n{indent}{elements}]}}" if elements else f"{opened}]}}"


def _head(report: Report) -> dict[str, Any]:
    return {
        "report_version": REPORT_VERSION,
        "tool": {"name": "engine-recipes", "version": __version__},
        "engine": engine_value(report.engine),
        "status": report.status,
        "started_at": report.started_at,
        "duration_ms": _ms(report.duration_ms),
    }


def engine_value(engine: EngineRecord | None) -> dict[str, Any] | None:
    """Return an engine, or null."""
    if engine is None:
        return None
    value = {
        "name": engine.name,
        "version": engine.version,
        "api_version": engine.api_version,
        "endpoint": engine.endpoint,
    }
    return value if engine.recorded_at is None else {**value, "recorded_at": engine.recorded_at}


def scenario_value(scenario: ScenarioRecord) -> dict[str, Any]:
    """Return a scenario without its steps."""
    value: dict[str, Any] = {
        "file": scenario.file,
        "title": scenario.title,
        "status": scenario.status,
        "duration_ms": _ms(scenario.duration_ms),
        "vars": dict(scenario.vars),
    }
    if scenario.engine is not None:
        value["engine"] = engine_value(scenario.engine)
    if scenario.outputs:
        value["outputs"] = dict(scenario.outputs)
    if scenario.reason is not None:
        value["reason"] = scenario.reason
    if scenario.error is not None:
        value["error"] = _error(scenario.error)
    if scenario.left:
        value["left"] = list(scenario.left)
    return value


def step_value(step: StepRecord) -> dict[str, Any]:
    """Return a step with all that is inside it."""
    value: dict[str, Any] = {
        "id": step.id,
        "title": step.title,
        "kind": step.kind,
        "operation": step.operation,
        "phase": step.phase,
        "status": step.status,
        "attempts": step.attempts,
        "started_ms": _ms(step.started_ms),
        "duration_ms": _ms(step.duration_ms),
        "request": None if step.request is None else _request(step.request),
        "response": None if step.response is None else _response(step.response),
        "captured": dict(step.captured),
        "expectations": [_expectation(expectation) for expectation in step.expectations],
        "error": None if step.error is None else _error(step.error),
    }
    if step.reason is not None:
        value["reason"] = step.reason
    if step.background:
        value["background"] = True
    if step.awaits is not None:
        value["awaits"] = step.awaits
    if step.contradictions:
        value["contradictions"] = [one._asdict() for one in step.contradictions]
    if step.outputs is not None:
        value["outputs"] = dict(step.outputs)
    if step.each is not None:
        value["each"] = [step_value(element) for element in step.each]
    if step.steps is not None:
        value["steps"] = [step_value(child) for child in step.steps]
    if step.on_failure:
        value["on_failure"] = [step_value(child) for child in step.on_failure]
    return value


def _request(request: RequestRecord) -> dict[str, Any]:
    value: dict[str, Any] = {
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "headers": dict(request.headers),
        "body": request.body,
    }
    if request.upload is not None:
        value["upload"] = request.upload
    if request.folder is not None:
        value["folder"] = request.folder
    if request.stdin is not None:
        value["stdin"] = request.stdin
    if request.stdin_left_out:
        value["stdin_left_out"] = request.stdin_left_out
    if request.save is not None:
        value["save"] = request.save
    return value


def _response(response: ResponseRecord) -> dict[str, Any]:
    value = {
        "status": response.status,
        "headers": dict(response.headers),
        "body": response.body,
        "stdout": response.stdout,
        "stderr": response.stderr,
        "items": response.items,
        "truncated": response.truncated,
    }
    if response.truncated:
        value["left_out"] = {
            "stdout": response.stdout_left_out._asdict(),
            "stderr": response.stderr_left_out._asdict(),
            "items": response.items_left_out,
        }
    return value


def _expectation(expectation: Expectation) -> dict[str, Any]:
    value = {"expression": expectation.expression, "passed": expectation.passed, "actual": expectation.actual}
    if expectation.details:
        value["details"] = list(expectation.details)
    return value


def _error(error: Diagnostic) -> dict[str, Any]:
    value: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "file": error.place.file if error.place else None,
        "line": error.place.line if error.place else None,
        "column": error.place.column if error.place else None,
    }
    if error.details:
        value["details"] = list(error.details)
    return value


def _ms(milliseconds: float) -> float:
    return round(milliseconds, 3)


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return str(value)


def _clean(value: Any) -> Any:
    """Clean a value that ``json`` refuses, the slow way: of numbers that JSON lacks, keys that are not text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else str(key): _clean(element) for key, element in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(element) for element in value]
    if value is None or isinstance(value, (str, int)):
        return value
    return _clean(_plain(value))
