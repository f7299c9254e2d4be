"""Sources of a run's responses: an engine, an engine with a recorder in between, or recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from runner.api.engines import DEFAULT_SOCKET, PODMAN_SOCKET
from runner.errors import Diagnostic, UsageError
from runner.executor.generated import Generated
from runner.executor.run import Job
from runner.library.connection import connect_to, exposure
from runner.library.settings import RECORDINGS, EngineSettings, Record, Replay, RunSettings
from runner.masking import Masker
from runner.scenario.selection import EVERYTHING
from runner.text import count

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.engine.recordings.recorder import Recorder
    from runner.executor.context import Options
    from runner.results.records import Report, ScenarioRecord
    from runner.scenario.model import Scenario

_SOCKETS = {"podman": f"unix://{PODMAN_SOCKET}"}


class Recorded(NamedTuple):
    """A recording that was written: its file, and how many requests it holds."""

    file: Path
    requests: int


class Finished(NamedTuple):
    """The outcome of a source at the end of a run."""

    recorded: tuple[Recorded, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


class Source(Protocol):
    """Provides the jobs of a run. ``finish`` is called with the report at its end, ``close`` in any case."""

    jobs: tuple[Job, ...]
    warnings: tuple[Diagnostic, ...]

    def finish(self, report: Report, *, interrupted: bool) -> Finished | None: ...

    def close(self) -> None: ...


def open_source(
    settings: RunSettings, scenarios: tuple[Scenario, ...], options: Options, environment: Mapping[str, str]
) -> Source:
    """Open the source that the settings ask for; ``options`` are the run's.

    Raises:
        RunnerError: it can't be opened; nothing has run yet.
    """
    match settings.recording:
        case Replay(path):
            files = recording_files("--replay", path, scenarios)
            partial = settings.selection != EVERYTHING
            return RecordingSource(scenarios, files, options, settings.cache, partial=partial)
        case Record(path):
            files = recording_files("--record", path, scenarios)
            from runner.files import check_writable

            for file in files:
                check_writable(file)
            return RecorderSource(EngineLease(settings.engine, environment), scenarios, files, options)
        case None:
            return EngineSource(EngineLease(settings.engine, environment), scenarios)


def recording_files(option: str, path: Path | None, scenarios: Sequence[Scenario]) -> tuple[Path, ...]:
    """Return the recording of each scenario: in the folder ``path``, or else beside the scenario.

    Raises:
        UsageError: a file where several scenarios need a folder, or two scenarios would share one file.
    """
    if path is not None and not path.is_dir():
        if len(scenarios) == 1:
            return (path,)
        hint = f"each scenario has its own recording: make the folder, and give {option}={path}"
        raise UsageError("wrong-use", f"{option} {path}: several scenarios need a folder", hint=hint)
    files = tuple((path or scenario.path.parent / RECORDINGS) / f"{_name_of(scenario)}.json" for scenario in scenarios)
    for file in files:
        if files.count(file) > 1:
            raise UsageError("wrong-use", f"{option}: two scenarios would share {file}")
    return files


def _name_of(scenario: Scenario) -> str:
    """Return the name of a scenario's recording; each row of a matrix has one of its own."""
    return f"{scenario.path.stem}.{scenario.row}" if scenario.row else scenario.path.stem


class EngineLease:
    """An engine for the time of a run: one that the caller connected stays open, one that was opened here is closed."""

    def __init__(self, engine: EngineSettings | Engine, environment: Mapping[str, str]) -> None:
        self._own = isinstance(engine, EngineSettings)
        self.engine = connect_to(engine, environment) if isinstance(engine, EngineSettings) else engine.share()
        warning = exposure(self.engine.endpoint) if self._own else None
        self.warnings: tuple[Diagnostic, ...] = (warning,) if warning else ()

    def close(self) -> None:
        """Close the engine's connections, unless they are the caller's."""
        if self._own:
            self.engine.close()


class EngineSource:
    """Sends the requests of all scenarios to one engine."""

    def __init__(self, lease: EngineLease, scenarios: tuple[Scenario, ...]) -> None:
        self._lease = lease
        self.warnings = lease.warnings
        self.jobs = tuple(Job.new(scenario, lease.engine) for scenario in scenarios)

    def finish(self, report: Report, *, interrupted: bool) -> Finished | None:
        """Return None: nothing is left to do."""

    def close(self) -> None:
        """Close the engine's connections."""
        self._lease.close()


