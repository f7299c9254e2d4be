"""Gives steps times without a clock: one step takes a tenth of a second, and what overlapped still does."""

from __future__ import annotations

from collections.abc import Sequence

from runner.results.records import StepRecord

TICK = 100.0
"""Milliseconds."""


def timed(steps: Sequence[StepRecord], start: float = 0.0) -> tuple[tuple[StepRecord, ...], float]:
    """Return the steps one after the other from ``start`` on, and when the last one ends.

    A step in the background lasts until it is awaited, or to the end of the others.
    """
    placed: list[StepRecord] = []
    now = start
    for step in steps:
        record, now = _placed(step, now)
        placed.append(record)
    ends = {step.awaits: step.started_ms + step.duration_ms for step in placed if step.awaits}
    main = [step for step in placed if step.phase == "steps"]
    last = main[-1].started_ms + main[-1].duration_ms if main else now
    return tuple(
        step._replace(duration_ms=max(ends.get(step.id, last) - step.started_ms, TICK)) if step.background else step
        for step in placed
    ), now - start


def _placed(step: StepRecord, now: float) -> tuple[StepRecord, float]:
    if step.status == "skipped":
        return step._replace(started_ms=now, duration_ms=0.0), now
    if step.kind == "parallel" and step.steps:
        side_by_side = [_placed(child, now) for child in step.steps]
        end = max(end for _, end in side_by_side)
        children = tuple(child for child, _ in side_by_side)
        return step._replace(started_ms=now, duration_ms=end - now, steps=children), end
    if step.steps:
        children, lasted = timed(step.steps, now)
        return step._replace(started_ms=now, duration_ms=lasted, steps=children), now + lasted
    if step.each:
        elements, lasted = timed(step.each, now)
        return step._replace(started_ms=now, duration_ms=lasted, each=elements), now + lasted
    sleeps = step.kind == "sleep" and not step.background
    lasted = max(round(step.duration_ms / TICK), 1) * TICK if sleeps else TICK
    return step._replace(started_ms=now, duration_ms=lasted), now + lasted
