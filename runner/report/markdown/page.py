"""A run as a page of Markdown: what its author would have written by hand, with every command to paste."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from runner.api.operations import by_id
from runner.errors import Diagnostic
from runner.report import wording
from runner.report.markdown.markup import block, code, folded, inline, prose, slug
from runner.report.snippets.curl import UNFRAME, needs_unframe
from runner.report.snippets.languages import Languages, Snippets
from runner.results.records import EngineRecord, Report, ScenarioRecord, StepRecord
from runner.results.result_path import Source

_SHOWN_OF_A_LOOP = 3


def render(report: Report, *, contents: bool = False, diagram: bool = False) -> str:
    """The page; ``contents`` puts a table of contents on top, ``diagram`` a sequence diagram of the calls."""
    pages = []
    for scenario in report.scenarios:
        page = _Page(scenario, scenario.engine or report.engine)
        pages.append("\n\n".join(part for part in page.parts(contents=contents, diagram=diagram) if part))
    return "\n\n".join(pages) + "\n" if pages else ""


class _Page:
    """One scenario."""

    def __init__(self, scenario: ScenarioRecord, engine: EngineRecord | None) -> None:
        self.scenario = scenario
        self.engine = engine
        self.languages = Languages(engine.endpoint if engine else "unix:///var/run/docker.sock", scenario.steps)
        self.awaited = {step.awaits for step in scenario.steps if step.awaits}
        self.unframe_is_known = False

    def parts(self, *, contents: bool, diagram: bool) -> Iterator[str]:
        scenario = self.scenario
        steps = [step for step in scenario.steps if step.phase == "steps"]
        yield f"# {inline(scenario.title)}"
        if scenario.about:
            yield prose(scenario.about)
        if self.engine:
            yield f"*Recorded on {inline(wording.engine_line(self.engine))}.*"
        yield from self._outcome()
        if contents:
            yield _contents(steps)
        if diagram:
            from runner.report.markdown.mermaid import sequence

            yield block(sequence(scenario.steps), "mermaid")
        for number, step in enumerate(steps, 1):
            yield from self._step(step, str(number), 2)
        yield from self._end([step for step in scenario.steps if step.phase == "finally"])
        yield from self._trouble_in_cleanup()

    def _outcome(self) -> Iterator[str]:
        scenario = self.scenario
        if scenario.status == "skipped":
            yield f"**Skipped**: {inline(scenario.reason or 'its conditions are not met')}."
        elif scenario.status != "passed":
            yield f"**This run did not pass.** {inline(scenario.error.message) if scenario.error else ''}".rstrip()

    def _step(self, step: StepRecord, number: str, level: int) -> Iterator[str]:
        yield f"{'#' * min(level, 6)} {number}. {inline(wording.title_of(step))}"
        if step.about:
            yield prose(step.about)
        if step.status == "skipped":
            yield f"*Skipped: {inline(step.reason or 'nothing to do')}.*"
            return
        snippets = self.languages.of(step)
        yield from self._call(step, snippets.curl)
        if step.kind == "check":
            yield "\n".join(f"- {code(one.expression)}" for one in step.expectations)
        if step.kind == "parallel":
            yield "These run side by side."
        for index, child in enumerate(step.steps or (), 1):
            yield from self._step(child, f"{number}.{index}", level + 1)
        yield from self._answer(step)
        yield from self._captured(step)
        if step.error is not None and not step.steps:
            yield from _failure(step.error)
        if _wants_call(step):
            yield _others(snippets)

    def _call(self, step: StepRecord, command: str | None) -> Iterator[str]:
        """The operation and its command. A command that later ones need stays, whatever ``show`` says."""
        if command is None:
            if _wants_call(step) and step.request is not None:
                yield self._reference(step)
                yield "`curl` can't make this call: what it sends goes over the same connection as the answer."
            return
        if not _wants_call(step) and not step.captured:
            return
        yield self._reference(step)
        if needs_unframe(command) and not self.unframe_is_known:
            self.unframe_is_known = True
            yield "Without a terminal the output comes in frames. This function takes them off:"
            yield block(UNFRAME, "bash")
        yield block(command, "bash")

    def _reference(self, step: StepRecord) -> str:
        operation = by_id(step.operation) if step.operation else None
        if operation is None or self.engine is None:
            return ""
        return f"[{operation.id}]({operation.reference(self.engine.api_version)})"

    def _answer(self, step: StepRecord) -> Iterator[str]:
        if step.show in ("none", "request"):
            return
        if step.each is not None:
            yield from self._answers(step.each)
            return
        if step.response is None:
            return
        if step.kind != "await":
            yield code(wording.status_line(step.response))
        if step.show == "all" and step.response.headers:
            headers = "\n".join(f"{name}: {value}" for name, value in step.response.headers.items())
            yield block(headers, "http")
        if step.background and step.id in self.awaited:
            return  # shown where it is awaited
        if isinstance(step.show, Source):
            yield _shown(*wording.value_text(step.shown))
            return
        for word, text, language in wording.answer_texts(step):
            if word:
                yield word
            whole = block(text, language)
            yield whole if step.show == "all" else folded(whole, "The answer")
        if step.response.truncated:
            yield "*There was more; only the beginning was kept.*"

    def _answers(self, each: Sequence[StepRecord]) -> Iterator[str]:
        """Of a loop: how often which status came, and the first few answers."""
        statuses = [wording.status_line(one.response) for one in each if one.response is not None]
        counted = [(status, len(list(group))) for status, group in groupby(sorted(statuses))]
        if counted:
            yield ", ".join(code(status) + (f" ({times} times)" if times > 1 else "") for status, times in counted)
        for one in each[:_SHOWN_OF_A_LOOP]:
            if isinstance(one.show, Source):
                yield _shown(*wording.value_text(one.shown))
                continue
            for _word, text, language in wording.answer_texts(one):
                yield folded(block(text, language), "The answer")
        if len(each) > _SHOWN_OF_A_LOOP:
            yield f"The other {len(each) - _SHOWN_OF_A_LOOP} are alike."

    def _captured(self, step: StepRecord) -> Iterator[str]:
        """What the command itself does not put into a variable."""
        for name, value in step.captured.items():
            if step.kind == "set" or step.show == "none" or self.languages.curl.knows(step, name):
                continue
            source = step.capture_sources.get(name)
            text, language = wording.value_text(value)
            where = f", from {code(source.text)}" if source else ""
            if "\n" in text or len(text) > 80:
                yield f"{code(name)}{where}:"
                yield folded(block(text, language), name)
            else:
                yield f"{code(name)} is {code(text)}{where}."

    def _end(self, steps: Sequence[StepRecord]) -> Iterator[str]:
        """The steps that tidy up, told briefly: one block with all commands."""
        ran = [step for step in steps if step.status != "skipped"]
        if not ran:
            return
        yield "## Afterwards"
        told_of = [(step, self.languages.of(step)) for step in ran]
        shown = [(step, snippets) for step, snippets in told_of if _wants_call(step)]
        lines = [
            f"# {' '.join(wording.title_of(step).split())}\n{snippets.curl}"
            for step, snippets in shown
            if snippets.curl
        ]
        if lines:
            yield block("\n".join(lines), "bash")
        cli = [snippets.cli for _, snippets in shown if snippets.cli]
        python = [snippets.python for _, snippets in shown if snippets.python]
        yield _others(Snippets(None, "\n".join(cli) or None, "\n".join(python) or None))
        for step in ran:
            if step.error is not None:
                yield f"{inline(wording.title_of(step))}:"
                yield from _failure(step.error)

    def _trouble_in_cleanup(self) -> Iterator[str]:
        if self.scenario.left:
            yield "## What is left"
            yield "\n".join(f"- {inline(line)}" for line in self.scenario.left)
            yield "`run clean` removes it."


def _wants_call(step: StepRecord) -> bool:
    """Whether the scenario wants its readers to see what was asked."""
    return step.show not in ("none", "response")


def _others(snippets: Snippets) -> str:
    """The same call by other means, folded: the page reads on without it, and can be pasted without it."""
    named = {"the docker CLI": (snippets.cli, "sh"), "docker-py": (snippets.python, "python")}
    found = {name: block(text, language) for name, (text, language) in named.items() if text is not None}
    if not found:
        return ""
    blocks = "\n\n".join(found.values())
    return f"<details>\n<summary>With {' or '.join(found)}</summary>\n\n{blocks}\n\n</details>"


def _failure(error: Diagnostic) -> Iterator[str]:
    yield f"**Failed**: {inline(error.message)}"
    if error.details:
        yield block("\n".join(error.details), "text")
    if error.hint:
        yield f"*{inline(error.hint)}*"


def _shown(text: str, language: str) -> str:
    return folded(block(text, language), "The answer")


def _contents(steps: Sequence[StepRecord]) -> str:
    lines = []
    for number, step in enumerate(steps, 1):
        title = inline(wording.title_of(step))
        lines.append(f"{number}. [{title}](#{slug(f'{number}. {wording.title_of(step)}')})")
    return "\n".join(lines)
