"""A whole run: scenario files, each on its engine, as a stream of events.

The scenarios run in threads of their own; whoever iterates over the events is free to be interrupted by a signal, and
nothing is lost when it is.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, NamedTuple

from runner.engine.engine import Engine
from runner.errors import Diagnostic, RunnerError
from runner.executor.cancellation import STEPS, Stop
from runner.executor.context import Conceal, Frame, Options, Position, Shared
from runner.executor.event_masking import EventMasker
from runner.executor.event_queue import Outbox
from runner.executor.requirements import unmet
from runner.executor.steps.flow import Flow
from runner.executor.threads import side_by_side
from runner.executor.variables import FromEnvironment, initial_variables
from runner.results.events import (
    Event,
    RunFinished,
    RunStarted,
    ScenarioFinished,
    ScenarioStarted,
    StepFinished,
    StepKey,
    StepStarted,
)
from runner.results.records import EMPTY, EngineRecord, Phase, ScenarioRecord, Status, StepRecord
from runner.results.statuses import first_failure
from runner.scenario.model import Scenario


class Job(NamedTuple):
    """A scenario to run, and the engine to run it on. ``run_id`` stands in the labels of all that it creates;
    ``conceal`` is told the secrets that are found on the way, as the run's own masker is; ``values`` are variables from
    outside for this scenario alone, which those of the options outrank."""

    scenario: Scenario
    engine: Engine
    run_id: str
    conceal: Conceal | None = None
    values: Mapping[str, Any] = EMPTY

    @classmethod
    def new(cls, scenario: Scenario, engine: Engine, conceal: Conceal | None = None) -> Job:
        """A job with an id of its own."""
        return cls(scenario, engine, os.urandom(6).hex(), conceal)


def execute(jobs: tuple[Job, ...], options: Options, stop: Stop) -> Generator[Event, None, None]:
    """Run scenarios and yield what happens.

    Leaving the iterator early asks the run to stop; it still cleans up before it ends.
    """
    outbox = Outbox()
    stop.on_request(lambda _urgency: outbox.open())
    mask = EventMasker(options.secrets.values())
    worker = threading.Thread(target=_work, args=(jobs, options, stop, outbox, mask.conceal), name="run", daemon=True)
    worker.start()
    try:
        for event in outbox.drain(_load_what_the_end_needs):
            yield from mask(event)
    finally:
        if worker.is_alive():
            stop.request()
        outbox.open()
        worker.join()


def _load_what_the_end_needs() -> None:
    """While the engine is at work there is time for it."""
    import runner.executor.cleanup.remove  # noqa: F401


def _work(jobs: tuple[Job, ...], options: Options, stop: Stop, outbox: Outbox, conceal: Conceal) -> None:
    started = time.monotonic()
    try:
        first = engine_record(jobs[0].engine) if jobs else None
        outbox.put(RunStarted((first and first.recorded_at) or _now(), first, len(jobs)))

        def one(numbered: tuple[int, Job]) -> ScenarioRecord:
            index, job = numbered
            return _ScenarioRun(
                job.scenario, _shared(job, index, options, stop, emit=outbox.put, conceal=conceal)
            ).run()

        if options.jobs > 1 and len(jobs) > 1:
            records = side_by_side(one, enumerate(jobs), min(options.jobs, len(jobs)))
        else:
            records = [one(job) for job in enumerate(jobs)]
        summary: dict[str, int] = {}
        for record in records:
            summary[record.status] = summary.get(record.status, 0) + 1
        outbox.put(RunFinished((time.monotonic() - started) * 1000, summary))
    except BaseException as error:  # noqa: BLE001 - a bug must reach the consumer, not die with its thread
        outbox.close(error)
    else:
        outbox.close()


def _now() -> str:
    """RFC 3339, in milliseconds; importing ``datetime`` takes longer than a request."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds // 1_000_000:03}Z"


def engine_record(engine: Engine) -> EngineRecord:
    return EngineRecord(
        engine.name, engine.version, engine.api_version, engine.endpoint.url, recorded_at=engine.recorded_at
    )


