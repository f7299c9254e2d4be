"""Prints progress to stderr: one line a step, a block for each failure, a summary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from runner.api.engines import ENGINE_NAMES
from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.results.events import (
    Event,
    OutputArrived,
    RunFinished,
    ScenarioFinished,
    ScenarioStarted,
    StepFinished,
    StepKey,
)
from runner.results.records import CONSEQUENCES, EngineRecord, ScenarioRecord, Status, StepRecord
from runner.results.statuses import FAILED, STATUS_MARKS, leaves
from runner.text import count, short_path, visible

if TYPE_CHECKING:
    from runner.cli.output.live import Live

COLOURS: Mapping[Status, str] = {
    "passed": "green",
    "failed": "red",
    "error": "red",
    "skipped": "grey",
    "xfailed": "yellow",
}
JUDGED = frozenset({"expectation", "unexpected-status"})
"""The errors that the first of a step's failed expectations becomes."""
NAME_WIDTH = 16
REQUEST_WIDTH = 48
SCREEN_NAME_WIDTH = 36
MIN_REQUEST_WIDTH = 12
OTHER_WIDTH = 30
"""Columns of a line besides the name and the request: mark, status, time and the phase of cleanup."""
MAX_UNFINISHED = 16 * 1024
"""Characters of a line without an end that are held back."""
MAX_STDERR = 10
"""Lines of a container's error output, the last ones, that are shown where its output was not the expected one."""
MAX_CONTRADICTIONS = 100
MIN_HEADLINE_WIDTH = 20
SEPARATOR = " · "
_VERSION = re.compile(r"^/v[0-9]+\.[0-9]+(?=/)")


