"""Events of a run, collected into a :class:`Report` that can be read at any time."""

from __future__ import annotations

from collections.abc import Iterable

from runner.results.events import Event, RunFinished, RunStarted, ScenarioFinished, ScenarioStarted, StepFinished
from runner.results.records import Report, ScenarioRecord, Status, StepRecord

_RANK: dict[Status, int] = {"skipped": 0, "passed": 1, "failed": 2, "error": 3}


def worst(statuses: Iterable[Status]) -> Status:
    """The status of a whole from those of its parts: one that went wrong outweighs the rest, and a whole of which
    something ran was not skipped. Of nothing: ``passed``."""
    return max(statuses, key=_RANK.__getitem__, default="passed")


class Collector:
    """Takes the events of one run in any order that a run can have, and gives the report so far.

    Steps stand in the order of the file, although one in the background ends after steps that follow it. Until a
    scenario is finished its record holds the steps that are; afterwards it is the executor's own record.
    """

    def __init__(self) -> None:
        self._start: RunStarted | None = None
        self._end: RunFinished | None = None
        self._scenarios: dict[int, ScenarioRecord] = {}
        self._steps: dict[int, dict[tuple[int, ...], StepRecord]] = {}

    def add(self, event: Event) -> None:
        """Take the next event; those that only matter while a run is watched are passed over."""
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
        """The report of what has happened so far; of a run that never began, an empty one."""
        scenarios = tuple(self._scenario(index) for index in sorted(self._scenarios))
        return Report(
            status=worst(scenario.status for scenario in scenarios),
            started_at=self._start.started_at if self._start else "",
            duration_ms=self._end.duration_ms if self._end else 0.0,
            engine=self._start.engine if self._start else None,
            scenarios=scenarios,
        )

    def _scenario(self, index: int) -> ScenarioRecord:
        record = self._scenarios[index]
        if record.steps:
            return record
        # Elements of a for_each and children of a block come with the record of their parent.
        finished = self._steps.get(index, {})
        steps = tuple(finished[path] for path in sorted(finished) if len(path) == 1)
        status = worst((record.status, *(step.status for step in steps)))
        return record._replace(steps=steps, status=status)


def collect(events: Iterable[Event]) -> Report:
    """The report of a run whose events are at hand."""
    collector = Collector()
    for event in events:
        collector.add(event)
    return collector.report()
