"""Records to report on, made by hand."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from runner.results.records import EngineRecord, Report, RequestRecord, ResponseRecord, ScenarioRecord, StepRecord

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
    request = RequestRecord(method, f"/v1.41{path}", **fields.pop("request", {}))
    response = ResponseRecord(fields.pop("status_code", 200), body=answer, **fields.pop("response", {}))
    return step(operation=operation, request=request, response=response, **fields)


def create(**fields: Any) -> StepRecord:
    """A container that is created, its id captured as ``container``."""
    body = fields.pop("body", {"Image": "alpine", "Cmd": ["ls"]})
    given = {"id": "create", "captured": {"container": LONG}, "capture_sources": {"container": "body.Id"}, **fields}
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
