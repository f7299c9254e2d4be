"""When each step ran, as bars: what overlapped is seen to overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner.executor.record import StepRecord
from runner.report import told
from runner.report.html.escape import inline, text


def timeline(steps: Sequence[StepRecord], prefix: str, *, numbers: bool) -> str:
    """A row for each step; ``numbers`` says how long each took."""
    total = max((step.started_ms + step.duration_ms for step in steps), default=0.0) or 1.0
    rows = "\n".join(_rows(steps, prefix, total, numbers=numbers))
    return f'<figure class="timeline" aria-label="Timeline of the steps"><ol>\n{rows}\n</ol></figure>'


def _rows(steps: Sequence[StepRecord], prefix: str, total: float, *, numbers: bool) -> Iterator[str]:
    for number, step in enumerate(steps, 1):
        left = 100 * step.started_ms / total
        width = max(100 * step.duration_ms / total, 0.6)
        left = min(left, 100 - width)
        took = f" <small>{text(told.duration(step.duration_ms))}</small>" if numbers else ""
        background = " background" if step.background else ""
        yield (
            f'<li><a href="#{prefix}{number}"><span class="name">{inline(told.title_of(step))}{took}</span>'
            f'<span class="track"><span class="bar {step.status}{background}" '
            f'style="left:{left:.2f}%;width:{width:.2f}%"></span></span></a></li>'
        )
