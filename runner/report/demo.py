"""Plays a report as a terminal session: what is typed and what comes, as if typed by hand, with times.

Each step is a comment, its ``curl`` command typed at a steady pace, and its answer. What the commands need besides
(functions of the shell) is not typed: a demo shows the calls, a page has everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from runner.json_layout import pretty
from runner.report.snippets.languages import FIRST, StepSnippets, snippets_of
from runner.report.snippets.session import Snippet, walk
from runner.report.wording import answer_texts, cut, status_line, title_of
from runner.results.records import Report, ScenarioRecord, StepRecord
from runner.text import visible

WIDTH, HEIGHT = 80, 24
"""Columns and lines of the terminal."""
TYPING = 0.02
"""Seconds from one typed character to the next."""
PAUSE = 0.8
"""Seconds to read what came, and before the next step."""
LONGEST_WAIT = 3.0
"""Seconds that an answer keeps the audience waiting, however long it took."""
MOST_LINES = 40
"""Lines of one answer that are shown."""

_BEFORE_JSON: Final = 8
"""Columns of the indentation and the option before JSON."""

Colour = Literal["plain", "title", "comment", "prompt", "good", "bad"]
_QUOTED: Final = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\]+|\s+""", re.DOTALL)


class Mark(NamedTuple):
    """A step begins at ``time``, in seconds."""

    time: float
    title: str


class Typed(NamedTuple):
    """A line of a command that is typed from ``time`` on; the ``first`` has the prompt before it."""

    time: float
    text: str
    first: bool


class Printed(NamedTuple):
    """A line that appears at ``time``."""

    time: float
    text: str
    colour: Colour = "plain"


Moment = Mark | Typed | Printed


def title_of_report(report: Report) -> str:
    """Return the title of the session."""
    return cut(visible(report.scenarios[0].title if len(report.scenarios) == 1 else "Engine Recipes"))


def moments(report: Report) -> Iterator[Moment]:
    """Yield what happens on the terminal, in its order."""
    session = _Session()
    for scenario in report.scenarios:
        engine = scenario.engine or report.engine
        yield from session.scenario(scenario, engine.endpoint if engine else "")


class _Session:
    """Counts the time; ``now`` is in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def scenario(self, scenario: ScenarioRecord, endpoint: str) -> Iterator[Moment]:
        yield self._print(f"# {cut(visible(scenario.title))}", "title")
        yield self._print("")
        awaited = {step.awaits for step in walk(scenario.steps) if step.awaits}
        for node in _every(snippets_of(endpoint, scenario.steps, (FIRST,))):
            step = node.step
            if step.status != "skipped":
                comes_later = step.background and step.id in awaited
                yield from self._step(step, node.snippets.get(FIRST.name), comes_later=comes_later)

    def _step(self, step: StepRecord, snippet: Snippet | None, *, comes_later: bool) -> Iterator[Moment]:
        """Yield a step; ``comes_later``: what it prints is shown where it is awaited."""
        title = cut(visible(title_of(step)))
        yield Mark(round(self.now, 3), title)
        yield self._print(f"# {title}", "comment")
        if snippet is not None:
            for number, line in enumerate(narrow(snippet.code, WIDTH - 2).split("\n")):
                yield Typed(round(self.now, 3), visible(line), number == 0)
                self.now += TYPING * max(len(line), 1)
        self.now += 0.0 if step.background else min(step.duration_ms / 1000, LONGEST_WAIT)
        for line, colour in _answer(step, status_only=comes_later):
            yield self._print(line, colour)
        self.now += PAUSE
        yield self._print("")

    def _print(self, text: str, colour: Colour = "plain") -> Printed:
        return Printed(round(self.now, 3), text, colour)


def _every(nodes: Iterable[StepSnippets]) -> Iterator[StepSnippets]:
    """Yield the steps that did something themselves: those inside a block in its place."""
    for node in nodes:
        if node.children:
            yield from _every(node.children)
        else:
            yield node


def narrow(code: str, width: int) -> str:
    """Return a command with lines of at most ``width`` columns, as far as it has blanks outside of quotes to break
    at; an option stays with its value, and JSON is laid out anew."""
    lines: list[str] = [""]
    for word in _words(code, width):
        first, *more = word.split("\n")
        if word.isspace() or len(lines[-1]) + len(first) + 2 <= width or not lines[-1].endswith(" "):
            lines[-1] += first
        elif lines[-1].strip():
            lines[-1] = f"{lines[-1].rstrip()} \\"
            lines.append(f"    {first}")
        else:
            lines[-1] += first
        lines += more
    return "\n".join(line.rstrip() for line in lines)


def _words(code: str, width: int) -> Iterator[str]:
    """Yield a command's words and the blanks between them; an option and its value are one."""
    words = [_laid_out(match[0], width) for match in _QUOTED.finditer(code)]
    index = 0
    while index < len(words):
        if words[index].startswith("-") and words[index + 1 : index + 2] == [" "] and index + 2 < len(words):
            yield "".join(words[index : index + 3])
            index += 3
        else:
            yield words[index]
            index += 1


def _laid_out(word: str, width: int) -> str:
    """Return JSON in quotes on as many lines as it needs; any other word as it is."""
    if len(word) + _BEFORE_JSON <= width or not word.startswith(("'{", "'[")) or "\n" in word:
        return word
    try:
        return f"'{pretty(json.loads(word[1:-1]), width - _BEFORE_JSON, '    ')}'"
    except ValueError:
        return word


def _answer(step: StepRecord, *, status_only: bool) -> Iterator[tuple[str, Colour]]:
    """Yield the status and what came, as far as there is room for it."""
    if step.response is not None and not step.awaits:
        yield visible(status_line(step.response)), "good" if step.status == "passed" else "bad"
    for _, text, _ in () if status_only else answer_texts(step):
        lines = text.splitlines()
        yield from ((cut(visible(line)), "plain") for line in lines[:MOST_LINES])
        if len(lines) > MOST_LINES:
            yield f"… {len(lines) - MOST_LINES} more lines", "plain"
    if step.error is not None:
        yield cut(visible(step.error.message)), "bad"
        yield from ((f"  {cut(visible(line))}", "plain") for line in step.error.details[:MOST_LINES])
