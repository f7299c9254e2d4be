"""Renders a run as a page of Markdown: what its author would have written by hand, with every command to paste."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from runner.api.engines import DEFAULT_SOCKET
from runner.report import wording
from runner.report.markdown.flavours import FLAVOURS, PageOptions
from runner.report.markdown.markup import code, inline, slug
from runner.report.markdown.steps import StepSections
from runner.report.snippets.languages import LANGUAGES, StepSnippets, snippets_of
from runner.results.records import EngineRecord, Report, ScenarioRecord

_DEFAULTS: Final = PageOptions()


def render(report: Report, options: PageOptions = _DEFAULTS) -> str:
    """Return the page."""
    pages = []
    for scenario in report.scenarios:
        page = ScenarioPage(scenario, scenario.engine or report.engine, options)
        pages.append(joined(page.whole()))
    return "\n\n".join(pages) + "\n" if pages else ""


def joined(parts: Iterable[str]) -> str:
    """Return the parts of a page as one text; empty ones are left out."""
    return "\n\n".join(part for part in parts if part)


class ScenarioPage:
    """The page of one scenario, whole or in parts. Of steps that are not ``shown`` the reader has nothing; by default
    all are."""

    def __init__(
        self,
        scenario: ScenarioRecord,
        engine: EngineRecord | None,
        options: PageOptions,
        shown: Collection[str] | None = None,
    ) -> None:
        self._scenario = scenario
        self._engine = engine
        self._options = options
        self._languages = [LANGUAGES[name] for name in options.languages]
        self._flavour = FLAVOURS[options.flavour]()
        endpoint = engine.endpoint if engine else f"unix://{DEFAULT_SOCKET}"
        documented = snippets_of(endpoint, scenario.steps, self._languages, shown)
        self._steps = [node for node in documented if node.step.phase == "steps"]
        self._afterwards = [node for node in documented if node.step.phase == "finally"]
        self._sections = StepSections(scenario, engine, self._languages, self._flavour)

    def whole(self) -> Iterator[str]:
        """Yield the parts of the whole page."""
        scenario, options = self._scenario, self._options
        yield f"# {inline(scenario.title)}"
        if scenario.about:
            yield self._flavour.prose(scenario.about)
        if self._engine:
            yield f"*Recorded on {inline(wording.engine_line(self._engine))}.*"
        yield from _outcome(scenario)
        yield self._not_to_follow()
        if options.contents:
            yield _contents(self._steps)
        if options.diagram:
            from runner.report.markdown.mermaid import sequence

            yield self._flavour.diagram(sequence(scenario.steps))
        yield from self.steps(0, len(self._steps))
        yield from self.afterwards()

    def steps(self, start: int, stop: int) -> Iterator[str]:
        """Yield the sections of some steps, numbered as in the whole."""
        for number, node in enumerate(self._steps[start:stop], start + 1):
            yield from self._sections.step(node, str(number), 2)

    def afterwards(self) -> Iterator[str]:
        """Yield what is behind the steps."""
        yield from self._sections.afterwards(self._afterwards)
        left = self._scenario.left
        if left:
            yield "## What is left"
            yield "\n".join(f"- {inline(line)}" for line in left)
            yield f"{code('run clean')} removes what is surely the run's own."

    def _not_to_follow(self) -> str:
        """Return which steps have no equivalent in which language, so that no reader begins in vain."""
        lacking = []
        for row in self._languages:
            numbers = [str(number) for number, node in enumerate(self._steps, 1) if _lacks(node, row.name)]
            if numbers:
                steps = f"step {numbers[0]}" if len(numbers) == 1 else f"steps {', '.join(numbers)}"
                lacking.append(f"{row.phrase} (no equivalent of {steps})")
        if not lacking:
            return ""
        return self._flavour.note(f"Not the whole page can be followed with {' or '.join(lacking)}.")


def _lacks(node: StepSnippets, language: str) -> bool:
    return language in node.gaps or any(_lacks(child, language) for child in node.children)


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
