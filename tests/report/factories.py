"""Records to report on, made by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from hypothesis import strategies as st

from runner.api.operations import by_id, truth
from runner.results.records import EngineRecord, Report, RequestRecord, ResponseRecord, ScenarioRecord, StepRecord
from runner.results.result_path import Source
from runner.scenario.expressions.paths import parse_source

ENGINE = EngineRecord("docker", "20.10.24+dfsg1", "1.41", "unix:///var/run/docker.sock")
LONG = "9f2c41d07ab3" + "5" * 51 + "e"
OTHER = "7d0e4b1c55aa" + "3" * 51 + "f"

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
_BREAKERS = (
    *("```", "````", "~~~", "`", "</script>", "<b>", "<!-- /run -->", "\x1b[31m", "\u202e", "\r\n", "\n", "# x", "|"),
    *("\\", "$(id)", "'", '"', "&", "![x](y)", "[x](y)", "---", "1. x", "- x", "> x", "\x00", "\u2028", "$x$", "=="),
)
NASTY = st.lists(TEXT | st.sampled_from(_BREAKERS), max_size=8).map("".join)
"""Text such as somebody would send who wants to break a page."""


def step(kind: str = "container.inspect", **fields: Any) -> StepRecord:
    """A step that passed."""
    return StepRecord(**{"id": "one", "kind": kind, "phase": "steps", "status": "passed", "attempts": 1, **fields})


def call(operation: str, method: str, path: str, answer: Any = None, **fields: Any) -> StepRecord:
    """A step with a request to ``path`` and its answer, whose fields may be given as ``response``."""
    sent = fields.pop("request", {})
    request = RequestRecord(method, f"/v1.41{path}", **{"params": params_of(operation, path, sent), **sent})
    response = ResponseRecord(fields.pop("status_code", 200), body=answer, **fields.pop("response", {}))
    return step(operation=operation, request=request, response=response, **fields)


def params_of(operation_id: str, path: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The typed parameters that belong to a path and a query, as the executor would have recorded them."""
    operation = by_id(operation_id)
    if operation is None:
        return {}
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(operation.path))
    match = re.fullmatch(pattern, path)
    params: dict[str, Any] = {name: unquote(value) for name, value in match.groupdict().items()} if match else {}
    for name, value in sent.get("query", {}).items():
        param = operation.param(name)
        params[name] = _typed(param.type if param is not None else "string", value)
    return params


def _typed(kind: str, value: Any) -> Any:
    if isinstance(value, list) or kind == "array":
        return value if isinstance(value, list) else [value]
    decoders: dict[str, Callable[[Any], Any]]
    decoders = {"boolean": truth, "integer": int, "filters": json.loads, "json": json.loads}
    decode = decoders.get(kind, str)
    try:
        return decode(value)
    except ValueError:
        return value


def sources(**texts: str) -> dict[str, Source]:
    """Return where captured values came from, by the texts of their expressions."""
    return {name: parse_source(text) for name, text in texts.items()}


def create(**fields: Any) -> StepRecord:
    """A container that is created, its id captured as ``container``."""
    body = fields.pop("body", {"Image": "alpine", "Cmd": ["ls"]})
    given = {"id": "create", "captured": {"container": LONG}, "capture_sources": sources(container="body.Id"), **fields}
    return call(
        "ContainerCreate",
        "POST",
        "/containers/create",
        {"Id": LONG, "Warnings": []},
        status_code=201,
        request={"body": body},
        **given,
    )


def report(*steps: StepRecord, **fields: Any) -> Report:
    scenario = ScenarioRecord(**{"file": "x.yaml", "title": "A title", "status": "passed", "steps": steps, **fields})
    return Report(scenario.status, "2026-11-23T14:00:00.123Z", 12.5, ENGINE, (scenario,))
