"""What a run leaves for its reports: one frozen record per step, per scenario and per run.

Records and events are named tuples because a command that starts in 0.2 s notices what its classes cost: Python makes
a named tuple about six times as fast as a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from runner.errors import Diagnostic
from runner.results.result_path import ResultPath, Source

EMPTY: Mapping[str, Any] = {}
"""Nobody writes to a record's mappings, so that all may share this one."""

CONSEQUENCES = frozenset({"interrupted", "awaited-step-failed"})
"""Codes of errors that say no more than that something else went wrong."""

Status = Literal["passed", "failed", "error", "skipped"]
Phase = Literal["steps", "finally", "cleanup"]
ShowWord = Literal["none", "request", "response", "all"]


class RequestRecord(NamedTuple):
    """The request as it was sent. ``query`` values are text, or a list of texts where a name is repeated.

    ``body`` is the JSON value that was sent; a streamed upload leaves only its label (``@context.tar``) in
    ``upload``; ``folder`` names it where it was a folder, made into a tar on the way. ``save`` is the file that the
    answer went to. ``stdin`` is what was written to a hijacked connection, as text. ``params`` are an operation's
    parameters of path, query and header by their API names, with the API's types, credentials left out.
    """

    method: str
    path: str
    query: Mapping[str, str | list[str]] = EMPTY
    headers: Mapping[str, str] = EMPTY
    body: Any = None
    upload: str | None = None
    stdin: str | None = None
    folder: str | None = None
    save: str | None = None
    params: Mapping[str, Any] = EMPTY


class ResponseRecord(NamedTuple):
    """The answer: parsed JSON or text in ``body``; a container's output in ``stdout``/``stderr``; a stream's elements
    in ``items``. ``truncated`` says that more came than was kept."""

    status: int
    reason: str = ""
    headers: Mapping[str, str] = EMPTY
    body: Any = None
    stdout: str | None = None
    stderr: str | None = None
    items: list[Any] | None = None
    truncated: bool = False


class Expectation(NamedTuple):
    """One thing that had to hold. ``details`` are the lines that explain a failure: each part of an expression with
    its value, or the diff of a body."""

    expression: str
    passed: bool
    actual: Any = None
    details: tuple[str, ...] = ()


class StepRecord(NamedTuple):
    """One step, done. Times are milliseconds; ``started_ms`` counts from the scenario's start.

    ``kind`` is an operation's full name (``container.create``), or ``request``, ``await``, ``set``, ``check``,
    ``sleep``, ``parallel``, ``include``. ``each`` holds the elements of a ``for_each``, ``steps`` the children of
    ``parallel`` and ``include``. ``capture_sources`` tells how a captured name was read (``body.Id``), so that a
    document can show the same with ``jq``. ``show`` is what the scenario asked a document to show, and ``shown`` the
    value where that was an expression.
    """

    id: str
    kind: str
    phase: Phase
    status: Status
    title: str | None = None
    about: str | None = None
    operation: str | None = None
    attempts: int = 0
    started_ms: float = 0.0
    duration_ms: float = 0.0
    request: RequestRecord | None = None
    response: ResponseRecord | None = None
    captured: Mapping[str, Any] = EMPTY
    capture_sources: Mapping[str, Source] = EMPTY
    expectations: tuple[Expectation, ...] = ()
    error: Diagnostic | None = None
    reason: str | None = None
    background: bool = False
    awaits: str | None = None
    show: ShowWord | Source | None = None
    shown: Any = None
    volatile: tuple[ResultPath, ...] = ()
    each: tuple[StepRecord, ...] | None = None
    steps: tuple[StepRecord, ...] | None = None
    outputs: Mapping[str, Any] | None = None


class ScenarioRecord(NamedTuple):
    """One scenario file, done. ``vars`` are the variables it began with; ``left`` lines name what was kept or could
    not be removed; ``engine`` is the one that it ran on."""

    file: str
    title: str
    status: Status
    about: str | None = None
    duration_ms: float = 0.0
    vars: Mapping[str, Any] = EMPTY
    outputs: Mapping[str, Any] = EMPTY
    steps: tuple[StepRecord, ...] = ()
    error: Diagnostic | None = None
    reason: str | None = None
    left: tuple[str, ...] = ()
    engine: EngineRecord | None = None


class EngineRecord(NamedTuple):
    """Which engine answered. ``name`` is ``docker``, ``podman`` or what it calls itself. ``recorded_at`` (RFC 3339 in
    UTC) says that only a recording of it was replayed."""

    name: str
    version: str
    api_version: str
    endpoint: str
    recorded_at: str | None = None


class Report(NamedTuple):
    """A whole run. ``started_at`` is RFC 3339 in UTC."""

    status: Status
    started_at: str
    duration_ms: float
    engine: EngineRecord | None
    scenarios: tuple[ScenarioRecord, ...]