def _shared(
    job: Job, index: int, options: Options, stop: Stop, *, emit: Callable[[Event], None], conceal: Conceal
) -> Shared:
    """What one scenario's run shares among its parts."""

    def conceal_everywhere(found: Iterable[str]) -> None:
        hidden = tuple(found)
        conceal(hidden)
        if job.conceal is not None:
            job.conceal(hidden)

    conceal_everywhere(job.engine.endpoint.secrets)
    shared = Shared(
        engine=job.engine.share(),
        ending=job.engine.share(),
        options=options._replace(values={**job.values, **options.values}) if job.values else options,
        stop=stop.part(),
        conceal=conceal_everywhere,
        emit=emit,
        index=index,
        run_id=job.run_id,
        title=job.scenario.title,
    )
    shared.stop.on_request(shared.wake)
    return shared


class _ScenarioRun:
    def __init__(self, scenario: Scenario, shared: Shared) -> None:
        self.scenario = scenario
        self.shared = shared
        self.index = shared.index
        self.engine = engine_record(shared.engine)
        self.vars: dict[str, object] = {}

    def run(self) -> ScenarioRecord:
        scenario, emit = self.scenario, self.shared.emit
        steps = len(scenario.steps) + len(scenario.finally_)
        emit(ScenarioStarted(self.index, scenario.file, scenario.title, steps, self.engine))
        try:
            reason = (
                "the run was interrupted"
                if self.shared.stop.asked(STEPS)
                else unmet(scenario.requires, self.shared.engine)
            )
            record = self._run() if reason is None else self._record("skipped", reason=reason)
        except RunnerError as error:
            record = self._record("error", error=error.diagnostic())
        emit(ScenarioFinished(self.index, record))
        return record

    def _run(self) -> ScenarioRecord:
        frame = Frame(self.scenario, self.shared)
        options = self.shared.options
        frame.variables = initial_variables(self.scenario, frame, options.values, options.secrets)
        hidden = set(self.scenario.secrets)
        hidden.update(name for name, value in options.values.items() if isinstance(value, FromEnvironment))
        hidden.difference_update(set(self.scenario.vars) - set(self.scenario.secrets))
        for name, value in self.scenario.vars.items():
            if any(reference.name in hidden for one in value.expressions for reference in one.references):
                hidden.add(name)
        self.vars = {name: value for name, value in frame.variables.items() if name not in hidden}
        flow = Flow(frame, [])
        entries = flow.sequence(self.scenario.steps, self._at("steps"))
        entries += flow.finish(self._at)
        steps = flow.resolve(entries)
        left: list[str] = []
        if self.shared.created:
            from runner.executor.cleanup.remove import clean_up

            cleanup, left = clean_up(self.shared)
            steps += self._numbered(cleanup, len(steps))
        status, error_found = first_failure(steps)
        outputs: dict[str, object] = {}
        if status == "passed":
            try:
                outputs = {name: one.evaluate(frame.scope()) for name, one in self.scenario.outputs.items()}
            except RunnerError as error:
                status, error_found = "error", error.diagnostic()
        return self._record(status, steps=tuple(steps), outputs=outputs, left=tuple(left), error=error_found)

    def _at(self, phase: Phase) -> Position:
        return Position(StepKey(self.index, ()), phase)

    def _numbered(self, records: list[StepRecord], first: int) -> list[StepRecord]:
        for number, record in enumerate(records, first):
            key = StepKey(self.index, (number,))
            self.shared.emit(StepStarted(key, record.id, record.kind, "cleanup"))
            self.shared.emit(StepFinished(key, record))
        return records

    def _record(
        self,
        status: Status,
        *,
        steps: tuple[StepRecord, ...] = (),
        outputs: dict[str, object] | None = None,
        error: Diagnostic | None = None,
        reason: str | None = None,
        left: tuple[str, ...] = (),
    ) -> ScenarioRecord:
        return ScenarioRecord(
            file=self.scenario.file,
            title=self.scenario.title,
            status=status,
            about=self.scenario.about,
            duration_ms=self.shared.elapsed_ms(),
            vars=dict(self.vars),
            outputs=outputs or {},
            steps=steps,
            error=error,
            reason=reason,
            left=left,
            engine=self.engine,
        )
