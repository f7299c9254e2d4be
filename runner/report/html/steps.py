"""The steps of a scenario as sections of the page."""

from __future__ import annotations

from collections.abc import Iterator

from runner.api.operations import by_id
from runner.errors import Diagnostic
from runner.report import wording
from runner.report.html.badges import badge
from runner.report.html.charts import charts
from runner.report.html.escape import inline, lines, output, prose, text
from runner.report.html.jsonview import lines_of, view
from runner.report.snippets.curl import UNFRAME, needs_unframe
from runner.report.snippets.languages import Languages
from runner.results.records import EngineRecord, ResponseRecord, ScenarioRecord, StepRecord
from runner.results.result_path import Source

_FOLD = 60
_MAX_LINES = 2000
_SHOWN_OF_A_LOOP = 20


class Steps:
    """Renders the steps in their order; the commands of each know what those before it have set."""

    def __init__(self, scenario: ScenarioRecord, engine: EngineRecord | None, prefix: str, stable: bool) -> None:
        self.scenario = scenario
        self.engine = engine
        self.prefix = prefix
        self.stable = stable
        self.languages = Languages(engine.endpoint if engine else "unix:///var/run/docker.sock", scenario.steps)
        self.operations = {step.id: step.operation for step in scenario.steps}
        self.awaited = {step.awaits for step in scenario.steps if step.awaits}
        self.unframe_is_known = False

    def render(self) -> Iterator[str]:
        for number, step in enumerate(self.scenario.steps, 1):
            yield from self._step(step, str(number), f"{self.prefix}{number}", 3)

    def _step(self, step: StepRecord, number: str, anchor: str, level: int) -> Iterator[str]:
        heading = min(level, 6)
        yield f'<article class="step {step.status} {step.phase}" id="{anchor}" aria-labelledby="{anchor}-title">'
        yield f'<h{heading} id="{anchor}-title"><span><span class="number">{number}</span> '
        yield f"{inline(wording.title_of(step))}</span> {badge(step.status)}</h{heading}>"
        yield from self._facts(step)
        if step.about:
            yield f'<div class="prose">{prose(step.about)}</div>'
        if step.status == "skipped":
            yield f'<p class="note">{inline(step.reason or "nothing to do")}</p>'
        else:
            yield from self._ran(step, number, anchor, level)
        yield "</article>"

    def _facts(self, step: StepRecord) -> Iterator[str]:
        facts = []
        operation = by_id(step.operation) if step.operation else None
        if operation is not None and self.engine is not None:
            link = operation.reference(self.engine.api_version)
            facts.append(f'<a href="{text(link)}" rel="noopener">{text(operation.id)}</a>')
        if step.phase != "steps":
            facts.append("<span>cleanup</span>")
        if step.background:
            facts.append("<span>in the background</span>")
        if not self.stable and step.attempts:
            facts.append(f"<span>{text(wording.duration(step.duration_ms))}</span>")
            if step.attempts > 1:
                facts.append(f"<span>{step.attempts} tries</span>")
        if facts:
            yield f'<p class="facts">{" ".join(facts)}</p>'

    def _ran(self, step: StepRecord, number: str, anchor: str, level: int) -> Iterator[str]:
        command, cli, python = self.languages.of(step)
        if step.show not in ("none", "response") or step.captured:
            if command is not None and needs_unframe(command) and not self.unframe_is_known:
                self.unframe_is_known = True
                command = f"{UNFRAME}\n{command}"
            named = {"curl": command, "docker CLI": cli, "docker-py": python}
            snippets = {name: snippet for name, snippet in named.items() if snippet is not None}
            if snippets:
                yield tabs(snippets, anchor)
        if step.kind == "check":
            items = "".join(f"<li><code>{text(one.expression)}</code></li>" for one in step.expectations)
            yield f"<ul>{items}</ul>"
        if step.error is not None and not step.steps:
            yield _failure(step.error)
        for index, child in enumerate(step.steps or (), 1):
            yield from self._step(child, f"{number}.{index}", f"{anchor}-{index}", level + 1)
        if step.show not in ("none", "request"):
            yield from self._answers(step)

    def _answers(self, step: StepRecord) -> Iterator[str]:
        if step.each is None:
            yield from self._answer(step)
            return
        for index, one in enumerate(step.each[:_SHOWN_OF_A_LOOP], 1):
            status = wording.status_line(one.response) if one.response else one.status
            inner = "\n".join(self._answer(one))
            yield f"<details><summary>{index}: {text(status)}</summary>{inner}</details>"
        if len(step.each) > _SHOWN_OF_A_LOOP:
            yield f'<p class="note">The other {len(step.each) - _SHOWN_OF_A_LOOP} are in the JSON report.</p>'

    def _answer(self, step: StepRecord) -> Iterator[str]:
        response = step.response
        if response is None:
            return
        if step.kind != "await":
            yield f'<p class="status"><code>{text(wording.status_line(response))}</code></p>'
        if step.show == "all" and response.headers:
            yield _folded("Headers", "\n".join(f"{name}: {value}" for name, value in response.headers.items()))
        if step.background and step.id in self.awaited:
            return
        operation = self.operations.get(step.awaits) if step.awaits else step.operation
        if operation == "ContainerStats" and response.items:
            yield charts(response.items)
        if isinstance(step.show, Source):
            yield _value(step.shown)
            return
        yield from _whole(step, response)
        if response.truncated:
            yield '<p class="note">There was more; only the beginning was kept.</p>'


def tabs(snippets: dict[str, str], anchor: str) -> str:
    """The same call in several languages. Without a script they stand one below the other."""
    panels = "".join(
        f'<div class="panel" id="{anchor}-in-{number}" data-name="{text(name)}"><p class="language">{text(name)}</p>'
        f'<pre tabindex="0"><code>{lines(snippet)}</code></pre></div>'
        for number, (name, snippet) in enumerate(snippets.items(), 1)
    )
    return f'<div class="snippets">{panels}</div>'


def _whole(step: StepRecord, response: ResponseRecord) -> Iterator[str]:
    for word, content, language in wording.answer_texts(step):
        if word:
            yield f"<p>{text(word)}</p>"
        if language == "text":
            yield _folded("Output", content)
        elif response.items:
            items = response.items[:_SHOWN_OF_A_LOOP]
            opened = sum(lines_of(item, _FOLD) for item in items) <= _FOLD
            yield "".join(view(item, opened=opened) for item in items)
        else:
            yield view(response.body)


def _value(value: object) -> str:
    return _folded("Output", value) if isinstance(value, str) else view(value)


def _folded(name: str, content: str) -> str:
    found = content.removesuffix("\n").split("\n")
    more = len(found) - _MAX_LINES
    kept = "\n".join(found[:_MAX_LINES]) + (f"\n… {more} more lines" if more > 0 else "")
    block = f'<pre class="output" tabindex="0">{output(kept)}</pre>'
    if len(found) <= _FOLD:
        return block
    return f"<details><summary>{text(name)} ({len(found)} lines)</summary>{block}</details>"


def _failure(error: Diagnostic) -> str:
    place = f" <small>{text(str(error.place))}</small>" if error.place else ""
    details = f"<pre>{output(chr(10).join(error.details))}</pre>" if error.details else ""
    hint = f"<p>{inline(error.hint)}</p>" if error.hint else ""
    return (
        f'<div class="failure" role="note"><p><strong>{inline(error.message)}</strong>{place}</p>{details}{hint}</div>'
    )
