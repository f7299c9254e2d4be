"""Runs scenario files, each on its engine, and yields what happens as a stream of events.

The scenarios run in threads of their own, so that the consumer of the events can be interrupted by a signal at any time
without loss.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from runner.clock import utc_now
from runner.engine.engine import Engine
from runner.errors import Diagnostic, RunnerError
from runner.executor.cancellation import CancelScope, Level
from runner.executor.context import Conceal, Options, Position, RunContext, VariableScope, new_run
from runner.executor.event_masking import EventMasker
from runner.executor.event_queue import EventQueue
from runner.executor.generated import Generated
from runner.executor.requirements import unmet
from runner.executor.steps.flow import Flow
from runner.executor.threads import run_concurrently
from runner.executor.untyped import FromEnvironment
from runner.executor.variables import set_initial_variables
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
    """A scenario to run, and the engine to run it on. ``run_id`` is in the labels of everything that it creates;
    ``conceal`` gets the secrets that are found during the run, as the run's own masker does; ``values`` are variables
    from outside for this scenario alone, over which those of the options take precedence; ``generated`` are the values
    of the replayed run, or those to record."""

    scenario: Scenario
    engine: Engine
    run_id: str
    conceal: Conceal | None = None
    values: Mapping[str, Any] = EMPTY
    generated: Generated | None = None

    @classmethod
    def new(cls, scenario: Scenario, engine: Engine, conceal: Conceal | None = None) -> Job:
        """Return a job with a new run id."""
        run_id = os.urandom(6).hex()
        return cls(scenario, engine, run_id, conceal, generated=Generated(run_id))


def execute(
    jobs: tuple[Job, ...], options: Options, cancellation: CancelScope, mask: EventMasker | None = None
) -> Generator[Event, None, None]:
    """Run scenarios and yield what happens, masked; the caller's ``mask`` is given the secrets of the options.

    Closing the iterator early cancels the run, which still cleans up before it ends.
    """
    queue = EventQueue()
    cancellation.on_cancel(lambda _level: queue.stop_blocking())
    mask = mask or EventMasker(options.secrets.values())
    arguments = (jobs, options, cancellation, queue, mask.conceal)
    worker = threading.Thread(target=_run_jobs, args=arguments, name="run", daemon=True)
    worker.start()
    try:
        for event in queue.drain(_import_cleanup):
            yield from mask(event)
    finally:
        if worker.is_alive():
            cancellation.escalate()
        queue.stop_blocking()
        worker.join()


def _import_cleanup() -> None:
    """Import the cleanup while the run waits for the engine. Where no file can be opened just then, it is imported once
    the steps have ended."""
    with contextlib.suppress(OSError, ImportError):
        import runner.executor.cleanup.end_of_run  # noqa: F401


def _run_jobs(
    jobs: tuple[Job, ...], options: Options, cancellation: CancelScope, queue: EventQueue, conceal: Conceal
) -> None:
    started = time.monotonic()
    written: set[Path] = set()
    try:
        first = engine_record(jobs[0].engine) if jobs else None
        queue.put(RunStarted((first and first.recorded_at) or utc_now(), first, len(jobs)))

        def run(numbered: tuple[int, Job]) -> ScenarioRecord:
            index, job = numbered
            context = _context(job, index, options, cancellation, written=written, emit=queue.put, conceal=conceal)
            try:
                return _ScenarioRun(job.scenario, context).run()
            finally:
                context.files.close()

        if options.jobs > 1 and len(jobs) > 1:
            records = run_concurrently(run, enumerate(jobs), min(options.jobs, len(jobs)))
        else:
            records = [run(job) for job in enumerate(jobs)]
        summary: dict[str, int] = {}
        for record in records:
            summary[record.status] = summary.get(record.status, 0) + 1
        queue.put(RunFinished((time.monotonic() - started) * 1000, summary))
    except BaseException as error:  # noqa: BLE001 - a bug is raised again in the consumer
        queue.close(error)
    else:
        queue.close()


def engine_record(engine: Engine) -> EngineRecord:
    return EngineRecord(
        engine.name, engine.version, engine.api_version, engine.endpoint.url, recorded_at=engine.recorded_at
    )


def _context(
    job: Job,
    index: int,
    options: Options,
    cancellation: CancelScope,
    *,
    written: set[Path],
    emit: Callable[[Event], None],
    conceal: Conceal,
) -> RunContext:
    def conceal_everywhere(secrets: Iterable[str]) -> None:
        every = tuple(secrets)
        conceal(every)
        if job.conceal is not None:
            job.conceal(every)

    conceal_everywhere(job.engine.endpoint.secrets)
    return new_run(
        engine=job.engine,
        options=options._replace(values={**job.values, **options.values}) if job.values else options,
        cancellation=cancellation.child(),
        emit=emit,
        conceal=conceal_everywhere,
        scenario_index=index,
        run_id=job.run_id,
        generated=job.generated,
        scenario=job.scenario,
        written=written,
    )


class _ScenarioRun:
    """Runs one scenario file, from its requirements to its cleanup."""

    def __init__(self, scenario: Scenario, context: RunContext) -> None:
        self.scenario = scenario
        self.context = context
        self.engine = engine_record(context.engine)
        self.vars: dict[str, object] = {}

    def run(self) -> ScenarioRecord:
        scenario, context = self.scenario, self.context
        steps = len(scenario.steps) + len(scenario.finally_)
        context.emit(ScenarioStarted(context.scenario_index, scenario.file, scenario.title, steps, self.engine))
        try:
            reason = (
                "the run was interrupted"
                if context.cancellation.reached(Level.STEPS)
                else unmet(scenario.requires, context.engine)
            )
            record = self._run() if reason is None else self._record("skipped", reason=reason)
        except RunnerError as error:
            record = self._record("error", error=error.diagnostic())
        context.emit(ScenarioFinished(context.scenario_index, record))
        return record

    def _run(self) -> ScenarioRecord:
        context = self.context
        scope = VariableScope(self.scenario, context.engine, context.generated)
        set_initial_variables(scope, context.options.values, context.options.secrets)
        private = self._private_names()
        self.vars = {name: value for name, value in scope.variables.items() if name not in private}
        flow = Flow(context, scope, [])
        try:
            entries = flow.sequence(self.scenario.steps, self._at("steps"), on_failure=self.scenario.on_failure)
            entries += flow.finish(self._at)
            steps = flow.resolve(entries)
        except BaseException:  # a bug, which leaves nothing either
            self._clean_up()
            raise
        cleanup, left = self._clean_up()
        steps += self._emit_cleanup(cleanup, len(steps))
        status, error_record = first_failure(steps)
        outputs: dict[str, object] = {}
        if status == "passed" and context.options.contract is not None:
            from runner.executor.response.contract import verdict

            error_record = verdict(steps)
            status = "passed" if error_record is None else "failed"
        if status == "passed":
            try:
                outputs = {
                    name: expression.evaluate(scope.names()) for name, expression in self.scenario.outputs.items()
                }
            except RunnerError as error:
                status, error_record = "error", error.diagnostic()
        return self._record(status, steps=tuple(steps), outputs=outputs, left=tuple(left), error=error_record)

    def _clean_up(self) -> tuple[list[StepRecord], list[str]]:
        """Remove what is left; return a record for each removal, and a line for each thing that may still be there."""
        context = self.context
        if not (context.created.nouns or context.created.builds or context.created.creations):
            return [], []
        from runner.executor.cleanup.end_of_run import clean_up

        records, left = clean_up(context)
        context.journal.close(is_clean=not left)
        return records, left

    def _private_names(self) -> set[str]:
        """Return the variables that no report shows: secrets, undeclared ones from the environment, and those that are
        computed from them."""
        scenario = self.scenario
        values = self.context.options.values.items()
        private = {name for name, value in values if isinstance(value, FromEnvironment)} - set(scenario.vars)
        private.update(scenario.secrets)
        for name, value in scenario.vars.items():
            references = (reference for expression in value.expressions for reference in expression.references)
            if any(reference.name in private for reference in references):
                private.add(name)
        return private

    def _at(self, phase: Phase) -> Position:
        return Position(StepKey(self.context.scenario_index, ()), phase)

    def _emit_cleanup(self, records: list[StepRecord], first: int) -> list[StepRecord]:
        """Emit the events of the cleanup; ``first`` is the index of its first step."""
        for number, record in enumerate(records, first):
            key = StepKey(self.context.scenario_index, (number,))
            self.context.emit(StepStarted(key, record.id, record.kind, "cleanup"))
            self.context.emit(StepFinished(key, record))
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
            duration_ms=self.context.elapsed_ms(),
            vars=dict(self.vars),
            outputs=outputs or {},
            steps=steps,
            error=error,
            reason=reason,
            left=left,
            engine=self.engine,
            generated=self.context.generated.texts,
        )
