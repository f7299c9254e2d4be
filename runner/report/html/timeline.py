"""When each step ran, as bars: what overlapped is seen to overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner.report import wording
from runner.report.html.escape import inline, text
from runner.results.records import StepRecord


def timeline(steps: Sequence[StepRecord], prefix: str, *, numbers: bool) -> str:
    """A row for each step; ``numbers`` says how long each took, and what the scale is."""
    total = max((step.started_ms + step.duration_ms for step in steps), default=0.0) or 1.0
    rows = "\n".join(_rows(steps, prefix, total, numbers=numbers))
    scale = f'<p class="scale" aria-hidden="true"><span>0</span><span>{text(wording.duration(total))}</span></p>'
    return (
        f'<figure class="timeline" aria-label="Timeline of the steps"><ol>\n{rows}\n</ol>{scale if numbers else ""}'
        "</figure>"
    )


def _rows(steps: Sequence[StepRecord], prefix: str, total: float, *, numbers: bool) -> Iterator[str]:
    for number, step in enumerate(steps, 1):
        yield (
            f'<li><a href="#{prefix}{number}"><span class="name"><span>{inline(wording.title_of(step))}</span>'
            f'{_note(step, numbers=numbers)}</span><span class="track">{_bar(step, total)}</span></a></li>'
        )


def _note(step: StepRecord, *, numbers: bool) -> str:
    words = [wording.duration(step.duration_ms)] if numbers else []
    if step.background:
        words.append("in the background")
    if step.status == "skipped":
        words = ["skipped"]
    return f"<small>{text(', '.join(words))}</small>" if words else ""


def _bar(step: StepRecord, total: float) -> str:
    if step.status == "skipped":
        return ""
    width = max(100 * step.duration_ms / total, 0.6)
    left = min(100 * step.started_ms / total, 100 - width)
    background = " background" if step.background else ""
    return f'<span class="bar {step.status}{background}" style="left:{left:.2f}%;width:{width:.2f}%"></span>'
