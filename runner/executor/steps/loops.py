"""Evaluates the elements of a loop, and makes one record of those of its elements."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from runner.errors import StepError
from runner.executor.context import StepContext
from runner.executor.steps.not_run import skipped_record
from runner.executor.steps.result import captured_inside
from runner.results.records import StepRecord
from runner.results.statuses import first_failure
from runner.scenario import model
from runner.text import shown

MAX_ELEMENTS: Final = 10_000
"""The most elements of one loop: the record of each is kept for the report."""


def elements_of(context: StepContext, loop: model.ForEach) -> list[Any]:
    """Return a loop's elements.

    Raises:
        StepError: ``not-a-list``, ``too-many-elements``, or the template fails.
    """
    value = loop.elements.render(context.names())
    if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
        hint = "a mapping's items: for_each: data.items() | list" if isinstance(value, Mapping) else None
        raise StepError("not-a-list", f"for_each needs a list, not {shown(value, 60)}", hint=hint)
    elements = list(islice(value, MAX_ELEMENTS + 1))
    if len(elements) > MAX_ELEMENTS:
        number = f"{len(value):,}" if hasattr(value, "__len__") else "more"
        message = f"a loop has at most {MAX_ELEMENTS:,} elements, this one {number}"
        raise StepError("too-many-elements", message, hint="run several loops, or repeat one step with 'retry'")
    return elements


def asks_for_each(step: model.Step) -> bool:
    """Return whether a loop's ``when`` depends on the element, and so is evaluated for each."""
    if step.for_each is None or step.when is None:
        return False
    return any(reference.name == step.for_each.name for reference in step.when.references)


def loop_record(context: StepContext, each: list[StepRecord], started_ms: float) -> StepRecord:
    """Return the record of a loop. Captured variables become lists, in the order of the elements; if elements failed
    as expected and no other did, so has the loop."""
    status, error = first_failure(each)
    excused = next((record for record in each if record.status == "xfailed"), None)
    captured = [captured_inside(record) for record in each]
    return skipped_record(context)._replace(
        status="xfailed" if status == "passed" and excused is not None else status,
        error=error,
        reason=excused.reason if status == "passed" and excused is not None else None,
        attempts=1,
        started_ms=started_ms,
        duration_ms=context.run.elapsed_ms() - started_ms,
        captured={name: [values[name] for values in captured if name in values] for name in context.step.sets},
        each=tuple(each),
    )
