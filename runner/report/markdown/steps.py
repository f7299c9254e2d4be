"""Renders the steps of a scenario as sections of a Markdown page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote

from runner.api.operations import by_id
from runner.report import wording
from runner.report.markdown.flavours import Code, Flavour
from runner.report.markdown.markup import FOLD, block, code, inline
from runner.report.snippets.languages import Language, StepSnippets
from runner.report.snippets.session import Snippet, walk
from runner.results.records import EngineRecord, ScenarioRecord, StepRecord
from runner.results.result_path import Source
from runner.text import count

_SHOWN_OF_A_LOOP = 3
_LONGEST_VALUE = 80
"""Characters up to which a captured value is shown in a sentence."""


class StepSections:
    """Renders one scenario's steps, on the engine that it ran on, in the languages and the flavour of a page."""

    def __init__(
        self, scenario: ScenarioRecord, engine: EngineRecord | None, languages: Sequence[Language], flavour: Flavour
    ) -> None:
        self._engine = engine
        self._awaited = {step.awaits for step in walk(scenario.steps) if step.awaits}
        self._languages = languages
        self._first = languages[0]
        self._flavour = flavour

    def step(self, node: StepSnippets, number: str, level: int) -> Iterator[str]:
        """Yield the parts of a step's section, and those of the steps inside it."""
        step = node.step
        yield f"{'#' * min(level, 6)} {number}. {inline(wording.title_of(step))}"
        if step.status != "skipped":
            yield self._reference(step)
        if step.about:
            yield self._flavour.prose(step.about)
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

    def afterwards(self, nodes: Sequence[StepSnippets]) -> Iterator[str]:
        """Yield a section for the steps that clean up, with all commands of a language in one block."""
        ran = [node for node in nodes if node.step.status != "skipped"]
        if not ran:
            return
        yield "## Afterwards"
        shown = [node for node in ran if wording.call_shown(node.step) != "hidden"]
        codes = [merged for row in self._languages if (merged := self._merged(row, shown)) is not None]
        if codes:
            yield from self._flavour.call(codes)
        for node in ran:
            if node.step.error is not None:
                yield f"{inline(wording.title_of(node.step))}:"
                yield from _failure(node.step)

    def _merged(self, language: Language, nodes: Iterable[StepSnippets]) -> Code | None:
        """Return the snippets of several steps in one language as one."""
        found = [(node.step, node.snippets[language.name]) for node in nodes if language.name in node.snippets]
        if not found:
            return None
        blocks = [f"# {' '.join(wording.title_of(step).split())}\n{snippet.code}" for step, snippet in found]
        setups = tuple(setup for _, snippet in found for setup in snippet.setups)
        return _code(language, Snippet("\n".join(blocks), setups))

    def _call(self, node: StepSnippets) -> Iterator[str]:
        """Yield the commands. One that later ones need stays, whatever ``show`` says."""
        step = node.step
        codes = [_code(row, node.snippets[row.name]) for row in self._languages if row.name in node.snippets]
        if codes and wording.call_shown(step) == "folded":
            yield self._flavour.hidden_call(codes)
            return
        gap = node.gaps.get(self._first.name)
        if gap is not None and wording.wants_call(step):
            yield f"{self._first.phrase} can't make this call: {inline(gap.reason)}."
        if codes:
            yield from self._flavour.call(codes)

    def _reference(self, step: StepRecord) -> str:
        """Return the method and the path of a step's request, which link to the API's reference."""
        requests = [each.request for each in (step, *(step.each or ())) if each.request is not None]
        if not requests or step.action != "call":
            return ""
        operation = by_id(step.operation) if step.operation else None
        path = operation.path if operation is not None else unquote(requests[0].path)
        shown = code(f"{requests[0].method.upper()} {path}")
        if operation is None or self._engine is None:
            return shown
        return f"[{shown}]({operation.reference(self._engine.api_version)})"

    def _answer(self, step: StepRecord) -> Iterator[str]:
        if step.show in ("none", "request"):
            return
        if step.each is not None and not any(element.steps for element in step.each):
            yield from self._answers(step.each)
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
            yield from self._excerpt(step, step.show)
            return
        for label, text, language in wording.answer_texts(step):
            if label:
                yield label
            whole = block(text, language)
            yield whole if step.show == "all" else self._folded(whole, "The answer")
        left_out = wording.left_out(step.response)
        if left_out:
            yield f"*{left_out}*"

    def _captured(self, node: StepSnippets) -> Iterator[str]:
        """Yield the captured values that the command itself does not put into variables."""
        step, snippet = node.step, node.snippets.get(self._first.name)
        for name, value in step.captured.items():
            if step.action == "set" or step.show == "none" or (snippet is not None and name in snippet.sets):
                continue
            source = step.capture_sources.get(name)
            text, language = wording.value_text(value)
            where = f", from {code(source.text)}" if source else ""
            if "\n" in text or len(text) > _LONGEST_VALUE:
                yield f"{code(name)}{where}:"
                yield self._folded(block(text, language), name)
            else:
                yield f"{code(name)} is {code(text)}{where}."

    def _answers(self, each: Sequence[StepRecord]) -> Iterator[str]:
        """Yield of a loop how often which status came, and the first few answers."""
        statuses = Counter(wording.status_line(element.response) for element in each if element.response is not None)
        if statuses:
            yield ", ".join(
                code(status) + (f" ({times} times)" if times > 1 else "") for status, times in sorted(statuses.items())
            )
        for element in each[:_SHOWN_OF_A_LOOP]:
            if isinstance(element.show, Source):
                yield from self._excerpt(element, element.show)
                continue
            for _label, text, language in wording.answer_texts(element):
                yield self._folded(block(text, language), "The answer")
        more = len(each) - _SHOWN_OF_A_LOOP
        if more > 0:
            yield f"… and {count(more, 'more answer')}."

    def _excerpt(self, step: StepRecord, show: Source) -> Iterator[str]:
        """Yield the part of the answer that the scenario shows, and which one it is."""
        yield f"Excerpt: {code(show.text)}"
        text, language = wording.value_text(step.shown)
        yield self._folded(block(text, language), "The excerpt")

    def _folded(self, content: str, summary: str) -> str:
        """Return a block itself, or if it is long, behind a summary that opens it."""
        lines = content.count("\n") - 1
        return content if lines <= FOLD else self._flavour.fold(f"{summary} ({lines} lines)", content)


def _code(language: Language, snippet: Snippet) -> Code:
    """Return a snippet as a part of a page: what it needs is before it."""
    about = tuple(
        part for setup in snippet.setups for part in (setup.about, block(setup.code.strip("\n"), language.highlight))
    )
    return Code(language, snippet.code, about)


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
