"""Writes a step that is repeated as a loop."""

from __future__ import annotations

from collections.abc import Callable

from runner.report.snippets.shell.bash import Use
from runner.report.snippets.shell.jq import Kind
from runner.results.records import StepRecord
from runner.results.result_path import Source
from runner.text import visible

Condition = Callable[[Source, Kind], str | None]
"""Returns the filter that succeeds when an expression is true; None if there is none."""


def repeated(use: Use, step: StepRecord, condition: Condition) -> tuple[Use, str]:
    """Return the use of a command's output in a loop, if the step is repeated, and a remark before it.

    Where the condition can't be written as a command, the command is there once, with a remark that says it.
    """
    if step.retry is None:
        return use, ""
    until = step.retry.until
    written = condition(until, "condition") if until is not None else _of_the_status(step)
    if written is None:
        wanted = until.text if until is not None else "it does what is expected"
        return use, f"# repeat this until {visible(wanted)}\n"
    shown = use.shown if use.shown is not None or use.readings else ""
    return use._replace(until=written, every=step.retry.every, shown=shown), ""


def _of_the_status(step: StepRecord) -> str | None:
    """Return the condition that the call succeeds, if nothing else is expected."""
    others = [each for each in step.expectations if not each.expression.startswith("status ")]
    return None if others else ""
