"""One event a line while a run goes on, for programs that watch it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, TextIO

from runner.executor.events import (
    Event,
    ItemArrived,
    OutputArrived,
    RequestSent,
    RunFinished,
    RunStarted,
    ScenarioFinished,
    ScenarioStarted,
    StepFinished,
    StepStarted,
)
from runner.executor.record import Report
from runner.report import json as report_json


def event_value(event: Event) -> dict[str, Any]:
    """An event as plain JSON values: ``event`` is its name, ``scenario`` and ``step`` are indexes into the report
    (``step`` a list, one deeper for each loop or block)."""
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
    """An event as one line."""
    return report_json.dumps(event_value(event)) + "\n"


class EventWriter:
    """Writes each event at once, to a file or to stdout."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stream: TextIO | None = None if path else sys.stdout

    def add(self, event: Event) -> None:
        """Write one event.

        Raises:
            UsageError: ``cannot-write``.
        """
        from runner.report.formats import cannot_write

        try:
            if self._stream is None:
                assert self._path is not None
                self._stream = self._path.open("w", encoding="utf-8", newline="\n")
            self._stream.write(render_event(event))
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise cannot_write(self._path or Path("stdout"), error) from None

    def write(self, _report: Report) -> None:
        """The run is over; all of it has been written."""
        if self._path is not None and self._stream is not None:
            self._stream.close()