class RecorderSource:
    """Sends the requests to one engine, through a recorder for each scenario."""

    def __init__(
        self, lease: EngineLease, scenarios: tuple[Scenario, ...], files: tuple[Path, ...], options: Options
    ) -> None:
        from datetime import UTC, datetime

        from runner.engine.recordings.recorder import Recorder, RecordingTransport

        self._lease = lease
        self._masker = masker = Masker(options.secrets.values())
        self._values = frozenset(options.values)
        self._files = files
        self._recorders = tuple(Recorder(masker) for _ in scenarios)
        self._at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.warnings = lease.warnings
        engine = lease.engine
        transports = (RecordingTransport(engine.transport.share(), recorder) for recorder in self._recorders)
        self.jobs = tuple(
            Job.new(scenario, engine.through(transport), masker.add)
            for scenario, transport in zip(scenarios, transports, strict=True)
        )

    def finish(self, report: Report, *, interrupted: bool) -> Finished:
        """Write the recordings of the scenarios that ran to their end, also of those that did not pass."""
        recorded: list[Recorded] = []
        warnings: list[Diagnostic] = []
        for job, file, recorder, record in zip(self.jobs, self._files, self._recorders, report.scenarios, strict=False):
            if interrupted or record.status == "skipped":
                reason = "interrupted" if interrupted else "skipped"
                message = f"{file} is not written: the run was {reason}"
                warnings.append(Diagnostic("not-written", message, severity="warning"))
                continue
            recorded.append(Recorded(file, self._write(file, job, recorder, record)))
            if record.status != "passed":
                message = f"{file} holds a run that did not pass"
                warnings.append(Diagnostic("recorded-failure", message, severity="warning"))
        return Finished(tuple(recorded), tuple(warnings))

    def _write(self, file: Path, job: Job, recorder: Recorder, record: ScenarioRecord) -> int:
        """Write a recording and return how many requests it holds."""
        from runner.engine.recordings import recording
        from runner.files import write_text

        engine = self._lease.engine
        is_tcp = engine.endpoint.scheme == "tcp"
        values = {name: self._masker.value(value) for name, value in record.vars.items() if name in self._values}
        exchanges = recorder.exchanges()
        content = recording.Recording(
            recorded_at=self._at,
            name=engine.name,
            version=engine.version,
            api_version=engine.api_version,
            endpoint=engine.endpoint.url if is_tcp else _SOCKETS.get(engine.name, f"unix://{DEFAULT_SOCKET}"),
            swarm=engine.swarm,
            scenario=job.scenario.title,
            run_id=job.run_id,
            generated=self._masker.value(job.generated.values) if job.generated is not None else {},
            vars=values,
            status=record.status,
            exchanges=exchanges,
        )
        write_text(file, recording.render(content))
        return len(exchanges)

    def close(self) -> None:
        """Close the engine's connections."""
        self._lease.close()


class RecordingSource:
    """Answers the requests of each scenario from its recording; those of ``partial`` ones lack some of its requests."""

    def __init__(
        self,
        scenarios: tuple[Scenario, ...],
        files: tuple[Path, ...],
        options: Options,
        cache: Path | None = None,
        *,
        partial: bool = False,
    ) -> None:
        from runner.engine.recordings.recording import read
        from runner.engine.recordings.replay import Replay as ReplayedExchanges
        from runner.engine.recordings.replay import replayed

        recordings = [read(file, cache) for file in files]
        self._files = files
        self._partial = partial
        self._replays = [ReplayedExchanges(recording, options.secrets.values()) for recording in recordings]
        self.warnings: tuple[Diagnostic, ...] = ()
        self.jobs = tuple(
            Job(
                scenario,
                replayed(recording, replay),
                recording.run_id,
                replay.masker.add,
                recording.vars,
                Generated(recording.run_id, recording.generated),
            )
            for scenario, recording, replay in zip(scenarios, recordings, self._replays, strict=True)
        )

    def finish(self, report: Report, *, interrupted: bool) -> Finished:
        """Warn about recorded requests that the scenarios no longer send."""
        warnings: list[Diagnostic] = []
        if self._partial:
            return Finished()
        for file, replay, record in zip(self._files, self._replays, report.scenarios, strict=False):
            unused = replay.unused() if record.status == "passed" and not interrupted else ()
            if unused:
                first = f"{unused[0].method} {unused[0].target}"
                message = f"{file}: {count(len(unused), 'recorded request')} not made, the first is {first}"
                hint = "the scenario has changed since; record it again with --record"
                warnings.append(Diagnostic("unused-recording", message, hint=hint, severity="warning"))
        return Finished(warnings=tuple(warnings))

    def close(self) -> None:
        """Return at once: nothing is open."""
