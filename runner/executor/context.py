"""What the parts of the executor share: one scenario's run."""

from __future__ import annotations

import threading
import time
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.executor.cancellation import EVERYTHING, STEPS, Stop
from runner.results.events import Event, StepKey
from runner.results.records import EMPTY, Phase
from runner.scenario.expressions.expression import Results

if TYPE_CHECKING:
    from runner.engine.docker_config.credentials import Credentials
    from runner.engine.engine import Engine
    from runner.scenario.model import Scenario, Step

Conceal = Callable[[Iterable[str]], None]

DEFAULT_TIMEOUT = 60.0
SLOW_TIMEOUT = 600.0


class Options(NamedTuple):
    """How a run is to go. ``values`` are the variables from outside, ``secrets`` the secret ones; ``timeout`` is the
    default of every step, in seconds, or None for the scenario's own or the built-in ones; ``credentials`` are the
    docker CLI's, asked for only by what needs a registry; ``folder`` is the one inside which files may be written."""

    values: Mapping[str, Any] = EMPTY
    secrets: Mapping[str, str] = EMPTY
    timeout: float | None = None
    credentials: Callable[[], Credentials] | None = None
    keep_going: bool = False
    keep: bool = False
    jobs: int = 1
    folder: Path = Path()


class Shared:
    """One scenario file's run, included scenarios and all: the engine, the clock, where events go.

    A first request to stop breaks the exchanges of ``engine``, which is for the steps; ``ending`` is the same engine
    for what cleans up, and only a second request breaks its. ``conceal`` makes secrets known that were found on the
    way, so that they are masked.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        ending: Engine,
        options: Options,
        stop: Stop,
        emit: Callable[[Event], None],
        conceal: Conceal,
        index: int,
        run_id: str,
        title: str,
    ) -> None:
        self.engine = engine
        self.ending = ending
        self.options = options
        self.stop = stop
        self.emit = emit
        self.conceal = conceal
        self.index = index
        self.run_id = run_id
        self.title = title
        self.started = time.monotonic()
        self.created: set[str] = set()
        """The nouns (``container``, ``network``) of which this run may have created something."""
        self.updatable: set[str] = set()
        """Ids and names of what this run has created and may update."""
        self.terminals: dict[str, bool] = {}
        """Whether a container has a terminal (``Tty``), by id, as far as this run has created it."""

    def part(self) -> Shared:
        """The same for a scenario inside this one, whose steps can be stopped by themselves."""
        from copy import copy

        part = copy(self)
        part.engine, part.ending, part.stop = self.engine.share(), self.ending.share(), self.stop.part()
        part.stop.on_request(part.wake)
        return part

    def wake(self, urgency: int) -> None:
        """Break the exchanges of what must end at that urgency."""
        self.engine.abort()
        if urgency >= EVERYTHING:
            self.ending.abort()

    def elapsed_ms(self) -> float:
        return (time.monotonic() - self.started) * 1000


class Frame:
    """The variables of one scenario: the run's own, or an included one's."""

    def __init__(self, scenario: Scenario, shared: Shared) -> None:
        self.scenario = scenario
        self.shared = shared
        self._variables: list[dict[str, Any]] = [{}]
        self.results = Results()
        self.lock = threading.Lock()
        engine = shared.engine
        about = {"name": engine.name, "version": engine.version, "api_version": engine.api_version}
        self._always = {"steps": self.results, "engine": about}

    @property
    def variables(self) -> dict[str, Any]:
        """The same for this frame and its parts."""
        return self._variables[0]

    @variables.setter
    def variables(self, value: dict[str, Any]) -> None:
        self._variables[0] = value

    def part(self) -> Frame:
        """The same names, for steps that can be stopped by themselves."""
        from copy import copy

        part = copy(self)
        part.shared = self.shared.part()
        return part

    def scope(self, *local: Mapping[str, Any]) -> ChainMap[str, Any]:
        """What expressions see: ``local`` names first, then variables, then ``steps`` and ``engine``."""
        maps: Any = (*local, self.variables, self._always)
        return ChainMap(*maps)


class Position(NamedTuple):
    """Where a step runs: its event key, its phase, and the names that only it sees (``item``)."""

    key: StepKey
    phase: Phase
    local: Mapping[str, Any] = EMPTY

    @property
    def urgency(self) -> int:
        """How urgent a stop must be to end it: what cleans up ends only when everything does."""
        return STEPS if self.phase == "steps" else EVERYTHING

    def child(self, index: int, **local: Any) -> Position:
        return Position(StepKey(self.key.scenario, (*self.key.path, index)), self.phase, {**self.local, **local})


class Turn(NamedTuple):
    """One step's turn: the step, the variables it runs among, and where it stands."""

    step: Step
    frame: Frame
    position: Position

    @property
    def shared(self) -> Shared:
        return self.frame.shared

    @property
    def engine(self) -> Engine:
        return self.shared.engine if self.position.phase == "steps" else self.shared.ending

    @property
    def timeout(self) -> float:
        """The step's time in seconds: its own, else ``--timeout``, else the scenario's, else the operation's."""
        for seconds in (self.step.timeout, self.shared.options.timeout, self.frame.scenario.timeout):
            if seconds is not None:
                return seconds
        operation = getattr(self.step.kind, "operation", None)
        return SLOW_TIMEOUT if operation is not None and operation.slow else DEFAULT_TIMEOUT

    def scope(self, *local: Mapping[str, Any]) -> ChainMap[str, Any]:
        """What the step's expressions see."""
        return self.frame.scope(*local, self.position.local)

    def emit(self, event: Event) -> None:
        self.shared.emit(event)

    def interrupted(self) -> bool:
        """Whether a stop was asked for that is urgent enough to end this step."""
        return self.shared.stop.asked(self.position.urgency)

    def rest(self, seconds: float) -> bool:
        """Sleep, unless only a recording is played; True says that it was cut short by a stop."""
        if self.engine.recorded_at is not None:
            seconds = 0.0
        return self.shared.stop.wait(seconds, self.position.urgency)
