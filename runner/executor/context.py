"""Holds what the parts of the executor share: the run, its variable scopes, a step in its context."""

from __future__ import annotations

import threading
import time
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runner.contradiction import Contract
from runner.executor.cancellation import CancelScope, Level
from runner.executor.files import FilePolicy, RunFiles
from runner.executor.generated import Generated
from runner.executor.response.watch import Watched
from runner.executor.tracking.created import CreatedResources
from runner.executor.tracking.journal import Journal
from runner.results.events import Event, StepKey
from runner.results.records import EMPTY, Phase
from runner.scenario.expressions.references import Results

if TYPE_CHECKING:
    from runner.engine.docker_config.credentials import Credentials
    from runner.engine.engine import Engine
    from runner.scenario.model import Scenario, Step

Conceal = Callable[[Iterable[str]], None]
"""Registers secrets that are found during a run, so that they are masked from then on."""

DEFAULT_TIMEOUT: Final = 60.0
SLOW_TIMEOUT: Final = 600.0
"""The default timeout of operations that may move a lot of data, in seconds."""


class Options(NamedTuple):
    """The settings of a run. ``values`` are variables from outside, ``secrets`` the secret ones; ``timeout`` is the
    default of every step, in seconds, or None for the scenario's own or the built-in ones; ``credentials`` returns the
    docker CLI's, and is called only by operations that need a registry; files are written inside ``folder`` only.
    Without an engine, and with ``confined``, files are read below the scenario's folder only, and written to a private
    one; ``allow_read`` and ``allow_write`` are further folders for both. ``state`` is the folder of journals;
    ``contract`` holds answers against the API's description."""

    values: Mapping[str, Any] = EMPTY
    secrets: Mapping[str, str] = EMPTY
    timeout: float | None = None
    credentials: Callable[[], Credentials] | None = None
    keep_going: bool = False
    keep: bool = False
    jobs: int = 1
    folder: Path = Path()
    confined: bool = False
    allow_read: tuple[Path, ...] = ()
    allow_write: tuple[Path, ...] = ()
    state: Path | None = None
    contract: Contract | None = None


class RunContext(NamedTuple):
    """The run of one scenario file, with the scenarios that it includes. None of these references changes.

    The first level of cancellation breaks the exchanges of ``engine``, which serves the steps; ``cleanup_engine`` and
    ``creating_engine`` are the same engine for what cleans up and what creates something, whose exchanges only the
    second level breaks. ``started`` is monotonic.
    """

    engine: Engine
    cleanup_engine: Engine
    creating_engine: Engine
    options: Options
    cancellation: CancelScope
    emit: Callable[[Event], None]
    conceal: Conceal
    scenario_index: int
    run_id: str
    title: str
    created: CreatedResources
    files: RunFiles
    journal: Journal
    generated: Generated
    started: float

    def child(self) -> RunContext:
        """Return the same run with a child cancel scope, for steps that can be cancelled by themselves."""
        child = self._replace(
            engine=self.engine.share(),
            cleanup_engine=self.cleanup_engine.share(),
            cancellation=self.cancellation.child(),
        )
        child.cancellation.on_cancel(child.wake)
        return child

    def wake(self, level: Level) -> None:
        """Break the exchanges that end at that level."""
        self.engine.abort()
        if level >= Level.EVERYTHING:
            self.cleanup_engine.abort()
            self.creating_engine.abort()

    @property
    def replayed(self) -> bool:
        """Return whether only a recording answers."""
        return self.engine.recorded_at is not None

    def elapsed_ms(self) -> float:
        return (time.monotonic() - self.started) * 1000


def new_run(
    *,
    engine: Engine,
    options: Options,
    cancellation: CancelScope,
    emit: Callable[[Event], None],
    conceal: Conceal,
    scenario: Scenario,
    written: set[Path],
    offline: bool = False,
    scenario_index: int = 0,
    run_id: str = "",
    generated: Generated | None = None,
) -> RunContext:
    """Start a run, whose cancellation breaks its exchanges with the engine. Without a ``run_id``, nothing is
    labelled. ``written`` is the set of files that it may replace; ``offline`` is for a run without an engine."""
    is_offline = offline or options.confined or engine.recorded_at is not None
    policy = FilePolicy(options.folder, options.allow_read, options.allow_write, written, is_offline)
    run = RunContext(
        engine=engine.share(),
        cleanup_engine=engine.share(),
        creating_engine=engine.share(),
        options=options,
        cancellation=cancellation,
        emit=emit,
        conceal=conceal,
        scenario_index=scenario_index,
        run_id=run_id,
        title=scenario.title,
        created=CreatedResources(),
        files=RunFiles(policy, scenario.path.parent),
        journal=Journal(None if is_offline else options.state, run_id, engine.endpoint.url),
        generated=generated or Generated(run_id),
        started=time.monotonic(),
    )
    cancellation.on_cancel(run.wake)
    return run


