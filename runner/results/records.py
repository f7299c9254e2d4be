"""Defines the results of a run: an immutable record per step, per scenario and per run.

Records and events are named tuples, because the start of the command pays for each class: Python creates a named tuple
about six times as fast as a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from runner.contradiction import Contradiction
from runner.errors import Diagnostic
from runner.results.result_path import ResultPath, Source

EMPTY: Mapping[str, Any] = {}
"""The shared empty mapping; a record's mappings are never changed."""

CONSEQUENCES = frozenset({"interrupted", "awaited-step-failed"})
"""Codes of errors that only follow from another one."""

Status = Literal["passed", "failed", "error", "skipped", "xfailed"]
Phase = Literal["steps", "finally", "cleanup"]
ShowWord = Literal["none", "request", "response", "all"]
Action = Literal["call", "await", "set", "check", "sleep", "parallel", "group", "include"]
"""What a step does; ``call`` sends a request."""
_ACTIONS: Mapping[str, Action] = {
    "await": "await",
    "set": "set",
    "check": "check",
    "sleep": "sleep",
    "parallel": "parallel",
    "group": "group",
    "include": "include",
}


class RequestRecord(NamedTuple):
    """The request as it was sent. ``query`` values are text, or a list of texts where a name is repeated.

    ``body`` is the JSON value that was sent; of a streamed upload there is only the label (``@context.tar``) in
    ``upload``, and the name in ``folder`` if it was a folder, sent as a tar. ``save`` is the file that the response was
    written to; ``stdin`` what was written to a hijacked connection, as text. ``params`` are an operation's parameters
    of path, query and header by their API names, with the API's types, without credentials. ``excluded`` are names
    in the folder that were not sent; ``stdin_left_out`` the bytes of a large file that ``stdin`` lacks at its end.
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
    excluded: tuple[str, ...] = ()
    stdin_left_out: int = 0


MARK: Final = "\N{HORIZONTAL ELLIPSIS}"
"""The mark where an output was cut inside a line."""


class LeftOut(NamedTuple):
    """Counts what arrived of an output and was not kept."""

    bytes: int = 0
    characters: int = 0


WHOLE: Final = LeftOut()
"""Nothing was left out."""


class ResponseRecord(NamedTuple):
    """The response: parsed JSON or text in ``body``; a container's output in ``stdout`` and ``stderr``; a stream's
    elements in ``items``. What was left out of those three, which is the end of each, is counted."""

    status: int
    reason: str = ""
    headers: Mapping[str, str] = EMPTY
    body: Any = None
    stdout: str | None = None
    stderr: str | None = None
    items: list[Any] | None = None
    stdout_left_out: LeftOut = WHOLE
    stderr_left_out: LeftOut = WHOLE
    items_left_out: int = 0

    @property
    def truncated(self) -> bool:
        """Return whether more arrived than was kept."""
        return bool(self.items_left_out or self.stdout_left_out.bytes or self.stderr_left_out.bytes)


class Expectation(NamedTuple):
    """One expectation. ``details`` are the lines that explain a failure: each part of an expression with its value, or
    the diff of a body."""

    expression: str
    passed: bool
    actual: Any = None
    details: tuple[str, ...] = ()


class RetryRecord(NamedTuple):
    """Says how a step was repeated: ``every`` so many seconds, until it passed and ``until`` was true."""

    every: float
    until: Source | None = None


class StepRecord(NamedTuple):
    """One finished step. Times are milliseconds; ``started_ms`` counts from the scenario's start.

    ``kind`` is an operation's full name (``container.create``), or ``request``, ``await``, ``set``, ``check``,
    ``sleep``, ``parallel``, ``group``, ``include``. ``each`` holds the elements of a ``for_each``, ``steps`` the
    children of ``parallel``, ``group`` and ``include``. ``on_failure`` are the steps that ran because this one failed;
    they change no verdict. ``capture_sources`` are the expressions of captured variables (``body.Id``), so that a
    document can do the same with ``jq``. ``show`` is what a document is to show, and ``shown`` the value of an
    expression there. ``contradictions`` are those between the answer and the API's description, if it was held
    against that.
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
    on_failure: tuple[StepRecord, ...] = ()
    outputs: Mapping[str, Any] | None = None
    retry: RetryRecord | None = None
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def inside(self) -> tuple[StepRecord, ...]:
        """Return the elements of a loop, or the children of a block."""
        return (*(self.each or ()), *(self.steps or ()))

    @property
    def action(self) -> Action:
        """Return what the step does: its kind, with one word for all operations and requests."""
        return _ACTIONS.get(self.kind, "call")


class ScenarioRecord(NamedTuple):
    """One finished scenario file. ``vars`` are its initial variables; ``left`` are lines about resources that were kept
    or could not be removed; ``engine`` is the one that it ran on; ``generated`` are
    the times and the names that the functions of expressions gave."""

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
    generated: tuple[str, ...] = ()


class EngineRecord(NamedTuple):
    """The engine that answered. ``name`` is ``docker``, ``podman`` or its own name; ``recorded_at`` (RFC 3339 in UTC)
    is set if a recording of it was replayed."""

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
