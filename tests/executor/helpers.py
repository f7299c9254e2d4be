"""Runs scenarios written inside tests: text in, events and report out."""

from __future__ import annotations

import contextlib
import textwrap
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.engine.docker_config.endpoint import Endpoint, parse
from runner.engine.engine import Engine, connect
from runner.engine.transport import Deadline, Request
from runner.errors import EngineError, RunnerError
from runner.executor.cancellation import CancelScope
from runner.executor.context import Options
from runner.executor.run import Job, execute
from runner.results.collector import Collector
from runner.results.events import Event, StepStarted
from runner.results.records import Report, ScenarioRecord, StepRecord
from runner.scenario.model import Scenario
from runner.scenario.open import open_scenario


class Silent:
    """A transport for scenarios that have nothing to send."""

    def send(self, request: Request, deadline: Deadline) -> Any:
        raise EngineError("engine-unreachable", f"a test did not expect {request.method} {request.path}")

    def share(self) -> Silent:
        return self

    def abort(self) -> None: ...

    def hang_up(self, reason: RunnerError) -> None: ...

    def close(self) -> None: ...


NO_ENGINE = Engine(parse("unix:///nowhere", source="a test"), Silent(), "docker", "20.10.24", "1.41")


@dataclass
class Played:
    """Hold what a run came to."""

    report: Report
    events: list[Event]

    @property
    def scenario(self) -> ScenarioRecord:
        return self.report.scenarios[0]

    @property
    def status(self) -> str:
        return self.report.status

    @property
    def steps(self) -> dict[str, StepRecord]:
        """The scenario's steps, and what is inside them, by id."""
        found: dict[str, StepRecord] = {}

        def note(step: StepRecord) -> None:
            found[step.id] = step
            for inner in (*step.inside, *step.on_failure):
                note(inner)

        for step in self.scenario.steps:
            note(step)
        return found

    def __getitem__(self, step_id: str) -> StepRecord:
        return self.steps[step_id]

    @property
    def statuses(self) -> dict[str, str]:
        return {name: step.status for name, step in self.steps.items()}

    def error(self, step_id: str) -> tuple[str, str]:
        """The code and the message of a step's error."""
        found = self[step_id].error
        assert found is not None, self[step_id]
        return found.code, found.message


@dataclass
class Player:
    """Writes scenarios to a folder of the test's own and runs them there."""

    folder: Path
    at: str | Endpoint | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def write(self, text: str, name: str = "scenario.yaml") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def open(self, text: str, values: Mapping[str, Any] | None = None) -> Scenario:
        path = self.write(text if text.lstrip().startswith("title:") else f"title: a test\n{textwrap.dedent(text)}")
        return open_scenario(path, path.name, values or {}).scenario

    @contextlib.contextmanager
    def engine(self) -> Iterator[Engine]:
        if self.at is None:
            yield NO_ENGINE
            return
        endpoint = parse(self.at, source="a test") if isinstance(self.at, str) else self.at
        engine = connect(endpoint, deadline=Deadline.after(10))
        try:
            yield engine
        finally:
            engine.close()

    def __call__(self, text: str, *, stop_in: str | None = None, **options: Any) -> Played:
        """Run one scenario; in the step of the id ``stop_in`` it is asked to stop. ``options`` are those of a run."""
        given = Options(**{"folder": self.folder, **self.options, **options})
        scenario = self.open(text, given.values)
        cancellation = CancelScope()
        events: list[Event] = []
        collector = Collector()
        with self.engine() as engine:
            for event in execute((Job.new(scenario, engine),), given, cancellation):
                events.append(event)
                collector.add(event)
                if isinstance(event, StepStarted) and event.id == stop_in:
                    time.sleep(0.3)
                    cancellation.escalate()
        return Played(collector.report(), events)
