"""Renders the steps of a scenario as sections of a Markdown page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from runner.api.operations import by_id
from runner.report import wording
from runner.report.markdown.markup import block, code, folded, inline, prose
from runner.report.snippets.languages import FIRST, LANGUAGES, Language, StepSnippets
from runner.report.snippets.session import Snippet, walk
from runner.results.records import EngineRecord, ScenarioRecord, StepRecord
from runner.results.result_path import Source
from runner.text import count

_SHOWN_OF_A_LOOP = 3
_LONGEST_VALUE = 80
"""Characters up to which a captured value is shown in a sentence."""


class StepSections:
    """Renders one scenario's steps, on the engine that it ran on."""

    def __init__(self, scenario: ScenarioRecord, engine: EngineRecord | None) -> None:
        self._engine = engine
        self._awaited = {step.awaits for step in walk(scenario.steps) if step.awaits}

    def step(self, node: StepSnippets, number: str, level: int) -> Iterator[str]:
        """Yield the parts of a step's section, and those of the steps inside it."""
        step = node.step
        yield f"{'#' * min(level, 6)} {number}. {inline(wording.title_of(step))}"
        if step.about:
            yield prose(step.about)
        if step.status == "skipped":
            yield f"*Skipped: {inline(step.reason or 'nothing to do')}.*"
            return
        yield from self._call(node)
        if step.action == "check":
            yield "\n".join(f"- {code(expectation.expression)}" for expectation in step.expectations)
        if step.action == "parallel":
            yield "These run side by side."
        for index, child in enumerate(node.children, 1):
            yield from self.step(child, f"{number}.{index}", level + 1)
        yield from self._answer(step)
        yield from self._captured(node)
        if step.error is not None and not node.children:
            yield from _failure(step)
        for explanation in step.on_failure:
            yield f"After the failure: {inline(wording.title_of(explanation))}"
            yield from self._answer(explanation)
        if wording.call_shown(step) == "open":
            yield _others(node.snippets)

    def afterwards(self, nodes: Sequence[StepSnippets]) -> Iterator[str]:
        """Yield a section for the steps that clean up, with all commands in one block."""
        ran = [node for node in nodes if node.step.status != "skipped"]
        if not ran:
            return
        yield "## Afterwards"
        shown = [node for node in ran if wording.call_shown(node.step) != "hidden"]
        lines = [
            f"# {' '.join(wording.title_of(node.step).split())}\n{node.snippets[FIRST.name].code}"
            for node in shown
            if FIRST.name in node.snippets
        ]
        for setup in (
            setup for node in shown if FIRST.name in node.snippets for setup in node.snippets[FIRST.name].setups
        ):
            yield setup.about
            yield block(setup.code, FIRST.highlight)
        if lines:
            yield block("\n".join(lines), FIRST.highlight)
        yield _others({name: merged for name in LANGUAGES if (merged := _merged(name, shown)) is not None})
        for node in ran:
            if node.step.error is not None:
                yield f"{inline(wording.title_of(node.step))}:"
                yield from _failure(node.step)

    def _call(self, node: StepSnippets) -> Iterator[str]:
        """Yield the operation and its command. A command that later ones need stays, whatever ``show`` says."""
        step, snippet = node.step, node.snippets.get(FIRST.name)
        if snippet is None:
            if wording.wants_call(step) and step.request is not None:
                yield self._reference(step)
                if FIRST.name in node.gaps:
                    yield f"{FIRST.phrase} can't make this call: {inline(node.gaps[FIRST.name].reason)}."
            return
        if wording.call_shown(step) == "folded":
            yield _folded_call(node.snippets)
            return
        yield self._reference(step)
        for setup in snippet.setups:
            yield setup.about
            yield block(setup.code, FIRST.highlight)
        yield block(snippet.code, FIRST.highlight)

    def _reference(self, step: StepRecord) -> str:
        operation = by_id(step.operation) if step.operation else None
        if operation is None or self._engine is None:
            return ""
        return f"[{operation.id}]({operation.reference(self._engine.api_version)})"

    def _answer(self, step: StepRecord) -> Iterator[str]:
        if step.show in ("none", "request"):
            return
        if step.each is not None and not any(element.steps for element in step.each):
            yield from _answers(step.each)
            return
        if step.response is None:
            return
        if step.action != "await":
            yield code(wording.status_line(step.response))
        if step.show == "all" and step.response.headers:
            headers = "\n".join(f"{name}: {value}" for name, value in step.response.headers.items())
            yield block(headers, "http")
        if step.background and step.id in self._awaited:
            return  # shown where it is awaited
        if isinstance(step.show, Source):
            yield from _excerpt(step, step.show)
            return
        for label, text, language in wording.answer_texts(step):
            if label:
                yield label
            whole = block(text, language)
            yield whole if step.show == "all" else folded(whole, "The answer")
        left_out = wording.left_out(step.response)
        if left_out:
            yield f"*{left_out}*"

    def _captured(self, node: StepSnippets) -> Iterator[str]:
        """Yield the captured values that the command itself does not put into variables."""
        step, snippet = node.step, node.snippets.get(FIRST.name)
        for name, value in step.captured.items():
            if step.action == "set" or step.show == "none" or (snippet is not None and name in snippet.sets):
                continue
            source = step.capture_sources.get(name)
            text, language = wording.value_text(value)
            where = f", from {code(source.text)}" if source else ""
            if "\n" in text or len(text) > _LONGEST_VALUE:
                yield f"{code(name)}{where}:"
                yield folded(block(text, language), name)
            else:
                yield f"{code(name)} is {code(text)}{where}."


