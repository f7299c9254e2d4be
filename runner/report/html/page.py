"""Renders a run as one HTML file that needs nothing else: no network, and no JavaScript to be read.

Nothing from an engine or a file can become markup: the templates escape every text, and the page's own policy lets no
script run but the one whose digest it names.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup

from runner.report import wording
from runner.report.html import templates
from runner.report.html.steps import Steps
from runner.report.html.timeline import timeline
from runner.report.stable.stabilise import is_stable
from runner.results.records import Report, ScenarioRecord, StepRecord
from runner.results.statuses import STATUS_MARKS, leaves


class _Section(NamedTuple):
    """One scenario; anchors of its steps begin with ``prefix``. ``error`` is one that no step has."""

    scenario: ScenarioRecord
    prefix: str
    error: str
    timeline: Markup
    steps: Iterator[Markup]


def render(report: Report) -> str:
    """Return the page."""
    style = (templates.HERE / "page.css").read_text(encoding="utf-8").strip()
    script = (templates.HERE / "page.js").read_text(encoding="utf-8").strip()
    sections = [_section(report, number, scenario) for number, scenario in enumerate(report.scenarios, 1)]
    page = templates.render(
        "page.html",
        report=report,
        title=report.scenarios[0].title if len(sections) == 1 else f"{len(sections)} scenarios",
        digest=base64.b64encode(hashlib.sha256(f"\n{script}\n".encode()).digest()).decode(),
        style=Markup(style),  # noqa: S704 - a file of the program
        script=Markup(script),  # noqa: S704 - a file of the program
        counts=list(_counts([step for scenario in report.scenarios for step in leaves(scenario.steps)])),
        engine=wording.engine_line(report.engine) if report.engine is not None else "",
        stable=is_stable(report),
        sections=sections,
    )
    return f"{page}\n"


def _section(report: Report, number: int, scenario: ScenarioRecord) -> _Section:
    prefix = f"s{number}-"
    stable = is_stable(report)
    shown_by_a_step = any(step.error for step in scenario.steps)
    return _Section(
        scenario,
        prefix,
        scenario.error.message if scenario.error is not None and not shown_by_a_step else "",
        timeline(scenario.steps, prefix, numbers=not stable) if scenario.steps else Markup(),
        Steps(scenario, scenario.engine or report.engine, prefix, stable).render(),
    )


def _counts(steps: list[StepRecord]) -> Iterator[tuple[str, int]]:
    for status in STATUS_MARKS:
        number = sum(step.status == status for step in steps)
        if number:
            yield status, number
