"""Where a run's answers come from: an engine, an engine with a recorder in between, or recordings."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from runner.cli.connection import connect_as_asked
from runner.cli.output import diagnostics
from runner.errors import Diagnostic, UsageError
from runner.masking import SHOWN, Masker
from runner.text import count

if TYPE_CHECKING:
    from runner.engine.recordings.recorder import Recorder
    from runner.executor.context import Options
    from runner.executor.run import Job
    from runner.results.records import Report, ScenarioRecord
    from runner.scenario.model import Scenario

FOLDER = "recordings"
"""Where recordings are, beside their scenarios."""
_SOCKETS = {"podman": "unix:///run/podman/podman.sock"}
_USUAL_SOCKET = "unix:///var/run/docker.sock"


class Source(Protocol):
    """What a run runs on. ``finish`` is called with the report when it is over, ``close`` in any case."""

    jobs: tuple[Job, ...]

    def finish(self, report: Report, *, interrupted: bool) -> None: ...

    def close(self) -> None: ...


def add_options(to: argparse.ArgumentParser) -> None:
    """The options that choose between the three."""
    group = to.add_argument_group("recording")
    group.add_argument("--record", type=Path, metavar="FILE", help="keep every request and answer in a file (a folder)")
    group.add_argument(
        "--replay",
        nargs="?",
        const="",
        metavar="FILE",
        help=f"answer from a recording, without an engine (default: {FOLDER}/NAME.json beside the scenario)",
    )


def unambiguous(arguments: Sequence[str]) -> list[str]:
    """The arguments, with a ``--replay`` that stands before a scenario kept from taking it for its file."""
    words = list(arguments)
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        if word == "--replay" and (following.endswith((".yaml", ".yml")) or Path(following).is_dir()):
            words[index] = "--replay="
    return words


def secrets_for(given: argparse.Namespace, scenarios: Sequence[Scenario], known: Mapping[str, str]) -> dict[str, str]:
    """The secrets; those that a replay isn't given stand as they are shown.

    Raises:
        UsageError: ``missing-secret``.
    """
    found = dict(known)
    for scenario in scenarios:
        for name in secret_names(scenario):
            if name in found:
                continue
            if given.replay is None:
                hint = f"give it with --secret {name}=… or in the environment as RUN_SECRET_{name.upper()}"
                raise UsageError("missing-secret", f"{scenario.file} needs the secret '{name}'", hint=hint)
            found[name] = SHOWN
    return found


def secret_names(scenario: Scenario) -> set[str]:
    """Of the scenario and of those that it includes."""
    from runner.scenario.model import Include

    included = [step.kind.scenario for step in scenario.walk() if isinstance(step.kind, Include)]
    return {*scenario.secrets, *(name for one in included for name in secret_names(one))}


def open_source(
    given: argparse.Namespace, scenarios: tuple[Scenario, ...], options: Options, environment: Mapping[str, str]
) -> Source:
    """What the command's options ask for; ``options`` are the run's.

    Raises:
        RunnerError: it can't be had; nothing has run yet.
    """
    if given.replay is not None:
        _only_a_replay(given)
        named = Path(given.replay) if given.replay else None
        return Recordings(scenarios, recording_files("--replay", named, scenarios), options)
    if given.record is not None:
        files = recording_files("--record", given.record, scenarios)
        from runner.files import check_writable

        for file in files:
            check_writable(file)
        return Recording(given, scenarios, files, options, environment)
    return Live(given, scenarios, environment)


def recording_files(option: str, named: Path | None, scenarios: Sequence[Scenario]) -> tuple[Path, ...]:
    """The recording of each scenario: in the folder that is named, or else beside it.

    Raises:
        UsageError: a file where several scenarios need a folder, or two that would share one file.
    """
    if named is not None and not named.is_dir():
        if len(scenarios) == 1:
            return (named,)
        hint = f"each scenario has a recording of its own: make the folder, and give {option}={named}"
        raise UsageError("wrong-use", f"{option} {named}: several scenarios need a folder", hint=hint)
    files = tuple((named or one.path.parent / FOLDER) / f"{one.path.stem}.json" for one in scenarios)
    for file in files:
        if files.count(file) > 1:
            raise UsageError("wrong-use", f"{option}: two scenarios would share {file}")
    return files


def _only_a_replay(given: argparse.Namespace) -> None:
    names = ("host", "context", "tls", "tlsverify", "tlscacert", "tlscert", "tlskey", "api_version", "record")
    for name in names:
        if getattr(given, name, None):
            option = f"--{name.replace('_', '-')}"
            raise UsageError("wrong-use", f"{option} makes no sense with --replay, which sends nothing")


class Live:
    """One engine for all."""

    def __init__(
        self, given: argparse.Namespace, scenarios: tuple[Scenario, ...], environment: Mapping[str, str]
    ) -> None:
        from runner.executor.run import Job

        self._engine = connect_as_asked(given, environment)
        self.jobs = tuple(Job.new(scenario, self._engine) for scenario in scenarios)

    def finish(self, report: Report, *, interrupted: bool) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        self._engine.close()


class Recording:
    """One engine, and a recorder for each scenario."""

    def __init__(
        self,
        given: argparse.Namespace,
        scenarios: tuple[Scenario, ...],
        files: tuple[Path, ...],
        options: Options,
        environment: Mapping[str, str],
    ) -> None:
        from datetime import UTC, datetime

        from runner.engine.recordings.recorder import Recorder, RecordingTransport
        from runner.executor.run import Job

        masker = Masker(options.secrets.values())
        self._masker = masker
        self._given = frozenset(options.values)
        self._engine = engine = connect_as_asked(given, environment)
        self._files = files
        self._quiet = given.quiet
        self._recorders = tuple(Recorder(masker) for _ in scenarios)
        self._at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        transports = (RecordingTransport(engine.transport.share(), recorder) for recorder in self._recorders)
        self.jobs = tuple(
            Job.new(scenario, engine.through(transport), masker.add)
            for scenario, transport in zip(scenarios, transports, strict=True)
        )

    def finish(self, report: Report, *, interrupted: bool) -> None:
        """Write the recordings of the scenarios that ran to their end, also of those that did not pass."""
        for job, file, recorder, record in zip(self.jobs, self._files, self._recorders, report.scenarios, strict=False):
            if interrupted or record.status == "skipped":
                diagnostics.say(f"{file} is not written: the run was {'interrupted' if interrupted else 'skipped'}")
            else:
                self._write(file, job, recorder, record)

    def _write(self, file: Path, job: Job, recorder: Recorder, record: ScenarioRecord) -> None:
        from runner.engine.recordings import recording
        from runner.files import write_text

        engine = self._engine
        tcp = engine.endpoint.scheme == "tcp"
        made = recording.Recording(
            recorded_at=self._at,
            name=engine.name,
            version=engine.version,
            api_version=engine.api_version,
            endpoint=engine.endpoint.url if tcp else _SOCKETS.get(engine.name, _USUAL_SOCKET),
            swarm=engine.swarm,
            scenario=job.scenario.title,
            run_id=job.run_id,
            vars=self._masker.value({name: value for name, value in record.vars.items() if name in self._given}),
            status=record.status,
            exchanges=recorder.exchanges(),
        )
        write_text(file, recording.render(made))
        if record.status != "passed":
            diagnostics.say(f"warning: {file} holds a run that did not pass")
        elif not self._quiet:
            diagnostics.say(f"recorded {count(len(made.exchanges), 'request')} in {file}")

    def close(self) -> None:
        self._engine.close()


class Recordings:
    """A recording for each scenario."""

    def __init__(self, scenarios: tuple[Scenario, ...], files: tuple[Path, ...], options: Options) -> None:
        from runner.engine.recordings.recording import read
        from runner.engine.recordings.replay import Replay, replayed
        from runner.executor.run import Job

        recordings = [read(file) for file in files]
        self._files = files
        self._replays = [Replay(recording, options.secrets.values()) for recording in recordings]
        self.jobs = tuple(
            Job(scenario, replayed(recording, replay), recording.run_id, replay.masker.add, recording.vars)
            for scenario, recording, replay in zip(scenarios, recordings, self._replays, strict=True)
        )

    def finish(self, report: Report, *, interrupted: bool) -> None:
        """Say what was recorded and is not used any more."""
        for file, replay, record in zip(self._files, self._replays, report.scenarios, strict=False):
            unused = replay.unused() if record.status == "passed" and not interrupted else ()
            if unused:
                first = f"{unused[0].method} {unused[0].target}"
                message = f"{file}: {count(len(unused), 'recorded request')} not made, the first is {first}"
                hint = "the scenario has changed since; record it again with --record"
                diagnostics.show_diagnostic(Diagnostic("unused-recording", message, hint=hint, severity="warning"))

    def close(self) -> None:
        """Nothing is open."""
