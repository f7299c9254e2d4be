"""Implements the functions of ``import runner``.

They print nothing, end no process and keep no state between calls, so that they can be used in threads. The environment
is read only to select an engine and to find registry credentials.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.contradiction import Contract
from runner.engine.engine import Engine
from runner.errors import Diagnostic, StepError
from runner.executor.cancellation import CancelScope
from runner.library.access import CONFINED, FileAccess
from runner.library.connection import connect_to, settings_for
from runner.library.inputs import File, OnEvent, OnWarning, Scenarios, carry_out, events, opened, run_settings
from runner.library.scenarios import find_scenarios, open_files
from runner.library.settings import Record, Replay
from runner.results.records import EMPTY
from runner.scenario.duration import seconds
from runner.scenario.model import Scenario
from runner.scenario.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    from runner.library.documents.marks import RunKey
    from runner.results.events import Event
    from runner.results.records import Report


def load(path: File, *, vars: Iterable[str] = (), text: str | None = None) -> Scenario:
    """Open one scenario file, to run it more than once. ``vars`` are the names of variables that :func:`run` will set
    and that the file does not define itself. Files of any folder may be included, as in a live run. With ``text``
    nothing is read: that is the scenario, and ``path`` only says what it is called and where other files are.

    Raises:
        InvalidScenario: with everything that is wrong in the file.
    """
    from runner.scenario.open import open_scenario

    data = None if text is None else text.encode()
    return open_scenario(Path(path), os.fspath(path), vars, text=data).scenario


def check(
    scenario: File | Iterable[File],
    *,
    vars: Iterable[str] = (),
    api_version: str | None = None,
    allow_read: Iterable[File] = (),
) -> tuple[Diagnostic, ...]:
    """Check files without an engine and return all errors and warnings. A folder means the scenarios below it.

    Args:
        scenario: The path of a file or folder, or several.
        vars: Names of variables that are set from outside.
        api_version: Report what this version of the API lacks, such as ``1.41``.
        allow_read: Folders that scenarios may include files of, besides their own.

    Raises:
        UsageError: there is no such file, or no scenario in a folder.
    """
    paths = [scenario] if isinstance(scenario, (str, os.PathLike)) else scenario
    found = find_scenarios(os.fspath(path) for path in paths)
    access = FileAccess(confined=True, read=tuple(map(Path, allow_read)))
    checked = open_files(found.files, tuple(vars), api_version=api_version, access=access)
    return (*found.warnings, *(diagnostic for result in checked for diagnostic in result.diagnostics))


def run(
    scenario: Scenarios,
    *,
    engine: Engine | str | None = None,
    vars: Mapping[str, Any] = EMPTY,
    secrets: Mapping[str, str] = EMPTY,
    timeout: float | str | None = None,
    contract: Contract | bool = False,
    keep_going: bool = False,
    keep: bool = False,
    reap: bool = False,
    jobs: int = 1,
    allow_write: Iterable[File] = (),
    selection: Selection = EVERYTHING,
    cancel_scope: CancelScope | None = None,
    on_event: OnEvent | None = None,
    on_warning: OnWarning | None = None,
) -> Report:
    """Run scenarios on an engine and return the report. A scenario that fails is in the report, not an exception.

    Args:
        scenario: A :class:`Scenario`, the path of a file or folder, or several.
        engine: An engine of :func:`connect`, which stays open; an address or a context's name as :func:`connect` takes
            it; None for the engine that the docker CLI would use.
        vars: Values of variables, which keep their Python types.
        secrets: Values of secrets, shown as ``***`` in events and reports.
        timeout: The default time limit of a step: seconds, or a text such as ``90s``.
        contract: Hold every answer against the API's own description: True, or ``strict`` to refuse undocumented
            fields too. A contradiction is in its step's record, ends no step, and fails the scenario.
        keep_going: Run the steps after one that failed.
        keep: Leave what the scenarios created on the engine.
        reap: Start a process that removes what the scenarios created if this one is killed.
        jobs: How many scenarios run at the same time.
        allow_write: Folders that ``save`` may write to, besides the working folder.
        selection: Which steps run; what they need of earlier ones runs too.
        cancel_scope: Call its ``cancel`` from another thread to stop the run; it still cleans up.
        on_event: Called with each event, in the caller's thread.
        on_warning: Called with each warning.

    Raises:
        InvalidScenario: a file is invalid, or the engine's API version lacks what it uses; nothing was run.
        UsageError: an argument makes no sense, such as a missing secret.
        EngineError: the engine is unreachable.
    """
    settings = run_settings(
        engine, vars, secrets, timeout, keep_going=keep_going, keep=keep, jobs=jobs, contract=contract
    )
    settings = settings._replace(access=FileAccess(write=tuple(map(Path, allow_write))), selection=selection, reap=reap)
    return carry_out(opened(scenario, settings, on_warning), settings, cancel_scope, on_event, on_warning)


def stream(
    scenario: Scenarios,
    *,
    engine: Engine | str | None = None,
    vars: Mapping[str, Any] = EMPTY,
    secrets: Mapping[str, str] = EMPTY,
    timeout: float | str | None = None,
    contract: Contract | bool = False,
    keep_going: bool = False,
    keep: bool = False,
    reap: bool = False,
    jobs: int = 1,
    selection: Selection = EVERYTHING,
    cancel_scope: CancelScope | None = None,
    on_warning: OnWarning | None = None,
) -> Iterator[Event]:
    """Run scenarios as :func:`run` does, and yield the events while they happen. The engine is connected when the first
    event is asked for; closing the iterator stops the run, which still cleans up."""
    settings = run_settings(
        engine, vars, secrets, timeout, keep_going=keep_going, keep=keep, jobs=jobs, contract=contract
    )
    settings = settings._replace(selection=selection, reap=reap)
    return events(opened(scenario, settings, on_warning), settings, cancel_scope, on_warning)


def record(
    scenario: Scenarios,
    path: File,
    *,
    engine: Engine | str | None = None,
    vars: Mapping[str, Any] = EMPTY,
    secrets: Mapping[str, str] = EMPTY,
    timeout: float | str | None = None,
    contract: Contract | bool = False,
    keep_going: bool = False,
    reap: bool = False,
    selection: Selection = EVERYTHING,
    cancel_scope: CancelScope | None = None,
    on_event: OnEvent | None = None,
    on_warning: OnWarning | None = None,
) -> Report:
    """Run scenarios as :func:`run` does and write every request and response to ``path``: a file for one scenario, a
    folder for several. Secrets are masked before anything is written.

    Raises:
        UsageError: ``cannot-write``, and what :func:`run` raises.
    """
    settings = run_settings(engine, vars, secrets, timeout, keep_going=keep_going, contract=contract)
    settings = settings._replace(recording=Record(Path(path)), selection=selection, reap=reap)
    return carry_out(opened(scenario, settings, on_warning), settings, cancel_scope, on_event, on_warning)


def replay(
    scenario: Scenarios,
    path: File | None = None,
    *,
    vars: Mapping[str, Any] = EMPTY,
    secrets: Mapping[str, str] = EMPTY,
    timeout: float | str | None = None,
    contract: Contract | bool = False,
    keep_going: bool = False,
    allow_read: Iterable[File] = (),
    allow_write: Iterable[File] = (),
    selection: Selection = EVERYTHING,
    cancel_scope: CancelScope | None = None,
    on_event: OnEvent | None = None,
    on_warning: OnWarning | None = None,
) -> Report:
    """Run scenarios as :func:`run` does, with the responses of a recording: no engine is needed and nothing is sent.
    ``path`` is a file or folder; by default ``recordings/NAME.json`` beside the scenario. A request that was not
    recorded fails its step. Scenarios read files below their own folder and those of ``allow_read``; what they save
    goes to a private folder, but for the folders of ``allow_write``.

    Raises:
        UsageError: ``no-recording``, ``bad-recording``.
    """
    settings = run_settings(None, vars, secrets, timeout, keep_going=keep_going, contract=contract)
    access = FileAccess(True, tuple(map(Path, allow_read)), tuple(map(Path, allow_write)))
    recording = Replay(None if path is None else Path(path))
    settings = settings._replace(recording=recording, access=access, selection=selection)
    return carry_out(opened(scenario, settings, on_warning), settings, cancel_scope, on_event, on_warning)


def render(report: Report, format: str = "markdown", *, stable: bool | None = None) -> str:
    """Return a report as the text of a format: ``markdown``, ``json``, ``junit``, ``html``, ``cast``.

    ``stable`` replaces ids, times and addresses by placeholders; by default documents (Markdown, HTML, cast) do that.

    Raises:
        UsageError: ``unknown-format``.
    """
    from runner.report import writers

    return writers.render(format, report, stable=stable)


def plan(
    scenario: File | Scenario,
    *,
    engine: str | None = None,
    vars: Mapping[str, Any] = EMPTY,
    api_version: str | None = None,
) -> str:
    """Return the requests of a scenario as a bash script of ``curl`` commands; nothing is sent.

    Raises:
        InvalidScenario: with everything that is wrong in the file.
        UsageError: an address or a context that makes no sense.
    """
    from runner.engine.docker_config.resolve import resolve
    from runner.library.plan import plan_script

    settings = run_settings(None, vars, EMPTY, None)._replace(access=CONFINED)
    scenarios = opened(scenario, settings, None)
    endpoint = resolve(settings_for(engine).options, os.environ)
    return "\n".join(plan_script(model, endpoint, settings.values, api_version) for model in scenarios)


def fill(
    page: File,
    *,
    engine: Engine | str | None = None,
    vars: Mapping[str, Any] = EMPTY,
    secrets: Mapping[str, str] = EMPTY,
    replay: bool = False,
    on_event: OnEvent | None = None,
    on_warning: OnWarning | None = None,
) -> str:
    """Run the scenarios that the marks of a Markdown page name, and return the page with its places filled. The file
    is not changed. ``replay`` answers from the recordings beside the scenarios.

    Raises:
        UsageError: ``no-such-file``.
        InvalidScenario: a wrong mark or an invalid scenario.
        StepError: ``page-failed``: a scenario did not pass.
        EngineError: the engine is unreachable.
    """
    from runner.library.documents.filling import read_pages, stale_pages
    from runner.library.documents.marks import MarkDefaults, check_part, mark_of

    (content,) = read_pages([Path(page)])
    marks = [mark_of(content, slot, MarkDefaults(replay=replay)) for slot in content.slots]
    reports: dict[RunKey, Report] = {}
    for key in dict.fromkeys(mark.key for mark in marks):
        settings = run_settings(engine, vars, secrets, None)
        settings = settings._replace(recording=key.replay, access=FileAccess(confined=key.replay is not None))
        settings = settings._replace(values={**settings.values, **dict(key.variables)})
        scenarios = opened(key.scenario, settings, on_warning)
        for mark, slot in zip(marks, content.slots, strict=True):
            if mark.key == key:
                check_part(mark, slot, scenarios[0])
        report = carry_out(scenarios, settings, None, on_event, on_warning)
        if report.status != "passed":
            raise StepError("page-failed", f"{key.scenario} did not pass, so that {content.name} can't be filled")
        reports[key] = report
    return stale_pages({content: marks}, reports).get(content, content.text)


def connect(
    address: str | None = None, *, api_version: str | None = None, timeout: float | str | None = None
) -> Engine:
    """Connect to an engine and negotiate the API version. Close it when it is no longer needed.

    Args:
        address: ``unix:///path``, ``tcp://host:port``, ``http(s)://…``, ``ssh://user@host``, or the name of a context
            of the docker CLI; None for the engine that the docker CLI would use. The context configures TLS, or
            ``DOCKER_TLS_VERIFY`` and ``DOCKER_CERT_PATH`` do.
        api_version: Speak this version instead of the newest common one.
        timeout: The time limit for the engine's answer: seconds, or a text such as ``5s``.

    Raises:
        EngineError: the engine is unreachable, silent, or not an engine.
        UsageError: an address or a context that makes no sense.
    """
    settings = settings_for(address)._replace(api_version=api_version)
    if timeout is not None:
        settings = settings._replace(timeout=seconds(timeout))
    return connect_to(settings, os.environ)
