"""Carries out a run while signals can stop it, and determines its exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.errors import Diagnostic, ExitCode
from runner.text import count

if TYPE_CHECKING:
    from runner.library.runs import Run
    from runner.results.events import Event
    from runner.results.records import Report, StepRecord


class Outcome(NamedTuple):
    """The report of a run, and the name of the signal that ended it early, such as ``SIGINT``."""

    report: Report
    signal: str | None = None

    @property
    def exit_code(self) -> ExitCode:
        """The exit code: a signal's own, else 4 if the connection broke, else 1 if a step failed, else 0."""
        if self.signal is not None:
            return ExitCode.INTERRUPTED if self.signal == "SIGINT" else ExitCode.TERMINATED
        if self.report.status in ("passed", "skipped"):
            return ExitCode.PASSED
        return ExitCode.ENGINE if lost_engine(self.report) is not None else ExitCode.FAILED


def carry_out(run: Run, console: Console, *watchers: Callable[[Event], None]) -> Outcome:
    """Carry out a run; each watcher gets each event."""
    from runner.cli.signals import Signals
    from runner.executor.cancellation import CancelScope

    stop = CancelScope()
    with Signals(stop, console) as signals:
        for event in run.events(stop):
            for watch in watchers:
                watch(event)
    return Outcome(run.report(), signals.received)


def finish(run: Run, console: Console, *, quiet: bool) -> None:
    """Write the recordings of a run and show what there is to say about them.

    Raises:
        UsageError: ``cannot-write``.
    """
    finished = run.finish()
    for warning in finished.warnings:
        diagnostics.show_diagnostic(console, warning)
    for recorded in () if quiet else finished.recorded:
        console.say(f"recorded {count(recorded.requests, 'request')} in {recorded.file}")


def lost_engine(report: Report) -> Diagnostic | None:
    """Return the error of a step or a scenario that lost the engine."""
    for scenario in report.scenarios:
        if scenario.error is not None and scenario.error.kind == "engine":
            return scenario.error
        for step in scenario.steps:
            if (error := _broken(step)) is not None:
                return error
    return None


def _broken(step: StepRecord) -> Diagnostic | None:
    if step.error is not None and step.error.kind == "engine" and step.status == "error":
        return step.error
    inner = (_broken(one) for one in step.inside)
    return next((error for error in inner if error is not None), None)
