"""One event a line while a run goes on, for programs that watch it."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from runner.files import cannot_write, write_stream
from runner.report import json as report_json
from runner.results.events import (
    Event,
    ItemArrived,
    OutputArrived,
    RequestSent,
    RunFinished,
    RunStarted,
    ScenarioFinished,
    ScenarioStarted,
    StepFinished,
    StepKey,
    StepStarted,
)
from runner.results.records import Report


def event_value(event: Event) -> dict[str, Any]:
    """Return an event as plain JSON values: ``event`` is its name, ``scenario`` and ``step`` are indexes into the
    report (``step`` a list, one deeper for each loop or block)."""
    value: dict[str, Any]
    match event:
        case RunStarted():
            value = {"started_at": event.started_at, "engine": report_json.engine_value(event.engine)}
            return {"event": "run_started", **value, "scenarios": event.scenarios}
        case RunFinished():
            summary = dict(event.summary)
            return {"event": "run_finished", "duration_ms": round(event.duration_ms, 3), "summary": summary}
        case ScenarioStarted():
            value = {"file": event.file, "title": event.title, "steps": event.steps}
            return {"event": "scenario_started", "scenario": event.scenario, **value}
        case ScenarioFinished():  # its steps have been told one by one
            value = {"record": report_json.scenario_value(event.record)}
            return {"event": "scenario_finished", "scenario": event.scenario, **value}
        case _:
            name, value = _of_step(event)
            return {"event": name, "scenario": event.key.scenario, "step": list(event.key.path), **value}


def _of_step(
    event: StepStarted | RequestSent | OutputArrived | ItemArrived | StepFinished,
) -> tuple[str, dict[str, Any]]:
    match event:
        case StepStarted():
            about = {"id": event.id, "kind": event.kind, "phase": event.phase, "background": event.background}
            return "step_started", about
        case RequestSent():
            return "request_sent", {"method": event.method, "target": event.target}
        case OutputArrived():
            return "output_arrived", {"stream": event.stream, "data": event.data}
        case ItemArrived():
            return "item_arrived", {"item": event.item}
        case StepFinished():
            return "step_finished", {"record": report_json.step_value(event.record)}


def render_event(event: Event) -> str:
    """Return an event as one line."""
    return report_json.dumps(event_value(event)) + "\n"


def render(report: Report) -> str:
    """Return a finished run as events: its scenarios with their steps, without what only happens meanwhile."""
    return "".join(render_event(event) for event in _events(report))


def _events(report: Report) -> Iterator[Event]:
    yield RunStarted(report.started_at, report.engine, len(report.scenarios))
    for index, scenario in enumerate(report.scenarios):
        yield ScenarioStarted(index, scenario.file, scenario.title, len(scenario.steps), scenario.engine)
        yield from (StepFinished(StepKey(index, (number,)), step) for number, step in enumerate(scenario.steps))
        yield ScenarioFinished(index, scenario)
    yield RunFinished(report.duration_ms, Counter(scenario.status for scenario in report.scenarios))


class EventWriter:
    """Writes each event at once, to a file or to a stream."""

    def __init__(self, to: Path | TextIO) -> None:
        self._path = to if isinstance(to, Path) else None
        self._stream = None if isinstance(to, Path) else to
        self._decoders: dict[tuple[StepKey, str], codecs.IncrementalDecoder] = {}

    def add(self, event: Event) -> None:
        """Write one event.

        Raises:
            UsageError: ``cannot-write``.
        """
        if self._stream is None:
            assert self._path is not None
            try:
                self._stream = self._path.open("w", encoding="utf-8", newline="\n")
            except OSError as error:
                raise cannot_write(self._path, error) from None
        if isinstance(event, OutputArrived):
            event = self._whole_characters(event)
        write_stream(self._stream, render_event(event))

    def _whole_characters(self, event: OutputArrived) -> OutputArrived:
        """Output comes in pieces that may end in the middle of a character; the rest of it waits for the next one."""
        place = (event.key, event.stream)
        if place not in self._decoders:
            self._decoders[place] = codecs.getincrementaldecoder("utf-8")("replace")
        return event._replace(data=self._decoders[place].decode(event.data).encode())

    def write(self, _report: Report) -> None:
        """Close the file: all events have been written."""
        if self._path is not None and self._stream is not None:
            self._stream.close()
