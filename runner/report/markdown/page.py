"""Renders a run as a page of Markdown: what its author would have written by hand, with every command to paste."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner.api.engines import DEFAULT_SOCKET
from runner.report import wording
from runner.report.markdown.markup import block, code, inline, prose, slug
from runner.report.markdown.steps import StepSections
from runner.report.snippets.languages import StepSnippets, snippets_of
from runner.results.records import EngineRecord, Report, ScenarioRecord


def render(report: Report, *, contents: bool = False, diagram: bool = False) -> str:
    """Return the page; ``contents`` puts a table of contents on top, ``diagram`` a sequence diagram of the calls."""
    pages = []
    for scenario in report.scenarios:
        parts = _scenario(scenario, scenario.engine or report.engine, contents=contents, diagram=diagram)
        pages.append("\n\n".join(part for part in parts if part))
    return "\n\n".join(pages) + "\n" if pages else ""


def _scenario(scenario: ScenarioRecord, engine: EngineRecord | None, *, contents: bool, diagram: bool) -> Iterator[str]:
    endpoint = engine.endpoint if engine else f"unix://{DEFAULT_SOCKET}"
    documented = snippets_of(endpoint, scenario.steps)
    steps = [node for node in documented if node.step.phase == "steps"]
    sections = StepSections(scenario, engine)
    yield f"# {inline(scenario.title)}"
    if scenario.about:
        yield prose(scenario.about)
    if engine:
        yield f"*Recorded on {inline(wording.engine_line(engine))}.*"
    yield from _outcome(scenario)
    if contents:
        yield _contents(steps)
    if diagram:
        from runner.report.markdown.mermaid import sequence

        yield block(sequence(scenario.steps), "mermaid")
    for number, node in enumerate(steps, 1):
        yield from sections.step(node, str(number), 2)
    yield from sections.afterwards([node for node in documented if node.step.phase == "finally"])
    if scenario.left:
        yield "## What is left"
        yield "\n".join(f"- {inline(line)}" for line in scenario.left)
        yield f"{code('run clean')} removes what is surely the run's own."


def _outcome(scenario: ScenarioRecord) -> Iterator[str]:
    if scenario.status == "skipped":
        yield f"**Skipped**: {inline(scenario.reason or 'its conditions are not met')}."
    elif scenario.status != "passed":
        yield f"**This run did not pass.** {inline(scenario.error.message) if scenario.error else ''}".rstrip()


def _contents(steps: Sequence[StepSnippets]) -> str:
    lines = []
    for number, node in enumerate(steps, 1):
        title = wording.title_of(node.step)
        lines.append(f"{number}. [{inline(title)}](#{slug(f'{number}. {title}')})")
    return "\n".join(lines)