def _answers(each: Sequence[StepRecord]) -> Iterator[str]:
    """Yield of a loop how often which status came, and the first few answers."""
    statuses = Counter(wording.status_line(element.response) for element in each if element.response is not None)
    if statuses:
        yield ", ".join(
            code(status) + (f" ({times} times)" if times > 1 else "") for status, times in sorted(statuses.items())
        )
    for element in each[:_SHOWN_OF_A_LOOP]:
        if isinstance(element.show, Source):
            yield from _excerpt(element, element.show)
            continue
        for _label, text, language in wording.answer_texts(element):
            yield folded(block(text, language), "The answer")
    more = len(each) - _SHOWN_OF_A_LOOP
    if more > 0:
        yield f"… and {count(more, 'more answer')}."


def _excerpt(step: StepRecord, show: Source) -> Iterator[str]:
    """Yield the part of the answer that the scenario shows, and which one it is."""
    yield f"Excerpt: {code(show.text)}"
    text, language = wording.value_text(step.shown)
    yield folded(block(text, language), "The excerpt")


def _merged(name: str, nodes: Iterable[StepSnippets]) -> Snippet | None:
    """Return the snippets of several steps in one language as one."""
    snippets = [node.snippets[name] for node in nodes if name in node.snippets]
    if not snippets:
        return None
    setups = tuple(setup for snippet in snippets for setup in snippet.setups)
    return Snippet("\n".join(snippet.code for snippet in snippets), setups)


def _others(snippets: Mapping[str, Snippet]) -> str:
    """Return the same call in the other languages, folded: the page reads on without it."""
    rows = [row for row in LANGUAGES.values() if row.name in snippets and row != FIRST]
    return _details(f"With {' or '.join(row.phrase for row in rows)}", rows, snippets) if rows else ""


def _folded_call(snippets: Mapping[str, Snippet]) -> str:
    """Return a call that the scenario hides, in all languages, folded: who pastes the page needs it."""
    return _details("The call", [row for row in LANGUAGES.values() if row.name in snippets], snippets)


def _details(summary: str, rows: Sequence[Language], snippets: Mapping[str, Snippet]) -> str:
    blocks = "\n\n".join(
        block("\n".join([*(setup.code for setup in snippets[row.name].setups), snippets[row.name].code]), row.highlight)
        for row in rows
    )
    return f"<details>\n<summary>{summary}</summary>\n\n{blocks}\n\n</details>"


def _failure(step: StepRecord) -> Iterator[str]:
    error = step.error
    if error is None:
        return
    if step.status == "xfailed":
        yield f"**This is known to fail**: {inline(step.reason or '')}"
        yield inline(error.message)
    else:
        yield f"**Failed**: {inline(error.message)}"
    if error.details:
        yield block("\n".join(error.details), "text")
    if error.hint:
        yield f"*{inline(error.hint)}*"
