"""Defines recordings, every request and response of one scenario's run, and reads and writes their files.

``schemas/recording.schema.json`` describes the file field by field. It is made to be read, and compared in git: what
fits is on one line, else there is a field a line. Times are milliseconds from the beginning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from runner.engine.recordings.body_parts import BodyPart
from runner.errors import Diagnostic, Place, UsageError
from runner.json_layout import pretty
from runner.reading import NotRegularError, read_regular
from runner.resources import schema_path
from runner.valid_texts import ValidText, stamp
from runner.version import __version__

VERSION: Final = 1
"""Rises when a field changes its meaning or is removed."""
MAX_FILE: Final = 128 * 1024 * 1024
"""Bytes of a file."""
WIDTH: Final = 110
"""Characters of a line."""

_MARK: Final = '"recording_version"'
_MARK_WITHIN: Final = 4096
"""Characters within which a recording has its mark. An error shows no line of any other file that a path leads to."""


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request without secrets and credentials, as it is kept and compared.

    ``body`` has one key for its form, ``json``, ``text`` or ``base64``; a streamed one has ``upload`` (its label),
    ``size`` and ``sha256``.
    """

    method: str
    target: str
    upgrade: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    def value(self) -> dict[str, Any]:
        """Return the request as the file has it."""
        value: dict[str, Any] = {"method": self.method, "target": self.target}
        if self.upgrade is not None:
            value["upgrade"] = self.upgrade
        if self.headers:
            value["headers"] = dict(self.headers)
        return {**value, **self.body}

    def key(self) -> str:
        """Return a text that is equal for equal requests."""
        return json.dumps(self.value(), sort_keys=True)


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """A response. ``end`` is how its reading ended: at its proper end, before it (``left``), or with an error."""

    at: float
    status: int
    reason: str
    headers: Mapping[str, str]
    upgraded: bool
    body: tuple[BodyPart, ...]
    end: Literal["complete", "left"] | Diagnostic


@dataclass(frozen=True, slots=True)
class RecordedInput:
    """The bytes written to an upgraded connection; ``closed`` if the writer then closed its side."""

    parts: tuple[BodyPart, ...]
    closed: bool


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """A request, sent at ``at``, and its outcome."""

    at: float
    request: RecordedRequest
    outcome: RecordedResponse | Diagnostic
    input: RecordedInput | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded run of one scenario. ``endpoint`` is where a reader would find such an engine; ``vars`` are the
    variables from outside the scenario; ``status`` is the run's; ``generated`` is what the functions ``now`` and
    ``unique`` gave, by the step's position and the function."""

    recorded_at: str
    name: str
    version: str
    api_version: str
    endpoint: str
    scenario: str
    run_id: str
    status: str
    exchanges: tuple[RecordedExchange, ...]
    vars: Mapping[str, Any] = field(default_factory=dict)
    swarm: str | None = None
    generated: Mapping[str, Sequence[str]] = field(default_factory=dict)


def render(recording: Recording) -> str:
    """Return the text of a recording's file."""
    engine = {
        "name": recording.name,
        "version": recording.version,
        "api_version": recording.api_version,
        "endpoint": recording.endpoint,
    }
    value = {
        "recording_version": VERSION,
        "tool": {"name": "engine-recipes", "version": __version__},
        "recorded_at": recording.recorded_at,
        "engine": {**engine, "swarm": recording.swarm} if recording.swarm is not None else engine,
        "scenario": recording.scenario,
        "vars": dict(recording.vars),
        "run_id": recording.run_id,
        **({"generated": dict(recording.generated)} if recording.generated else {}),
        "status": recording.status,
        "exchanges": [_exchange_value(exchange) for exchange in recording.exchanges],
    }
    text = pretty(value, WIDTH) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def read(path: Path, cache: Path | None = None) -> Recording:
    """Read a recording from its file; ``cache`` is a folder that remembers which texts are valid.

    Raises:
        UsageError: ``no-recording``, there is none; ``bad-recording``, it is cut, altered or of another version.
    """
    try:
        data = read_regular(path, MAX_FILE)
    except NotRegularError as error:
        raise UsageError("no-recording", f"{path} is {error.kind}, not a recording") from None
    except FileNotFoundError:
        hint = "make one with --record, on an engine"
        raise UsageError("no-recording", f"there is no recording {path}", hint=hint) from None
    except OSError as error:
        raise UsageError("no-recording", f"{path} can't be read: {error.strerror}") from None
    if len(data) > MAX_FILE:
        raise _bad(path, f"it is larger than {MAX_FILE // 1024 // 1024} MiB")
    text = _text(path, data)
    value = _parsed(path, text)
    if not isinstance(value, Mapping) or "recording_version" not in value:
        raise _bad(path, "it is not a recording")
    version = value["recording_version"]
    if version != VERSION or isinstance(version, bool):
        raise _bad(path, f"its version is {json.dumps(version)[:40]}, and this program reads {VERSION}")
    _validate(path, text, value, cache)
    try:
        return _recording(value)
    except ValueError as error:
        raise _bad(path, str(error)) from None


