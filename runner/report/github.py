"""Renders what went wrong as annotations of GitHub Actions, each beside its line in a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner.errors import Diagnostic
from runner.report import wording
from runner.results.records import CONSEQUENCES, Report, StepRecord
from runner.results.statuses import FAILED
from runner.text import visible

MOST = 10
"""GitHub shows no more errors of one step of a job."""


def render(report: Report) -> str:
    """Return a workflow command a line; nothing if everything passed."""
    lines = [annotation(f"{title}: {error.code}", error) for title, error in innermost_errors(report)]
    return "".join(f"{line}\n" for line in lines[:MOST])


def innermost_errors(report: Report) -> Iterator[tuple[str, Diagnostic]]:
    """Yield each error with the title of its step: of a block, that of the step inside it."""
    for scenario in report.scenarios:
        found = list(_of_steps(scenario.steps))
        if not found and scenario.error is not None:
            found = [(scenario.title, scenario.error)]
        yield from found


def _of_steps(steps: Sequence[StepRecord]) -> Iterator[tuple[str, Diagnostic]]:
    """Yield the innermost errors: a block's is that of one of its steps."""
    for step in steps:
        inner = list(_of_steps(step.inside))
        if inner:
            yield from inner
        elif step.error is not None and step.status in FAILED and step.error.code not in CONSEQUENCES:
            title = wording.title_of(step)
            yield f"{title} ({step.id})" if "[" in step.id else title, step.error  # elements of a loop share a title


def annotation(title: str, error: Diagnostic) -> str:
    """Return the workflow command for an error or a warning, at its place if it has one."""
    place = error.place
    where: dict[str, str | int] = {}
    if place:
        where = {"file": place.file, "line": place.line, "col": place.column}
        if place.length > 1:
            where["endColumn"] = place.column + place.length
    properties = {**where, "title": title}
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    message = "\n".join([error.message, *error.details, *([error.hint] if error.hint else [])])
    return f"::{error.severity} {given}::{_data(message)}"


def _data(text: str) -> str:
    lines = (wording.cut(visible(line)) for line in text.split("\n"))
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
