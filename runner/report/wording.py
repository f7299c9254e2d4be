"""Words what documents say of a step, the same in Markdown and HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from runner.api.engines import ENGINE_NAMES
from runner.api.operations import by_id
from runner.json_layout import pretty
from runner.results.records import EngineRecord, ResponseRecord, StepRecord

Language = Literal["json", "text"]
CallShown = Literal["open", "folded", "hidden"]
MAX_COLUMNS = 2000
"""What is longer is cut in documents, and says so: they are for reading, the JSON report has it all."""
_SECOND = 1000
_MINUTE = 60
_WIDTH = 80
"""Characters up to which a list or an object of an answer stands on one line."""


def title_of(step: StepRecord) -> str:
    """Return the step's title, or one made from its kind: ``container.create`` gives ``Container create``."""
    if step.title:
        return step.title
    words = step.kind.replace(".", " ").replace("_", " ")
    if step.action == "await":
        words = f"wait for {step.awaits or 'the background step'}"
    return words[:1].upper() + words[1:]


def wants_call(step: StepRecord) -> bool:
    """Return whether the scenario wants its readers to see the request."""
    return step.show not in ("none", "response")


def call_shown(step: StepRecord) -> CallShown:
    """Return how a document shows the call of a step.

    Whatever the scenario hides, a call that later ones need is there: one that sets variables, goes on in the
    background, or changes something. Otherwise a reader who pastes the page would do something else than the run.
    """
    if wants_call(step) or step.captured:
        return "open"
    if step.action != "call" or step.background:
        return "folded"
    operation = by_id(step.operation) if step.operation else None
    requests = [each.request for each in (step, *(step.each or ())) if each.request is not None]
    only_reads = all(request.method.upper() in ("GET", "HEAD") for request in requests)
    return "hidden" if only_reads and (operation is None or operation.answer != "tar") else "folded"


def engine_line(engine: EngineRecord) -> str:
    """Which engine it was, as people call it, and when, if that was not now."""
    name = ENGINE_NAMES.get(engine.name.lower(), engine.name)
    version = engine.version.partition("+")[0]
    date = f", on {engine.recorded_at[:10]}" if engine.recorded_at else ""
    return f"{name} {version}, API {engine.api_version}{date}"


def status_line(response: ResponseRecord) -> str:
    """``201 Created``: with the standard's words, since engines have their own for some (``101 UPGRADED``)."""
    standard = {status.value: status.phrase for status in HTTPStatus}
    return f"{response.status} {standard.get(response.status, response.reason)}".strip()


def duration(milliseconds: float) -> str:
    """``41 ms``, ``1.5 s``, ``2 min 5 s``."""
    if milliseconds < _SECOND:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / _SECOND
    return f"{seconds:.1f} s" if seconds < _MINUTE else f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"


def cut(text: str) -> str:
    """Return a line of at most :data:`MAX_COLUMNS` characters, and how many more there were."""
    more = len(text) - MAX_COLUMNS
    return text if more <= 0 else f"{text[:MAX_COLUMNS]}… {more} more characters"


def value_text(value: Any) -> tuple[str, Language]:
    """Return a value as a document shows it: text as it is, anything else as JSON that people read well."""
    if isinstance(value, str):
        return value, "text"
    return pretty(value, _WIDTH), "json"


def answer_texts(step: StepRecord) -> list[tuple[str | None, str, Language]]:
    """Return the blocks that show an answer, each with a word on what it is where that isn't plain."""
    response = step.response
    if response is None:
        return []
    texts: list[tuple[str | None, str, Language]] = []
    if response.stdout:
        texts.append((None, response.stdout, "text"))
    if response.stderr:
        texts.append(("On stderr:", response.stderr, "text"))
    if response.items:
        texts.append((None, *_items_text(step, response.items)))
    if response.body is not None and response.body != "":
        texts.append((None, *value_text(response.body)))
    return texts


def left_out(response: ResponseRecord) -> str | None:
    """Return a sentence that counts what arrived and was not kept; None if all of it was."""
    parts = [
        f"{left.bytes:,} more {'byte' if left.bytes == 1 else 'bytes'} of {name}"
        for name, left in (("stdout", response.stdout_left_out), ("stderr", response.stderr_left_out))
        if left.bytes
    ]
    if response.items_left_out:
        parts.append(f"{response.items_left_out:,} more {'element' if response.items_left_out == 1 else 'elements'}")
    return f"This is the beginning; left out: {', '.join(parts)}." if parts else None


def progress_line(item: Any) -> str:
    """One element of a progress stream as the docker CLI prints it, without its end of line."""
    if not isinstance(item, Mapping):
        return json.dumps(item, ensure_ascii=False, default=str)
    if "stream" in item:
        return str(item["stream"]).removesuffix("\n")
    if "error" in item:
        return f"error: {item['error']}"
    if "status" in item:
        line = f"{item['id']}: {item['status']}" if item.get("id") else str(item["status"])
        return f"{line} {item['progress']}" if item.get("progress") else line
    return json.dumps(item, ensure_ascii=False, default=str)


def _items_text(step: StepRecord, items: Sequence[Any]) -> tuple[str, Language]:
    operation = by_id(step.operation) if step.operation else None
    if operation is not None and operation.answer == "progress":
        return "\n".join(line for item in items if (line := progress_line(item))), "text"
    return "\n".join(value_text(item)[0] for item in items), "json"
