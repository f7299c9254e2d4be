"""Presents a step's result to expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner.engine.transport import Headers
from runner.errors import StepError
from runner.results.cut import CutValue
from runner.results.records import MARK, LeftOut, ResponseRecord, RetryRecord, ShowWord, StepRecord
from runner.results.result_path import Source
from runner.scenario import model
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.references import Scope

NO_ANSWER: Final = ResponseRecord(0, stdout="", stderr="", items=[])
"""What expressions and expectations see where no answer has begun within ``take.for``; there is no status."""


def view(
    response: ResponseRecord | None,
    *,
    ok: bool,
    attempts: int = 1,
    duration_ms: float = 0.0,
    each: list[Mapping[str, Any]] | None = None,
    outputs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a result as expressions see it, by the names of :data:`~runner.scenario.names.RESULT_NAMES`."""
    return {
        "status": (response.status or None) if response else None,
        "headers": response.headers if response else Headers(),
        "body": response.body if response else None,
        "stdout": _output("stdout", response.stdout, response.stdout_left_out) if response else None,
        "stderr": _output("stderr", response.stderr, response.stderr_left_out) if response else None,
        "items": _items(response) if response else None,
        "ok": ok,
        "attempts": attempts,
        "duration_ms": duration_ms,
        "each": each,
        "outputs": outputs,
    }


def _output(name: str, kept: str | None, left_out: LeftOut) -> str | CutValue | None:
    """Return an output, or what stands for one that was cut."""
    if kept is None or not left_out.bytes:
        return kept
    return CutValue(name, len(kept.removesuffix(MARK)) + left_out.characters)


def _items(response: ResponseRecord) -> list[Any] | CutValue | None:
    """Return the elements of a stream, or what stands for them if some were left out."""
    items = response.items
    if items is None or not response.items_left_out:
        return items
    return CutValue("items", len(items) + response.items_left_out, items)


def response_of(record: StepRecord) -> ResponseRecord | None:
    """Return a finished step's response; one that passed without an answer has an empty one."""
    if record.response is None and record.request is not None and record.status == "passed":
        return NO_ANSWER
    return record.response


def view_of(record: StepRecord) -> dict[str, Any]:
    """Return a finished step's result, as later expressions see it under ``steps.<id>``."""
    return view(
        response_of(record),
        ok=record.status == "passed",
        attempts=record.attempts,
        duration_ms=record.duration_ms,
        each=[view_of(element) for element in record.each] if record.each is not None else None,
        outputs=record.outputs,
    )


def captured_inside(record: StepRecord) -> Mapping[str, Any]:
    """Return what a step and the steps inside it have captured; an included scenario's variables are its own."""
    if record.action == "include" or not record.steps:
        return record.captured
    captured: dict[str, Any] = {}
    for inner in record.steps:
        captured.update(captured_inside(inner))
    return {**captured, **record.captured}


def inner_views(step: model.Step, elements: Sequence[StepRecord]) -> dict[str, dict[str, Any]]:
    """Return the results of the steps inside a loop, by id, from the records of the loop's elements."""
    views: dict[str, dict[str, Any]] = {}
    for child in step.children:
        records = [inner for element in elements for inner in element.steps or () if inner.id == child.id]
        each: list[Mapping[str, Any]] = [view_of(inner) for inner in records]
        views[child.id] = view(None, ok=all(inner["ok"] for inner in each), attempts=1, each=each)
        if child.children:
            below = [inner for record in records for inner in record.each or ()] if child.for_each else records
            views.update(inner_views(child, below))
    return views


def shown_part(step: model.Step, names: Scope) -> tuple[ShowWord | Source | None, Any]:
    """Return what documents show of a step, and the value of that part where it is an expression. Where the result
    lacks the part, because the step failed, all of it is shown."""
    if not isinstance(step.show, Expression):
        return step.show, None
    try:
        return step.show.origin, step.show.evaluate(names)
    except StepError:
        return None, None


def retry_record(step: model.Step) -> RetryRecord | None:
    """Return how a step is repeated, for its record."""
    if step.retry is None:
        return None
    return RetryRecord(step.retry.every, step.retry.until.origin if step.retry.until is not None else None)
