"""Turns the arguments of the Python interface into settings, scenarios and events."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from runner.contradiction import Contract
from runner.engine.engine import Engine
from runner.errors import Diagnostic, InvalidScenario
from runner.executor.cancellation import CancelScope
from runner.library.choosing import choose
from runner.library.connection import settings_for
from runner.library.scenarios import every_row, find_scenarios, open_files, valid
from runner.library.settings import CONNECT_TIMEOUT, EngineSettings, RunSettings
from runner.library.values import check_names, checked_values
from runner.library.variables import check_declared
from runner.results.events import Event
from runner.scenario.duration import seconds
from runner.scenario.model import Scenario

if TYPE_CHECKING:
    from runner.results.records import Report

File: TypeAlias = str | os.PathLike[str]
Scenarios: TypeAlias = File | Scenario | Iterable[File | Scenario]
"""A scenario, the path of one or of a folder of them, or several of these."""
OnEvent: TypeAlias = Callable[[Event], None]
OnWarning: TypeAlias = Callable[[Diagnostic], None]


def run_settings(
    engine: Engine | str | None,
    values: Mapping[str, Any],
    secrets: Mapping[str, str],
    timeout: float | str | None,
    *,
    keep_going: bool = False,
    keep: bool = False,
    jobs: int = 1,
    contract: Contract | bool = False,
) -> RunSettings:
    """Return the settings for the arguments of a function.

    Raises:
        UsageError: ``reserved-name``.
        TypeError: a value that JSON can't hold.
        ValueError: a duration that isn't one.
    """
    check_names(values)
    limit = None if timeout is None else seconds(timeout)
    target: Engine | EngineSettings
    if engine is None or isinstance(engine, str):
        target = settings_for(engine)._replace(timeout=CONNECT_TIMEOUT if limit is None else limit)
    else:
        target = engine
    held: Contract | None = None if contract is False else "documented" if contract is True else contract
    base = RunSettings(target, checked_values(values), dict(secrets), limit, keep_going, keep, jobs)
    return base._replace(contract=held)


def opened(scenario: Scenarios, settings: RunSettings, on_warning: OnWarning | None) -> tuple[Scenario, ...]:
    """Open the scenarios that a caller named, in that order.

    Raises:
        InvalidScenario: with everything that is wrong in any of them.
        UsageError: ``no-such-file``, ``no-scenarios``, ``undeclared-variable``, ``unknown-id``,
            ``nothing-chosen``.
    """
    if isinstance(scenario, (str, os.PathLike, Scenario)):
        scenario = (scenario,)
    scenarios: list[Scenario] = []
    errors: list[Diagnostic] = []
    for item in scenario:
        if isinstance(item, Scenario):
            scenarios.append(item)
            continue
        found = find_scenarios([os.fspath(item)])
        checked = open_files(found.files, settings.values, access=settings.access)
        try:
            scenarios += valid(checked)
        except InvalidScenario as error:
            errors += error.diagnostics
        for warning in (*found.warnings, *(warning for result in checked for warning in result.warnings)):
            _warn(warning, on_warning)
    if errors:
        raise InvalidScenario(tuple(errors))
    check_declared(settings.values, scenarios)
    return every_row(choose(scenarios, settings.selection), settings.values)


def carry_out(
    scenarios: tuple[Scenario, ...],
    settings: RunSettings,
    cancel_scope: CancelScope | None,
    on_event: OnEvent | None,
    on_warning: OnWarning | None,
) -> Report:
    """Run to the end and return the report."""
    from runner.results.collector import Collector

    collector = Collector()
    for event in events(scenarios, settings, cancel_scope, on_warning):
        collector.add(event)
        if on_event is not None:
            on_event(event)
    return collector.report()


def events(
    scenarios: tuple[Scenario, ...],
    settings: RunSettings,
    cancel_scope: CancelScope | None,
    on_warning: OnWarning | None,
) -> Iterator[Event]:
    """Prepare the run when the first event is asked for, and yield its events."""
    from runner.library.runs import prepare

    with prepare(scenarios, settings, os.environ) as run:
        for warning in run.warnings:
            _warn(warning, on_warning)
        yield from run.events(cancel_scope or CancelScope())
        for warning in run.finish().warnings:
            _warn(warning, on_warning)


def _warn(warning: Diagnostic, on_warning: OnWarning | None) -> None:
    if on_warning is not None:
        on_warning(warning)
