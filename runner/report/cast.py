"""A report as an asciicast: a terminal session with what was typed and what came, as if typed by hand.

Each step is a comment, its ``curl`` command typed at a steady pace, and its answer; a marker at each step lets a
player jump. The format is https://docs.asciinema.org/manual/asciicast/v2/.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from runner.report.snippets.languages import FIRST, StepSnippets, snippets_of
from runner.report.snippets.session import Snippet, walk
from runner.report.wording import answer_texts, cut, status_line, title_of
from runner.results.records import Report, ScenarioRecord, StepRecord
from runner.text import visible

WIDTH, HEIGHT = 100, 30
TYPING = 0.02
"""Seconds from one typed character to the next."""
PAUSE = 0.8
"""Seconds to read what came, and before the next step."""
LONGEST_WAIT = 3.0
"""Seconds that an answer keeps the audience waiting, however long it took."""
MOST_LINES = 40
"""Lines of one answer that are shown."""
PROMPT = "\x1b[32m$\x1b[0m "


def render(report: Report) -> str:
    """Return the report as the text of a ``.cast`` file."""
    title = report.scenarios[0].title if len(report.scenarios) == 1 else "Engine Recipes"
    header = {
        "version": 2,
        "width": WIDTH,
        "height": HEIGHT,
        "title": cut(visible(title)),
        "env": {"TERM": "xterm-256color"},
    }
    lines = [_line(header)]
    session = _Session()
    for scenario in report.scenarios:
        engine = scenario.engine or report.engine
        lines += [_line(event) for event in session.scenario(scenario, engine.endpoint if engine else "")]
    return "\n".join(lines) + "\n"


class _Session:
    """Collects what happens on the terminal; ``now`` is in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def scenario(self, scenario: ScenarioRecord, endpoint: str) -> Iterator[list[object]]:
        yield self._print(f"\x1b[1m# {cut(visible(scenario.title))}\x1b[0m\r\n\r\n")
        awaited = {step.awaits for step in walk(scenario.steps) if step.awaits}
        for node in _every(snippets_of(endpoint, scenario.steps, (FIRST,))):
            step = node.step
            if step.status != "skipped":
                comes_later = step.background and step.id in awaited
                yield from self._step(step, node.snippets.get(FIRST.name), comes_later=comes_later)

    def _step(self, step: StepRecord, snippet: Snippet | None, *, comes_later: bool) -> Iterator[list[object]]:
        """Yield a step; ``comes_later``: what it prints is shown where it is awaited."""
        title = cut(visible(title_of(step)))
        yield [round(self.now, 3), "m", title]
        yield self._print(f"\x1b[90m# {title}\x1b[0m\r\n")
        if snippet is not None:
            for setup in snippet.setups:
                yield self._print(f"{PROMPT}{setup.code}\n".replace("\n", "\r\n"))
            yield from self._type(snippet.code)
        self.now += 0.0 if step.background else min(step.duration_ms / 1000, LONGEST_WAIT)
        for line in _answer(step, status_only=comes_later):
            yield self._print(line + "\r\n")
        self.now += PAUSE
        yield self._print("\r\n")

    def _type(self, command: str) -> Iterator[list[object]]:
        yield self._print(PROMPT)
        for character in command:
            self.now += TYPING
            yield self._print("\r\n" if character == "\n" else visible(character))
        yield self._print("\r\n")

    def _print(self, text: str) -> list[object]:
        return [round(self.now, 3), "o", text]


def _every(nodes: Iterable[StepSnippets]) -> Iterator[StepSnippets]:
    """Yield the steps that did something themselves: those inside a block in its place."""
    for node in nodes:
        if node.children:
            yield from _every(node.children)
        else:
            yield node


def _answer(step: StepRecord, *, status_only: bool) -> Iterator[str]:
    """Yield the status and what came, as far as there is room for it."""
    if step.response is not None and not step.awaits:
        colour = "32" if step.status == "passed" else "31"
        yield f"\x1b[{colour}m{visible(status_line(step.response))}\x1b[0m"
    for _, text, _ in () if status_only else answer_texts(step):
        lines = text.splitlines()
        yield from (cut(visible(line)) for line in lines[:MOST_LINES])
        if len(lines) > MOST_LINES:
            yield f"… {len(lines) - MOST_LINES} more lines"
    if step.error is not None:
        yield f"\x1b[31m{cut(visible(step.error.message))}\x1b[0m"
        yield from (f"  {cut(visible(line))}" for line in step.error.details[:MOST_LINES])


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
