"""Draws when each step ran, as bars: what overlapped is seen to overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from runner.report import wording
from runner.report.html import templates
from runner.results.records import StepRecord

_NARROWEST = 0.6
"""Per cent of the whole that a bar has at least, so that it is seen."""


class _Bar(NamedTuple):
    """A row; ``left`` and ``width`` are in per cent, and empty where the step did not run."""

    step: StepRecord
    note: str
    left: str = ""
    width: str = ""


def timeline(steps: Sequence[StepRecord], prefix: str, *, numbers: bool) -> Markup:
    """Return a row for each step; ``numbers`` shows how long each took, and the scale."""
    total = max((step.started_ms + step.duration_ms for step in steps), default=0.0) or 1.0
    bars = [_bar(step, total, numbers=numbers) for step in steps]
    return templates.render("timeline.html", bars=bars, prefix=prefix, total=total if numbers else None)


def _bar(step: StepRecord, total: float, *, numbers: bool) -> _Bar:
    if step.status == "skipped":
        return _Bar(step, "skipped")
    words = [wording.duration(step.duration_ms)] if numbers else []
    if step.background:
        words.append("in the background")
    width = max(100 * step.duration_ms / total, _NARROWEST)
    left = min(100 * step.started_ms / total, 100 - width)
    return _Bar(step, ", ".join(words), f"{left:.2f}", f"{width:.2f}")
