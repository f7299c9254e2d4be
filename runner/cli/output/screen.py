"""Shows on the screen what a step brought: its output, what ``show`` picks, and where asked for its exchange."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from runner.results.records import RequestRecord, ResponseRecord, StepRecord
from runner.results.result_path import Source
from runner.text import visible

MAX_LINES = 20
"""Lines of one output or value that are shown."""
MAX_COLUMNS = 400
"""Characters of one line that are shown."""


def brought(step: StepRecord) -> Iterator[str]:
    """Yield the lines of what a step's container printed and of what its ``show`` picks."""
    if isinstance(step.show, Source):
        yield from _bounded(_text(step.shown))
    elif step.response is not None and not step.background and step.show not in ("none", "request"):
        yield from _outputs(step.response)


def exchange(step: StepRecord) -> Iterator[str]:
    """Yield the lines of a step's request and of its answer."""
    if step.request is not None:
        yield from _request(step.request)
    if step.response is not None:
        yield f"< {step.response.status} {step.response.reason}".rstrip()
        if step.response.body not in (None, ""):
            yield from (f"< {line}" for line in _bounded(_text(step.response.body)))
        if step.response.items:
            items = "\n".join(map(_on_one_line, step.response.items))
            yield from (f"< {line}" for line in _bounded(items))
        yield from (f"< {line}" for line in _outputs(step.response))


def _request(request: RequestRecord) -> Iterator[str]:
    yield f"> {request.method} {visible(request.path)}"
    for name, value in request.query.items():
        yield f"> {visible(name)}={visible(str(value))[:MAX_COLUMNS]}"
    if request.body is not None:
        yield from (f"> {line}" for line in _bounded(_text(request.body)))


def _outputs(response: ResponseRecord) -> Iterator[str]:
    yield from _bounded(response.stdout or "")
    yield from (f"stderr: {line}" for line in _bounded(response.stderr or ""))


def _bounded(text: str) -> Iterator[str]:
    lines = text.splitlines()
    for line in islice(lines, MAX_LINES):
        shown = visible(line)
        yield shown if len(shown) <= MAX_COLUMNS else f"{shown[:MAX_COLUMNS]}…"
    if len(lines) > MAX_LINES:
        yield f"… {len(lines) - MAX_LINES} more"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _on_one_line(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
