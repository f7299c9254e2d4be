"""A run as one HTML file that needs nothing else: no network, and no JavaScript to be read.

Nothing that an engine or a file says can become markup: every text goes through :mod:`.escape`, and the page's own
policy lets no script run but the one whose digest it names.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from runner.report import wording
from runner.report.html.badges import MARKS, badge
from runner.report.html.escape import inline, prose, text
from runner.report.html.steps import Steps
from runner.report.html.timeline import timeline
from runner.report.stable.stabilise import is_stable
from runner.results.records import Report, ScenarioRecord, StepRecord


def render(report: Report) -> str:
    """The page."""
    return "\n".join(_page(report)) + "\n"


def _page(report: Report) -> Iterator[str]:
    here = Path(__file__).parent
    style = (here / "page.css").read_text(encoding="utf-8").strip()
    script = (here / "page.js").read_text(encoding="utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(f"\n{script}\n".encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    scenarios = [_Section(report, number, scenario) for number, scenario in enumerate(report.scenarios, 1)]
    title = report.scenarios[0].title if len(scenarios) == 1 else f"{len(scenarios)} scenarios"
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{text(wording.cut(title))}</title>"
    yield f"<style>\n{style}\n</style>"
    yield "</head>"
    yield "<body>"
    yield '<a class="skip" href="#main">Skip to the steps</a>'
    yield from _header(report, title)
    yield '<div class="columns">'
    yield '<nav aria-label="Steps">'
    for section in scenarios:
        yield from section.navigation()
    yield "</nav>"
    yield '<main id="main">'
    for section in scenarios:
        yield from section.content(alone=len(scenarios) == 1)
    yield '<p id="nothing" hidden>No step has these words.</p>'
    yield "</main>"
    yield "</div>"
    yield f"<script>\n{script}\n</script>"
    yield "</body>"
    yield "</html>"


def _header(report: Report, title: str) -> Iterator[str]:
    steps = [step for scenario in report.scenarios for step in scenario.steps]
    yield '<header class="page">'
    yield f"<h1>{inline(title)}</h1>"
    facts = [badge(report.status), *_counts(steps)]
    if report.engine is not None:
        facts.append(f"<span>{text(wording.engine_line(report.engine))}</span>")
    if not is_stable(report):
        facts.append(f"<span>{text(wording.duration(report.duration_ms))}</span>")
        facts.append(f"<time>{text(report.started_at)}</time>")
    yield f'<p class="facts">{" ".join(facts)}</p>'
    yield '<label class="search" hidden>Search <input type="search" autocomplete="off" placeholder="press /"></label>'
    yield "</header>"


def _counts(steps: list[StepRecord]) -> Iterator[str]:
    for status in MARKS:
        count = sum(step.status == status for step in steps)
        if count:
            yield f'<span class="count">{count} {status}</span>'


class _Section:
    """One scenario."""

    def __init__(self, report: Report, number: int, scenario: ScenarioRecord) -> None:
        self.scenario = scenario
        self.prefix = f"s{number}-"
        self.stable = is_stable(report)
        self.steps = Steps(scenario, scenario.engine or report.engine, self.prefix, self.stable)

    def navigation(self) -> Iterator[str]:
        yield f'<p class="scenario">{inline(self.scenario.title)}</p>'
        yield "<ol>"
        for number, step in enumerate(self.scenario.steps, 1):
            mark = f'<span class="mark {step.status}" aria-hidden="true">{MARKS[step.status]}</span>'
            yield f'<li><a href="#{self.prefix}{number}">{mark} {inline(wording.title_of(step))}</a></li>'
        yield "</ol>"

    def content(self, *, alone: bool) -> Iterator[str]:
        scenario = self.scenario
        yield f'<section class="scenario" aria-label="{text(wording.cut(scenario.title))}">'
        if not alone:
            yield f"<h2>{inline(scenario.title)} {badge(scenario.status)}</h2>"
        if scenario.about:
            yield f'<div class="prose">{prose(scenario.about)}</div>'
        if scenario.reason:
            yield f'<p class="note">{inline(scenario.reason)}</p>'
        if scenario.error is not None and not any(step.error for step in scenario.steps):
            yield f'<p class="note failed">{inline(scenario.error.message)}</p>'
        if scenario.steps:
            yield timeline(scenario.steps, self.prefix, numbers=not self.stable)
        yield from self.steps.render()
        if scenario.left:
            lines = "".join(f"<li>{inline(line)}</li>" for line in scenario.left)
            yield f"<h3>What is left</h3><ul>{lines}</ul>"
        yield "</section>"
