"""Collects the events of a run into a :class:`Report` that can be read at any time."""

from __future__ import annotations

from collections.abc import Iterable

from runner.results.events import Event, RunFinished, RunStarted, ScenarioFinished, ScenarioStarted, StepFinished
from runner.results.records import Report, ScenarioRecord, StepRecord
from runner.results.statuses import most_severe


class Collector:
    """Collects the events of one run, and returns the report so far.

    Steps are in the order of the file, although a background step finishes after steps that follow it. Until a
    scenario is finished, its record holds the finished steps; afterwards it is the executor's own record.
    """

    def __init__(self) -> None:
        self._start: RunStarted | None = None
        self._end: RunFinished | None = None
        self._scenarios: dict[int, ScenarioRecord] = {}
        self._steps: dict[int, dict[tuple[int, ...], StepRecord]] = {}

    def add(self, event: Event) -> None:
        """Add the next event; events that only serve live progress are ignored."""
        match event:
            case StepFinished(key=key, record=record):
                self._steps.setdefault(key.scenario, {})[key.path] = record
            case ScenarioFinished(scenario=index, record=record):
                self._scenarios[index] = record
            case ScenarioStarted(scenario=index, file=file, title=title):
                self._scenarios[index] = ScenarioRecord(file=file, title=title, status="passed")
            case RunStarted():
                self._start = event
            case RunFinished():
                self._end = event

    def report(self) -> Report:
        """Return the report so far; of a run that never began, an empty one."""
        scenarios = tuple(self._scenario(index) for index in sorted(self._scenarios))
        return Report(
            status=most_severe(scenario.status for scenario in scenarios),
            started_at=self._start.started_at if self._start else "",
            duration_ms=self._end.duration_ms if self._end else 0.0,
            engine=self._start.engine if self._start else None,
            scenarios=scenarios,
        )

    def _scenario(self, index: int) -> ScenarioRecord:
        record = self._scenarios[index]
        if record.steps:
            return record
        # The record of a loop or a block holds those of its elements and children.
        finished = self._steps.get(index, {})
        steps = tuple(finished[path] for path in sorted(finished) if len(path) == 1)
        status = most_severe((record.status, *(step.status for step in steps)))
        return record._replace(steps=steps, status=status)


def collect(events: Iterable[Event]) -> Report:
    """Return the report of a finished stream of events."""
    collector = Collector()
    for event in events:
        collector.add(event)
    return collector.report()