class VariableScope:
    """The names that the steps of one scenario see: its variables, the results of steps, facts of the engine.
    ``watched`` are the streams that were too long to be kept, by the step's id.
    Thread-safe: a change replaces the mapping of variables, since expressions in other threads may be reading it.

    A scope with an ``outer`` one begins with what that has, and keeps its changes to itself.
    """

    def __init__(
        self,
        scenario: Scenario,
        engine: Engine,
        generated: Generated,
        position: tuple[int, ...] = (),
        outer: VariableScope | None = None,
    ) -> None:
        self._generated = generated
        self._position = position
        self.scenario = scenario
        self.variables: Mapping[str, Any] = outer.variables if outer else {}
        self.results: Results = Results(outer.results if outer else ())
        self.unset: dict[str, str] = dict(outer.unset) if outer else {}
        """The names that a step should have set and did not, with its id."""
        self.without_result: dict[str, str] = dict(outer.without_result) if outer else {}
        """The ids of steps that did not pass, or did not run, with a word on why."""
        self.setters: Mapping[str, str] = (
            outer.setters if outer else {name: step.id for step in scenario.walk() for name in step.sets}
        )
        """The names that steps of the scenario set, with the last such step's id."""
        self.watched: dict[str, Watched] = dict(outer.watched) if outer else {}
        self._engine = engine
        self._lock = threading.Lock()
        facts = {"name": engine.name, "version": engine.version, "api_version": engine.api_version}
        self._built_in = {
            "steps": self.results,
            "engine": facts,
            "run": generated.facts,
            **generated.at(position),
        }

    def names(self, *local: Mapping[str, Any]) -> ChainMap[str, Any]:
        """Return what expressions see: ``local`` names first, then variables, then ``steps`` and ``engine``."""
        maps: Any = (*local, self.variables, self._built_in)
        return ChainMap(*maps)

    def layer(self) -> VariableScope:
        """Return a scope above this one, for one element of a loop."""
        return VariableScope(self.scenario, self._engine, self._generated, self._position, self)

    def set(self, variables: Mapping[str, Any]) -> None:
        """Set variables."""
        if variables:
            with self._lock:
                self.variables = {**self.variables, **variables}
                for name in variables if self.unset else ():
                    self.unset.pop(name, None)

    def lose(self, names: Iterable[str], step_id: str, *, older: bool) -> None:
        """Note names that a step did not set; with ``older``, those that have a value from before lose it."""
        with self._lock:
            lost = [name for name in names if older or name not in self.variables]
            self.unset.update(dict.fromkeys(lost, step_id))
            if any(name in self.variables for name in lost):
                self.variables = {name: value for name, value in self.variables.items() if name not in lost}

    def watch(self, step_id: str, watched: Watched) -> None:
        """Note the streams of a step that were too long to be kept, in place of those of an earlier attempt."""
        if watched.streams or step_id in self.watched:
            self.watched[step_id] = watched


class Position(NamedTuple):
    """Locates a step in its run: its event key, its phase, and the names that only it sees (``item``). One that runs
    ``after_failure`` may look at what a failed step has left."""

    key: StepKey
    phase: Phase
    local: Mapping[str, Any] = EMPTY
    after_failure: bool = False

    @property
    def level(self) -> Level:
        """The cancellation level that ends a step here: what cleans up ends only when everything does."""
        return Level.STEPS if self.phase == "steps" else Level.EVERYTHING

    def child(self, index: int, **local: Any) -> Position:
        key = StepKey(self.key.scenario, (*self.key.path, index))
        return self._replace(key=key, local={**self.local, **local} if local else self.local)


class StepContext(NamedTuple):
    """A step in its execution context: the run, the variable scope and the position."""

    step: Step
    run: RunContext
    scope: VariableScope
    position: Position

    @property
    def key(self) -> StepKey:
        return self.position.key

    @property
    def engine(self) -> Engine:
        return self.run.engine if self.position.phase == "steps" else self.run.cleanup_engine

    @property
    def timeout(self) -> float:
        """The step's timeout in seconds: its own, else ``--timeout``, else the scenario's, else the operation's."""
        own = self.step.timeout  # a template until the step runs
        for seconds in (own, self.run.options.timeout, self.scope.scenario.timeout):
            if isinstance(seconds, (int, float)):
                return seconds
        operation = self.step.operation
        return SLOW_TIMEOUT if operation is not None and operation.slow else DEFAULT_TIMEOUT

    def names(self, *local: Mapping[str, Any]) -> ChainMap[str, Any]:
        """Return what the step's expressions see."""
        return self.scope.names(*local, self.position.local, self.run.generated.at(self.key.path))

    def emit(self, event: Event) -> None:
        self.run.emit(event)

    def cancelled(self) -> bool:
        """Return whether this step must end."""
        return self.run.cancellation.reached(self.position.level)

    def sleep(self, seconds: float) -> bool:
        """Sleep, except in a replay; True if the step was cancelled meanwhile."""
        return self.run.cancellation.wait(0.0 if self.run.replayed else seconds, self.position.level)
