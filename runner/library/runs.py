"""Prepares and carries out a run: from opened scenarios and settings to events, a report and recordings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

from runner.errors import Diagnostic, UsageError
from runner.executor.cancellation import CancelScope, Level
from runner.executor.context import Options
from runner.executor.event_masking import EventMasker
from runner.executor.run import execute
from runner.executor.tracking.journal import state_folder
from runner.library.connection import configured_credentials
from runner.library.scenarios import missing_in_versions
from runner.library.settings import Replay, RunSettings
from runner.library.sources import Finished, Source, open_source
from runner.library.values import complete_secrets, short_secrets
from runner.results.collector import Collector

if TYPE_CHECKING:
    from runner.library.reaper.watcher import Watcher
    from runner.results.events import Event
    from runner.results.records import Report
    from runner.scenario.model import Scenario


class Run:
    """One run. Iterate over :meth:`events`, then call :meth:`finish`; leaving the ``with`` block closes the source.

    ``warnings`` are those that are known before anything is sent to run the scenarios.
    """

    def __init__(
        self, source: Source, options: Options, warnings: tuple[Diagnostic, ...], watcher: Watcher | None = None
    ) -> None:
        self.warnings = warnings
        self._source = source
        self._watcher = watcher
        self._options = options
        self._collector = Collector()
        self._mask = EventMasker(options.secrets.values())
        self._scope = CancelScope()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()
        if self._watcher is not None:
            self._watcher.dismiss()

    def events(self, scope: CancelScope) -> Iterator[Event]:
        """Run the scenarios and yield events. Closing the iterator early stops the run; it still cleans up."""
        self._scope = scope
        for event in execute(self._source.jobs, self._options, scope, self._mask):
            self._collector.add(event)
            yield event

    def report(self) -> Report:
        """Return the report of what has happened so far."""
        return self._mask.report(self._collector.report())

    def finish(self) -> Finished:
        """Write the recordings of a run that is recorded; report what a replay did not use.

        Raises:
            UsageError: ``cannot-write``.
        """
        return self._source.finish(self.report(), interrupted=self._scope.reached(Level.STEPS)) or Finished()


def prepare(
    scenarios: tuple[Scenario, ...],
    settings: RunSettings,
    environment: Mapping[str, str],
    *,
    check_versions: bool = True,
) -> Run:
    """Open what a run needs: secrets, the engine or the recordings. Nothing has run yet. Without ``check_versions``,
    what an engine's API version lacks is sent to it all the same.

    Raises:
        UsageError: settings that make no sense, a missing secret or recording, ``cannot-watch``.
        InvalidScenario: an engine's API version lacks what a scenario uses.
        EngineError: the engine is unreachable.
    """
    access = settings.access
    is_replay = isinstance(settings.recording, Replay)
    if settings.reap and (is_replay or settings.keep):
        _refuse_reaping(is_replay=is_replay)
    options = Options(
        values=settings.values,
        secrets=complete_secrets(settings.secrets, scenarios, replay=is_replay),
        timeout=settings.timeout,
        credentials=None if access.confined else configured_credentials(environment),
        state=state_folder(environment),
        keep_going=settings.keep_going,
        keep=settings.keep,
        jobs=settings.jobs,
        folder=settings.folder,
        contract=settings.contract,
        confined=access.confined,
        allow_read=access.read,
        allow_write=access.write,
    )
    source = open_source(settings, scenarios, options, environment)
    try:
        missing = missing_in_versions(source.jobs) if check_versions else ()
        warnings = (*short_secrets(options.secrets, scenarios), *source.warnings, *missing)
        watcher = _watch(source, options, environment) if settings.reap else None
        return Run(source, options, warnings, watcher)
    except BaseException:
        source.close()
        raise


def _refuse_reaping(*, is_replay: bool) -> NoReturn:
    option, reason = ("--replay", "a replay creates nothing") if is_replay else ("--keep", "nothing is to be removed")
    raise UsageError("conflicting-options", f"--reap and {option} contradict each other: {reason}")


def _watch(source: Source, options: Options, environment: Mapping[str, str]) -> Watcher | None:
    """Start the process that watches the run; where there is nothing to run, there is none."""
    from runner.library.reaper.watcher import Order, Watcher

    if not source.jobs:
        return None
    engine = source.jobs[0].engine
    runs = tuple(job.run_id for job in source.jobs)
    secrets = tuple(options.secrets.values())
    return Watcher(Order(engine.endpoint, engine.api_version, runs, state_folder(environment), secrets), environment)
