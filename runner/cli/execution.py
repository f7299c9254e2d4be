"""Runs what a verb has opened, while it can be interrupted, and says with which exit code that ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from runner.errors import ExitCode

if TYPE_CHECKING:
    from runner.cli.sources import Source
    from runner.executor.context import Options
    from runner.results.events import Event
    from runner.results.records import Report, ScenarioRecord, StepRecord


class Played(NamedTuple):
    """What a run came to; ``signal`` names the one that ended it early."""

    report: Report
    signal: str | None = None

    @property
    def exit_code(self) -> int:
        """0, 1, 4 (a broken connection outranks a step that failed), or that of the signal."""
        if self.signal is not None:
            return ExitCode.TERMINATED if self.signal == "SIGTERM" else ExitCode.INTERRUPTED
        if self.report.status in ("passed", "skipped"):
            return ExitCode.PASSED
        lost = any(_lost_engine(scenario) for scenario in self.report.scenarios)
        return ExitCode.ENGINE if lost else ExitCode.FAILED


def play(source: Source, options: Options, *watchers: Callable[[Event], None]) -> Played:
    """Run the jobs of a source; each watcher is shown each event."""
    from runner.cli.signals import Signals
    from runner.executor.cancellation import Stop
    from runner.executor.run import execute
    from runner.results.collector import Collector

    stop = Stop()
    collector = Collector()
    with Signals(stop) as signals:
        for event in execute(source.jobs, options, stop):
            collector.add(event)
            for watch in watchers:
                watch(event)
    return Played(collector.report(), signals.received)


def _lost_engine(scenario: ScenarioRecord) -> bool:
    if scenario.error is not None and scenario.error.kind == "engine":
        return True
    return any(_broken(step) for step in scenario.steps)


def _broken(step: StepRecord) -> bool:
    if step.error is not None and step.error.kind == "engine" and step.status == "error":
        return True
    return any(_broken(inner) for inner in (*(step.each or ()), *(step.steps or ())))
