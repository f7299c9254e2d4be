"""The calls of a scenario as a Mermaid sequence diagram, which GitHub and MkDocs draw."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from runner.results.records import StepRecord
from runner.text import short_id, visible

_MOST = 40
_LONG_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")


def sequence(steps: Sequence[StepRecord]) -> str:
    """Return the diagram's text; of more than forty calls, the first ones."""
    lines = ["sequenceDiagram", "    participant you as You", "    participant engine as Engine"]
    calls = list(_calls(steps))
    for step in calls[:_MOST]:
        assert step.request is not None
        path = _LONG_ID.sub(lambda match: short_id(match[0]), unquote(re.sub(r"^/v[\d.]+", "", step.request.path)))
        lines.append(f"    you->>engine: {_text(f'{step.request.method} {path}')}")
        if step.response is not None:
            arrow = "--)" if step.background else "-->>"
            note = " (in the background)" if step.background else ""
            lines.append(f"    engine{arrow}you: {step.response.status}{note}")
    if len(calls) > _MOST:
        lines.append(f"    note over you,engine: and {len(calls) - _MOST} more calls")
    return "\n".join(lines)


def _calls(steps: Sequence[StepRecord]) -> Iterator[StepRecord]:
    for step in steps:
        if step.request is not None and step.phase != "cleanup":
            yield step
        yield from _calls(step.inside)


def _text(text: str) -> str:
    """Text in which nothing means anything to Mermaid; its entities are decimal codes between # and ;."""
    short = visible(text) if len(text) <= 80 else f"{visible(text[:80])}…"
    return re.sub(r"[^\w /.:…-]", lambda match: f"#{ord(match[0])};", short)
