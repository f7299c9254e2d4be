"""Writes a run in a few lines of Markdown: a row for each scenario, and what went wrong. CI shows it on a job's page.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
"""

from __future__ import annotations

from collections import Counter

from runner.errors import Diagnostic
from runner.report import wording
from runner.report.github import innermost_errors
from runner.report.markdown.markup import block, code, inline
from runner.results.records import Report, ScenarioRecord
from runner.results.statuses import STATUS_MARKS, leaves
from runner.text import count

MAX_SCENARIOS = 200
MAX_FAILURES = 20
"""Rows and failures that are shown: GitHub drops a summary of more than 1 MiB."""
MAX_DETAILS = 40


def render(report: Report) -> str:
    """Return the summary."""
    lines = [f"### Engine Recipes: {report.status}", ""]
    engines = dict.fromkeys(wording.engine_line(each.engine) for each in report.scenarios if each.engine)
    if engines:
        lines += [inline(" · ".join(engines)), ""]
    lines += ["| | scenario | steps | time |", "| --- | --- | ---: | ---: |"]
    lines += [_row(scenario) for scenario in report.scenarios[:MAX_SCENARIOS]]
    if len(report.scenarios) > MAX_SCENARIOS:
        lines.append(f"| | … {count(len(report.scenarios) - MAX_SCENARIOS, 'more scenario')} | | |")
    errors = list(innermost_errors(report))
    for title, error in errors[:MAX_FAILURES]:
        lines += ["", *_failure(title, error)]
    if len(errors) > MAX_FAILURES:
        lines += ["", f"… {count(len(errors) - MAX_FAILURES, 'more failure')}"]
    return "\n".join(lines) + "\n"


def _row(scenario: ScenarioRecord) -> str:
    status = f"{STATUS_MARKS[scenario.status]} {scenario.status}"
    file = code(scenario.file).replace("|", r"\|")
    about = f"{inline(scenario.title)} {file}"
    reason = f": {inline(scenario.reason)}" if scenario.reason else ""
    counts = Counter(step.status for step in leaves(scenario.steps))
    more = [f"{counts[status]} {status}" for status in ("skipped", "xfailed") if counts[status]]
    steps = f"{counts.total()} ({', '.join(more)})" if more else str(counts.total())
    return f"| {status} | {about}{reason} | {steps} | {wording.duration(scenario.duration_ms)} |"


def _failure(title: str, error: Diagnostic) -> list[str]:
    place = f" {code(str(error.place))}" if error.place else ""
    lines = [f"**{inline(title)}**{place}: {inline(error.message)}"]
    details = [*error.details[:MAX_DETAILS], *([f"hint: {error.hint}"] if error.hint else [])]
    return [*lines, "", block("\n".join(details), "text")] if details else lines