def _bad(path: Path, why: str, place: Place | None = None) -> UsageError:
    return UsageError(
        "bad-recording", f"{path} can't be replayed: {why}", hint="make it again with --record", place=place
    )


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(path, f"byte {error.start} is not UTF-8") from None


def _parsed(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if _MARK not in text[:_MARK_WITHIN]:
            raise _bad(path, "it is not a recording") from None
        line = text.split("\n")[error.lineno - 1]
        place = Place(str(path), error.lineno, error.colno, text=line)
        raise _bad(path, f"it is cut or broken: {error.msg}", place) from None
    except (RecursionError, ValueError) as error:
        raise _bad(path, f"it is broken: {type(error).__name__}") from None


def _validate(path: Path, text: str, value: Any, cache: Path | None) -> None:
    """Check a recording against its schema, unless its text was found valid before."""
    schema_file = schema_path("recording.schema.json")
    valid_text = ValidText(cache, text, "recording", stamp(schema_file)) if cache is not None else None
    if valid_text is not None and valid_text.recall() is not None:
        return
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(json.loads(schema_file.read_text("utf-8"))).iter_errors(value))
    if error is not None:
        raise _bad(path, f"at {error.json_path} {error.message[:300]}")
    if valid_text is not None:
        valid_text.remember()


def _recording(value: Mapping[str, Any]) -> Recording:
    engine = value["engine"]
    return Recording(
        recorded_at=value["recorded_at"],
        name=engine["name"],
        version=engine["version"],
        api_version=engine["api_version"],
        endpoint=engine["endpoint"],
        swarm=engine.get("swarm"),
        scenario=value["scenario"],
        vars=value["vars"],
        run_id=value["run_id"],
        generated=value.get("generated", {}),
        status=value["status"],
        exchanges=tuple(_exchange(exchange) for exchange in value["exchanges"]),
    )


def _exchange(value: Mapping[str, Any]) -> RecordedExchange:
    fields = dict(value["request"])
    request = RecordedRequest(
        fields.pop("method"), fields.pop("target"), fields.pop("upgrade", None), fields.pop("headers", {}), fields
    )
    sent = value.get("input")
    return RecordedExchange(
        at=value["at"],
        request=request,
        outcome=_failure(value["error"]) if "error" in value else _response(value["response"]),
        input=RecordedInput(_parts(sent["sent"]), sent["closed"]) if sent else None,
    )


def _response(value: Mapping[str, Any]) -> RecordedResponse:
    end = value["end"]
    return RecordedResponse(
        at=value["at"],
        status=value["status"],
        reason=value["reason"],
        headers=value["headers"],
        upgraded=value.get("upgraded", False),
        body=_parts(value["body"]),
        end=_failure(end) if isinstance(end, dict) else end,
    )


def _failure(value: Mapping[str, Any]) -> Diagnostic:
    return Diagnostic(value["code"], value["message"], hint=value.get("hint"), kind=value["kind"])


def _parts(values: list[dict[str, Any]]) -> tuple[BodyPart, ...]:
    parts = []
    for value in values:
        rest: dict[Any, Any] = dict(value)  # of forms that the schema knows
        at, stream = rest.pop("at"), rest.pop("stream", None)
        ((form, content),) = rest.items()
        part = BodyPart(at, form, content, stream)
        part.data()
        parts.append(part)
    return tuple(parts)


def _exchange_value(exchange: RecordedExchange) -> dict[str, Any]:
    value: dict[str, Any] = {"at": exchange.at, "request": exchange.request.value()}
    if exchange.input is not None:
        value["input"] = {"sent": _part_values(exchange.input.parts), "closed": exchange.input.closed}
    outcome = exchange.outcome
    if isinstance(outcome, Diagnostic):
        return {**value, "error": _failure_value(outcome)}
    response: dict[str, Any] = {"at": outcome.at, "status": outcome.status, "reason": outcome.reason}
    if outcome.upgraded:
        response["upgraded"] = True
    response["headers"] = dict(outcome.headers)
    response["body"] = _part_values(outcome.body)
    response["end"] = _failure_value(outcome.end) if isinstance(outcome.end, Diagnostic) else outcome.end
    return {**value, "response": response}


def _failure_value(failure: Diagnostic) -> dict[str, Any]:
    value = {"kind": failure.kind, "code": failure.code, "message": failure.message}
    return {**value, "hint": failure.hint} if failure.hint is not None else value


def _part_values(parts: tuple[BodyPart, ...]) -> list[dict[str, Any]]:
    return [
        {"at": part.at, **({"stream": part.stream} if part.stream else {}), part.form: part.content} for part in parts
    ]
