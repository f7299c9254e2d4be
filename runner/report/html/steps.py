"""Renders the steps of a scenario as sections of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup

from runner.api.engines import DEFAULT_SOCKET
from runner.api.operations import by_id
from runner.report import wording
from runner.report.html import templates
from runner.report.html.charts import charts
from runner.report.html.jsonview import lines_of, view
from runner.report.snippets.languages import LANGUAGES, Language, StepSnippets, snippets_of
from runner.report.snippets.session import walk
from runner.report.treatments import treatment_of
from runner.results.records import EngineRecord, ResponseRecord, ScenarioRecord, StepRecord
from runner.results.result_path import Source
from runner.text import count

_SHOWN_OF_A_LOOP = 20


class _Block(NamedTuple):
    """A part of an answer: a text, or a view of JSON; ``label`` says what it is where that isn't plain."""

    label: str | None = None
    text: str | None = None
    view: Markup | None = None


class Steps:
    """Renders the steps of one scenario, on the engine that it ran on."""

    def __init__(self, scenario: ScenarioRecord, engine: EngineRecord | None, prefix: str, stable: bool) -> None:
        self._scenario = scenario
        self._engine = engine
        self._prefix = prefix
        self._stable = stable
        self._operations = {step.id: step.operation for step in walk(scenario.steps)}
        self._awaited = {step.awaits for step in walk(scenario.steps) if step.awaits}

    def render(self) -> Iterator[Markup]:
        """Yield the sections in their order."""
        endpoint = self._engine.endpoint if self._engine else f"unix://{DEFAULT_SOCKET}"
        for number, node in enumerate(snippets_of(endpoint, self._scenario.steps), 1):
            yield self._step(node, str(number), f"{self._prefix}{number}", 3)

    def _step(self, node: StepSnippets, number: str, anchor: str, level: int) -> Markup:
        step = node.step
        each = step.each if step.each is not None and step.show not in ("none", "request") else ()
        each = () if node.children else each
        more = len(each) - _SHOWN_OF_A_LOOP
        return templates.render(
            "step.html",
            step=step,
            number=number,
            anchor=anchor,
            level=min(level, 6),
            operation=by_id(step.operation) if step.operation and self._engine else None,
            api_version=self._engine.api_version if self._engine else "",
            times=not self._stable and step.attempts,
            panels=_panels(node),
            call_is_hidden=wording.call_shown(step) == "folded",
            children=[
                self._step(child, f"{number}.{index}", f"{anchor}-{index}", level + 1)
                for index, child in enumerate(node.children, 1)
            ],
            explanations=[
                self._step(StepSnippets(child, {}, {}), f"{number}.{index}", f"{anchor}-{index}", level + 1)
                for index, child in enumerate(step.on_failure, len(node.children) + 1)
            ],
            answers=[] if node.children else list(self._answers(step)),
            more_answers=f"{count(more, 'more answer')} {'is' if more == 1 else 'are'}" if more > 0 else "",
        )

    def _answers(self, step: StepRecord) -> Iterator[Markup]:
        if step.show in ("none", "request"):
            return
        if step.each is None:
            yield self._answer(step)
            return
        for index, element in enumerate(step.each[:_SHOWN_OF_A_LOOP], 1):
            status = wording.status_line(element.response) if element.response else element.status
            summary = Markup("<summary>{}: {}</summary>").format(index, status)
            yield Markup("<details>{}{}</details>").format(summary, self._answer(element))

    def _answer(self, step: StepRecord) -> Markup:
        response = step.response
        if response is None:
            return Markup()
        operation = self._operations.get(step.awaits) if step.awaits else step.operation
        drawn = charts(response.items) if response.items and treatment_of(operation).samples else Markup()
        excerpt = isinstance(step.show, Source)
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        return templates.render(
            "answer.html",
            step=step,
            headers=headers if step.show == "all" else "",
            comes_later=step.background and step.id in self._awaited,
            charts=drawn,
            blocks=[_value(step.shown)] if excerpt else list(_whole(step, response)),
            show=step.show.text if isinstance(step.show, Source) else "",
            excerpt=excerpt,
        )


def _panels(node: StepSnippets) -> list[tuple[Language, str]]:
    """Return the step's code in each language that has some."""
    return [
        (row, "\n".join([*(setup.code for setup in snippet.setups), snippet.code]))
        for name, row in LANGUAGES.items()
        if (snippet := node.snippets.get(name)) is not None
    ]


def _whole(step: StepRecord, response: ResponseRecord) -> Iterator[_Block]:
    for label, content, language in wording.answer_texts(step):
        if language == "text":
            yield _Block(label, text=content)
        elif response.items:
            items = response.items[:_SHOWN_OF_A_LOOP]
            opened = sum(lines_of(item, templates.FOLD) for item in items) <= templates.FOLD
            yield _Block(label, view=Markup().join(view(item, opened=opened) for item in items))
        else:
            yield _Block(label, view=view(response.body))


def _value(value: object) -> _Block:
    return _Block(text=value) if isinstance(value, str) else _Block(view=view(value))
