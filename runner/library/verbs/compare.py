"""Compares engines: runs the same scenarios on each of them at the same time, or reads the reports of earlier runs."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.engine.engine import Engine
from runner.errors import Diagnostic, EngineError, UsageError, error_of
from runner.executor.cancellation import CancelScope
from runner.library.inputs import File, OnWarning, Scenarios, opened, run_settings
from runner.library.runs import Run, prepare
from runner.library.settings import RunSettings
from runner.results.events import Event
from runner.results.records import EMPTY, Report
from runner.scenario.model import Scenario

if TYPE_CHECKING:
    from runner.report.comparison.compare import Lines
    from runner.report.comparison.model import Comparison

OnColumnEvent = Callable[[str, Event], None]
"""Gets each event with the name of the column; never called from two threads at once."""


def compare(
    scenario: Scenarios,
    *,
    engines: Mapping[str, Engine | str | None],
    vars: Mapping[str, Any] = EMPTY,
    secrets: Mapping[str, str] = EMPTY,
    timeout: float | str | None = None,
    keep_going: bool = True,
    strict: bool = False,
    known: File | None = None,
    cancel_scope: CancelScope | None = None,
    on_event: OnColumnEvent | None = None,
    on_warning: OnWarning | None = None,
) -> Comparison:
    """Run scenarios on several engines side by side, and compare what they answer.

    Args:
        scenario: As for :func:`runner.run`.
        engines: The engines, each as :func:`runner.run` takes it, by the name of its column; the first is the
            reference.
        vars: Values of variables.
        secrets: Values of secrets.
        timeout: The default time limit of a step.
        keep_going: Run the steps after one that failed, so that a failure doesn't hide the rest.
        strict: Tell ``null``, an empty list, an empty mapping and a missing key apart.
        known: A file of known differences.
        cancel_scope: Call its ``cancel`` from another thread to stop all runs; they still clean up.
        on_event: Called with the name of a column and each of its events, in a thread of that run.
        on_warning: Called with each warning.

    Raises:
        UsageError: fewer than two engines, ``bad-known-file``, and what :func:`runner.run` raises.
        EngineError: an engine is unreachable; nothing was run on any. Its name is in the message.
    """
    settings = {
        name: run_settings(engine, vars, secrets, timeout, keep_going=keep_going) for name, engine in engines.items()
    }
    scenarios = opened(scenario, run_settings(None, vars, secrets, timeout), on_warning)
    reports = run_on_each(scenarios, settings, os.environ, scope=cancel_scope, on_event=on_event, on_warning=on_warning)
    return compare_reports(reports, strict=strict, known=known, lines=lines_of(scenarios))


def compare_reports(
    reports: Mapping[str, Report | File],
    *,
    strict: bool = False,
    known: File | None = None,
    lines: Lines | None = None,
) -> Comparison:
    """Compare reports of the same scenarios: records, or files that ``run … -o report.json`` wrote.

    Args:
        reports: The reports, by the name of the column; the first is the reference.
        strict: Tell ``null``, an empty list, an empty mapping and a missing key apart.
        known: A file of known differences.
        lines: The lines of steps by file and id, to name their places.

    Raises:
        UsageError: fewer than two reports, ``unreadable-report``, ``bad-known-file``.
    """
    from runner.report.comparison.compare import compare as compare_records
    from runner.report.comparison.known import read_known
    from runner.report.comparison.read import read_report

    _check_width(len(reports))
    accepted = None if known is None else read_known(Path(known))
    records = {
        name: report if isinstance(report, Report) else read_report(Path(report)) for name, report in reports.items()
    }
    return compare_records(records, strict=strict, known=accepted, lines=lines)


def render_comparison(comparison: Comparison, format: str = "markdown") -> str:
    """Return a comparison as the text of a format: ``markdown``, ``html``, ``json``, ``text``, ``badge`` (an SVG).

    Raises:
        UsageError: ``unknown-format``.
    """
    from runner.report.comparison.formats import render

    return render(comparison, format)


def lines_of(scenarios: tuple[Scenario, ...]) -> dict[tuple[str, str], int]:
    """Return the lines of all steps, by the file as it was named and the step's id."""
    return {(scenario.file, step.id): step.place.line for scenario in scenarios for step in scenario.walk()}


def run_on_each(
    scenarios: tuple[Scenario, ...],
    settings: Mapping[str, RunSettings],
    environment: Mapping[str, str],
    *,
    scope: CancelScope | None = None,
    on_event: OnColumnEvent | None = None,
    on_warning: OnWarning | None = None,
) -> dict[str, Report]:
    """Run the scenarios with each of the settings at the same time, and return the reports by name. What a run saves
    goes to a private folder. An operation that an engine's API version lacks is not refused here: how the engine
    answers is what is compared.

    Raises:
        EngineError: an engine is unreachable; nothing was run on any.
        UsageError: settings that make no sense.
    """
    _check_width(len(settings))
    scope = scope or CancelScope()
    with ExitStack() as stack:
        runs: dict[str, Run] = {}
        for name, each in settings.items():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="engine-recipes-")))
            try:
                run = prepare(scenarios, each._replace(folder=folder), environment, check_versions=False)
            except EngineError as error:
                raise error_of(_named(name, error.diagnostic())) from None
            runs[name] = stack.enter_context(run)
            if on_warning is not None:
                for warning in run.warnings:
                    on_warning(_named(name, warning))
        _carry_out(runs, scope, on_event)
        return {name: run.report() for name, run in runs.items()}


def _carry_out(runs: Mapping[str, Run], scope: CancelScope, on_event: OnColumnEvent | None) -> None:
    lock = threading.Lock()
    errors: list[BaseException] = []

    def carry_out(name: str, run: Run) -> None:
        try:
            for event in run.events(scope.child()):
                if on_event is not None:
                    with lock:
                        on_event(name, event)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            errors.append(error)
            scope.escalate()

    threads = [threading.Thread(target=carry_out, args=item, name=f"compare {item[0]}") for item in runs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _check_width(width: int) -> None:
    if width < 2:
        hint = "the first one is the reference: -H docker=unix:///… -H podman=unix:///…, or two reports"
        raise UsageError("wrong-use", "a comparison needs at least two engines or reports", hint=hint)


def _named(name: str, diagnostic: Diagnostic) -> Diagnostic:
    return diagnostic._replace(message=f"{name}: {diagnostic.message}")
