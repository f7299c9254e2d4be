"""The events of a run, in the order in which they happen.

Progress, reporters and recorders only consume these; the executor never prints and never opens a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from runner.executor.record import EngineRecord, Phase, ScenarioRecord, StepRecord


@dataclass(frozen=True, slots=True)
class StepKey:
    """Names one step of a run: the scenario's index and the path of indexes down to the step (``for_each`` elements
    and the children of ``parallel`` and ``include`` go one deeper)."""

    scenario: int
    path: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RunStarted:
    started_at: str
    engine: EngineRecord | None
    scenarios: int


@dataclass(frozen=True, slots=True)
class ScenarioStarted:
    index: int
    file: str
    title: str
    steps: int


@dataclass(frozen=True, slots=True)
class StepStarted:
    key: StepKey
    id: str
    kind: str
    phase: Phase
    background: bool = False


@dataclass(frozen=True, slots=True)
class RequestSent:
    """A step's request is on its way; ``target`` is the path without the API version."""

    key: StepKey
    method: str
    target: str


@dataclass(frozen=True, slots=True)
class OutputArrived:
    """A piece of a container's output, as it comes."""

    key: StepKey
    stream: Literal["stdout", "stderr"]
    data: bytes


@dataclass(frozen=True, slots=True)
class ItemArrived:
    """An element of a stream (one stats sample, one line of a pull's progress)."""

    key: StepKey
    item: Any


@dataclass(frozen=True, slots=True)
class StepFinished:
    key: StepKey
    record: StepRecord


@dataclass(frozen=True, slots=True)
class ScenarioFinished:
    index: int
    record: ScenarioRecord


@dataclass(frozen=True, slots=True)
class RunFinished:
    duration_ms: float
    summary: Mapping[str, int]


Event = (
    RunStarted
    | ScenarioStarted
    | StepStarted
    | RequestSent
    | OutputArrived
    | ItemArrived
    | StepFinished
    | ScenarioFinished
    | RunFinished
)
