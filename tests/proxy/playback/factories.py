"""Recordings made in a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.engine.recordings.body_parts import BodyPart
from runner.engine.recordings.recording import (
    RecordedExchange,
    RecordedInput,
    RecordedRequest,
    RecordedResponse,
    Recording,
    render,
)

WEB = "a" * 64


def exchange(
    at: float,
    line: str,
    answer: Any = None,
    *,
    status: int = 200,
    body: Any = None,
    headers: dict[str, str] | None = None,
    parts: Sequence[BodyPart] = (),
    upgrade: str | None = None,
    typed: RecordedInput | None = None,
    end: Any = "complete",
) -> RecordedExchange:
    """``POST /containers/x/start`` and what was answered."""
    method, target = line.split(" ", 1)
    request = RecordedRequest(method, f"/v1.41{target}", upgrade, {}, {} if body is None else {"json": body})
    if not parts and answer is not None:
        parts = (BodyPart(at + 1, "json", answer),)
    upgraded = status == 101
    response = RecordedResponse(
        at + 1, status, "", headers or {"Content-Type": "application/json"}, upgraded, tuple(parts), end
    )
    return RecordedExchange(at, request, response, typed)


def recording(*exchanges: RecordedExchange, name: str = "docker", api: str = "1.41") -> Recording:
    return Recording(
        "2026-01-01T00:00:00Z", name, "20.10.24", api, "unix:///x", "a test", "0" * 12, "passed", exchanges
    )


def write(path: Path, *exchanges: RecordedExchange) -> Path:
    path.write_text(render(recording(*exchanges)))
    return path


def lifecycle() -> tuple[RecordedExchange, ...]:
    """A container's life, with a look at it after each change."""
    states = [("running", True), ("exited", False)]
    looks = [{"Id": WEB, "Name": "/web-1f3a9c", "State": {"Status": name, "Running": runs}} for name, runs in states]
    return (
        exchange(0, "POST /containers/create?name=web-1f3a9c", {"Id": WEB}, status=201, body={"Image": "alpine"}),
        exchange(10, f"POST /containers/{WEB}/start", status=204),
        exchange(20, f"GET /containers/{WEB}/json", looks[0]),
        exchange(30, f"POST /containers/{WEB}/stop", status=204),
        exchange(40, f"GET /containers/{WEB}/json", looks[1]),
        exchange(50, f"DELETE /containers/{WEB}", status=204),
        exchange(60, f"GET /containers/{WEB}/json", {"message": "No such container"}, status=404),
    )
