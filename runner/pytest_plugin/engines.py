"""Runs scenarios for tests, on the engine that a fixture or an option names."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.cli.output.progress import Progress
from runner.engine.engine import Engine
from runner.errors import RunnerError
from runner.library.face import connect, run
from runner.library.values import environment_secrets, environment_variables
from runner.results.events import Event, RunFinished, ScenarioFinished
from runner.results.records import Report


class ScenarioFailed(Exception):
    """A scenario that did not pass. The message is what the command prints of it; ``shown`` is that with the ``E`` that
    pytest puts before the lines of a failure, and with the steps before it."""

    def __init__(self, message: str, steps: str = "") -> None:
        super().__init__(message)
        self.shown = f"{steps}\n{marked(message)}" if steps else marked(message)


@contextmanager
def connected(engine: Any) -> Iterator[Engine]:
    """Connect to an engine's address, or to the one that is selected anyway (None), and close it again. A connected
    engine stays as it is."""
    target = endpoint_of(engine)
    if isinstance(target, Engine):
        yield target
        return
    failure = None
    try:
        made = connect(target)
    except RunnerError as error:
        failure = marked(text_of(error))
    if failure is not None:  # outside of the handler, or the error would be shown twice
        pytest.fail(failure, pytrace=False)
    try:
        yield made
    finally:
        made.close()


def endpoint_of(engine: Any) -> Engine | str | None:
    """Return an engine that :func:`runner.run` takes for what a fixture ``engine`` returns: such an engine, an address,
    or an object that has one as its ``url``."""
    if engine is None or isinstance(engine, (str, Engine)):
        return engine
    return str(engine.url)


def run_checked(scenario: Any, engine: Engine | str | None, *, check: bool = True, **options: Any) -> Report:
    """Run a scenario. Variables and secrets of the environment (``RUN_VAR_…``, ``RUN_SECRET_…``) are set too.

    Raises:
        ScenarioFailed: with ``check``, it did not pass, or could not run.
        RunnerError: without ``check``, it could not run.
    """
    __tracebackhide__ = True
    options["vars"] = {**environment_variables(os.environ), **options.get("vars", {})}
    options["secrets"] = {**environment_secrets(os.environ), **options.get("secrets", {})}
    transcript = _Transcript()
    try:
        report = run(scenario, engine=engine, on_event=transcript.add, **options)
    except RunnerError as error:
        if not check:
            raise
        raise ScenarioFailed(text_of(error)) from None
    if check and report.status not in ("passed", "skipped"):
        raise ScenarioFailed("\n".join(transcript.failure), "\n".join(transcript.steps))
    return report


class _Transcript:
    """Collects what the command prints while a scenario runs: ``steps`` and ``failure``, as lines."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.failure: list[str] = []
        self._stream = io.StringIO()
        self._progress = Progress(Console(self._stream, self._stream, {"TERM": "dumb"}), quiet=False)

    def add(self, event: Event) -> None:
        """Take an event."""
        self._progress.show(event)
        lines = self._stream.getvalue().strip("\n").splitlines()
        self._stream.seek(0)
        self._stream.truncate()
        if isinstance(event, ScenarioFinished):
            self.failure += lines
        elif not isinstance(event, RunFinished):
            self.steps += lines


def text_of(error: RunnerError) -> str:
    """Return what the command prints of an error."""
    stream = io.StringIO()
    diagnostics.show_error(Console(stream, stream, {"TERM": "dumb"}), error)
    return stream.getvalue().rstrip("\n")


def marked(text: str) -> str:
    """Return a text with pytest's ``E`` before each line."""
    return "\n".join(f"E   {line}".rstrip() for line in text.splitlines())