class Progress:
    """Prints events as they arrive; ``quiet`` prints failures only. With several ``jobs`` at the same time, each line
    begins with the name of its scenario's file; ``follow`` prints the output of containers as it arrives. A ``screen``
    gets no page: there each step has its title and what it brought, and a failed one its request and answer, which
    ``verbose`` shows of every step."""

    def __init__(
        self,
        console: Console,
        *,
        quiet: bool,
        follow: bool = False,
        jobs: int = 1,
        screen: bool = False,
        verbose: bool = False,
    ) -> None:
        self._console = console
        self._paint = console.paint
        self.quiet = quiet
        self.jobs = jobs
        self.owners: dict[int, str] = {}
        self.follow = follow and not quiet
        self.screen = screen
        self.verbose = verbose
        self.unfinished: dict[StepKey, str] = {}
        self.counts = Counter[str]()
        self.live: Live | None = None
        if not quiet and console.animated:
            from runner.cli.output.live import Live

            self.live = Live(console, self.owners)

    def show(self, event: Event) -> None:
        if self.live is not None:
            self.live.add(event)
        if isinstance(event, ScenarioStarted):
            self._own(event)
            for line in self._headline(visible(event.title), _engine(event.engine)):
                self._say(line, event.scenario)
        elif isinstance(event, OutputArrived) and self.follow:
            self._output(event)
        elif isinstance(event, StepFinished):
            self._output_end(event.key)
            self._step(event)
        elif isinstance(event, ScenarioFinished):
            self._scenario(event)
        elif isinstance(event, RunFinished):
            self._summary(event)
            self.counts.clear()  # `run docs` shows several runs

    def _own(self, event: ScenarioStarted) -> None:
        if self.jobs > 1:
            stem = Path(event.file).stem
            self.owners[event.scenario] = event.file if stem in self.owners.values() else stem

    def _headline(self, title: str, engine: str) -> Iterator[str]:
        """Yield the title and the engine on one line; a terminal that is too narrow gets lines that end with a word."""
        width = max(self._console.width, MIN_HEADLINE_WIDTH)
        if not self._console.stderr.isatty() or len(title) + len(SEPARATOR) + len(engine) <= width:
            yield f"{self._paint(title, 'bold')}{SEPARATOR}{engine}"
            return
        from textwrap import wrap

        for line in wrap(title, width, break_long_words=False):
            yield self._paint(line, "bold")
        yield from wrap(engine, width, initial_indent="  ", subsequent_indent="  ", break_long_words=False)

    def _say(self, line: str, scenario: int) -> None:
        if not self.quiet:
            self._console.say(self._owned(line, scenario))

    def _owned(self, line: str, scenario: int) -> str:
        owner = self.owners.get(scenario)
        return f"{self._paint(f'{visible(owner)} │', 'grey')} {line}".rstrip() if owner else line

    def _output(self, event: OutputArrived) -> None:
        """Print a container's output line by line."""
        text = self.unfinished.pop(event.key, "") + event.data.decode("utf-8", "replace")
        *lines, rest = text.split("\n")
        for line in lines:
            self._say(f"    {self._paint('│', 'grey')} {visible(line.rstrip(chr(13)))}", event.key.scenario)
        if rest:
            self.unfinished[event.key] = rest[-MAX_UNFINISHED:]

    def _output_end(self, key: StepKey) -> None:
        rest = self.unfinished.pop(key, "")
        if rest:
            self._say(f"    {self._paint('│', 'grey')} {visible(rest)}", key.scenario)

    def _step(self, event: StepFinished) -> None:
        record = event.record
        depth = len(event.key.path)
        if self.quiet:
            return
        mark, colour = STATUS_MARKS[record.status], COLOURS[record.status]
        if record.phase != "steps" and record.status == "passed":
            mark, colour = "·", "grey"
        status = str(record.response.status) if record.response else ""
        if record.awaits or record.each is not None:
            status = ""
        note = f"   ({record.phase})" if record.phase != "steps" else ""
        note += f"   expected: {record.reason}" if record.status == "xfailed" and record.reason else ""
        time = f"{record.duration_ms:7.0f} ms" if record.status != "skipped" else f"   {record.reason or ''}"
        name_width, request_width = self._widths(depth)
        name, request = _fit(self._name(record), name_width), _fit(_what(record), request_width)
        line = f"{'  ' * depth}{self._paint(mark, colour)} {name} {request} {status:>3}{time}"
        line += self._paint(visible(note), "grey")
        self._say(line.rstrip(), event.key.scenario)
        self._brought(event)

    def _widths(self, depth: int) -> tuple[int, int]:
        """Return the columns of the name and of the request: on a screen a line has no more columns than that."""
        if not self.screen:
            return NAME_WIDTH, REQUEST_WIDTH
        width = self._console.width - 2 * depth - OTHER_WIDTH
        name = min(SCREEN_NAME_WIDTH, max(NAME_WIDTH, width // 3))
        return name, max(MIN_REQUEST_WIDTH, min(REQUEST_WIDTH, width - name))

    def _name(self, record: StepRecord) -> str:
        return (record.title if self.screen else None) or record.id

    def _brought(self, event: StepFinished) -> None:
        """Print what a step brought, where there is no page to show it."""
        record = event.record
        failed = record.status in ("failed", "error")
        if not (self.screen or self.verbose) or record.each is not None or record.steps is not None:
            return
        from runner.cli.output.screen import brought, exchange

        lines = exchange(record) if self.verbose or failed else brought(record) if not self.follow else ()
        indent = "  " * (len(event.key.path) + 1)
        for line in lines:
            self._say(f"{indent}{self._paint('│', 'grey')} {line}".rstrip(), event.key.scenario)

    def _scenario(self, event: ScenarioFinished) -> None:
        record, number = event.record, event.scenario
        for step in leaves(record.steps):
            self.counts[step.status if step.status in ("skipped", "xfailed") else "ran"] += 1
        if record.status == "skipped":
            self._say(f"  {self._paint('-', 'grey')} skipped: {visible(record.reason or '')}", number)
        is_shown = any(step.error for step in record.steps) or any(step.contradictions for step in leaves(record.steps))
        if record.error is not None and not is_shown:
            diagnostics.show_failure(self._console, record.error, "error")
        for step in record.steps:
            self._failure(step, record)
        self._contradictions(record)
        for line in record.left:
            self._console.say(self._owned(f"  left: {visible(line)}", number))
        if record.left and record.engine is not None:
            command = f"run clean --host {record.engine.endpoint}"
            self._console.say(
                self._owned(
                    f"  {self._paint('hint:', 'cyan')} '{visible(command)}' removes what is surely the run's own",
                    number,
                )
            )
        self._say("", number)

    def _contradictions(self, record: ScenarioRecord) -> None:
        """Print each contradiction of the API's description once, with the number of steps that have it."""
        found = Counter(one for step in leaves(record.steps) for one in dict.fromkeys(step.contradictions))
        for contradiction, steps in list(found.items())[:MAX_CONTRADICTIONS]:
            times = f", {count(steps, 'step')}" if steps > 1 else ""
            self._console.say(f"  {self._paint('contradiction:', 'red')} {visible(str(contradiction))}{times}")
        if len(found) > MAX_CONTRADICTIONS:
            self._console.say(f"  … and {len(found) - MAX_CONTRADICTIONS} more contradictions")

    def _failure(self, step: StepRecord, scenario: ScenarioRecord) -> None:
        if step.status not in FAILED:
            return
        inner = step.inside
        caused_inside = any(child.error for child in inner if child.status in FAILED)
        if step.error and step.error.code not in CONSEQUENCES and not caused_inside:
            diagnostics.show_failure(self._console, step.error, step.status)
            if step.error.code in JUDGED:
                failed = [expectation for expectation in step.expectations if not expectation.passed]
                diagnostics.show_others(self._console, failed[1:])
                if any(expectation.expression.startswith("stdout") for expectation in failed):
                    self._stderr(step)
            title = f": {step.title}" if step.title else ""
            self._console.say(f"  {self._paint('in:', 'cyan')} {visible(f'{scenario.title} → {step.id}{title}')}")
        for child in inner:
            self._failure(child, scenario)

    def _stderr(self, step: StepRecord) -> None:
        """Print the end of the error output, which may say why there is no other."""
        lines = (step.response.stderr or "").splitlines() if step.response else []
        for line in lines[-MAX_STDERR:]:
            self._console.say(f"  {self._paint('stderr:', 'cyan')} {visible(line[:MAX_UNFINISHED])}")

    def _summary(self, event: RunFinished) -> None:
        total = sum(event.summary.values())
        verdicts = [f"{event.summary[status]} {status}" for status in STATUS_MARKS if event.summary.get(status)]
        more = "".join(f", {self.counts[word]} {word}" for word in ("skipped", "xfailed") if self.counts[word])
        steps = f"{count(self.counts['ran'], 'step')}{more} in {event.duration_ms / 1000:.2f} s"
        self._say(f"{count(total, 'scenario')}: {', '.join(verdicts)} · {steps}", -1)


def _engine(engine: EngineRecord | None) -> str:
    if engine is None:
        return "no engine"
    where = f"recorded {engine.recorded_at[:10]}" if engine.recorded_at else f"at {engine.endpoint}"
    return visible(f"{ENGINE_NAMES.get(engine.name, engine.name)} {engine.version} (API {engine.api_version}) {where}")


def _what(record: StepRecord) -> str:
    if record.request is not None:
        return f"{record.request.method:<6} {unquote(_VERSION.sub('', record.request.path))}"
    if record.awaits:
        return f"await {record.awaits}"
    if record.each is not None:
        return f"{record.kind}, {count(len(record.each), 'time')}"
    return record.kind


def _fit(text: str, width: int) -> str:
    """Fit a text into a column of that width; long ids are shortened first."""
    shown = visible(short_path(text))
    return f"{shown:<{width}}" if len(shown) <= width else f"{shown[: width - 1]}…"
