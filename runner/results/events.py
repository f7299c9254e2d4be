"""Defines the events of a run, which the executor yields in the order in which they happen.

Progress displays, reporters and recorders only consume them; the executor never prints and never opens a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from runner.results.records import EngineRecord, Phase, ScenarioRecord, StepRecord


class StepKey(NamedTuple):
    """Identifies one step of a run: the scenario's index and the path of indexes down to the step (elements of
    ``for_each`` and the children of ``parallel`` and ``include`` go one deeper)."""

    scenario: int
    path: tuple[int, ...]


class RunStarted(NamedTuple):
    started_at: str
    engine: EngineRecord | None
    scenarios: int


class ScenarioStarted(NamedTuple):
    scenario: int
    file: str
    title: str
    steps: int
    engine: EngineRecord | None = None


class StepStarted(NamedTuple):
    key: StepKey
    id: str
    kind: str
    phase: Phase
    background: bool = False


class RequestSent(NamedTuple):
    """A step's request is about to be sent; ``target`` is the path without the API version."""

    key: StepKey
    method: str
    target: str


class OutputArrived(NamedTuple):
    """A piece of a container's output has arrived."""

    key: StepKey
    stream: Literal["stdout", "stderr"]
    data: bytes


class ItemArrived(NamedTuple):
    """An element of a stream has arrived (a sample of stats, a line of a pull's progress); ``size`` is the number of
    bytes since the previous one."""

    key: StepKey
    item: Any
    size: int = 0


class StepFinished(NamedTuple):
    key: StepKey
    record: StepRecord


class ScenarioFinished(NamedTuple):
    scenario: int
    record: ScenarioRecord


class RunFinished(NamedTuple):
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
