"""Counts what reports exercised of the API: operations, documented statuses and parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from runner.api.contract import documented_statuses
from runner.api.operations import Operation, all_operations
from runner.library.inputs import File
from runner.report.comparison.read import read_report
from runner.results.records import Report, StepRecord


class OperationCoverage(NamedTuple):
    """Holds what reports exercised of an operation. ``successes`` counts answers that its reference calls a success;
    ``statuses`` are the documented ones, ``seen`` those that came, with how often; ``used`` counts its parameters."""

    operation: Operation
    successes: int
    statuses: tuple[int, ...]
    seen: Mapping[int, int]
    used: Mapping[str, int]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(param.name for param in self.operation.params)

    @property
    def missing_statuses(self) -> tuple[int, ...]:
        """The documented statuses that never came."""
        return tuple(status for status in self.statuses if status not in self.seen)

    @property
    def missing_parameters(self) -> tuple[str, ...]:
        """The parameters that were never sent."""
        return tuple(name for name in self.parameters if name not in self.used)


class Coverage(NamedTuple):
    """Holds the counts of all operations, in the order of the API's description."""

    operations: tuple[OperationCoverage, ...]

    @property
    def exercised(self) -> tuple[OperationCoverage, ...]:
        """The operations that an engine answered with success."""
        return tuple(one for one in self.operations if one.successes)

    @property
    def missing(self) -> tuple[OperationCoverage, ...]:
        """The operations that no engine answered with success."""
        return tuple(one for one in self.operations if not one.successes)


class Share(NamedTuple):
    """A part of a whole, both counted."""

    done: int
    all: int


def coverage(reports: Iterable[Report | File], *, operations: Iterable[Operation] | None = None) -> Coverage:
    """Count which operations, documented statuses and parameters reports exercised. The documented statuses are those
    of the newest version of the API.

    Args:
        reports: Reports, or files that ``run … -o report.json`` wrote.
        operations: The operations to count; by default all.

    Raises:
        UsageError: ``unreadable-report``.
    """
    seen: dict[str, Counter[int]] = {}
    used: dict[str, Counter[str]] = {}
    for report in reports:
        record = report if isinstance(report, Report) else read_report(Path(report))
        for step in _calls(step for scenario in record.scenarios for step in scenario.steps):
            name = str(step.operation)
            assert step.response is not None
            seen.setdefault(name, Counter())[step.response.status] += 1
            used.setdefault(name, Counter()).update(_sent(step))
    chosen = all_operations() if operations is None else operations
    return Coverage(
        tuple(
            _of_operation(operation, seen.get(operation.id, Counter()), used.get(operation.id, Counter()))
            for operation in chosen
        )
    )


def statuses(covered: Coverage) -> Share:
    """Return how many of the documented statuses came."""
    every = sum(len(one.statuses) for one in covered.operations)
    return Share(every - sum(len(one.missing_statuses) for one in covered.operations), every)


def parameters(covered: Coverage) -> Share:
    """Return how many of the parameters were sent."""
    every = sum(len(one.parameters) for one in covered.operations)
    return Share(every - sum(len(one.missing_parameters) for one in covered.operations), every)


def _of_operation(operation: Operation, seen: Counter[int], used: Counter[str]) -> OperationCoverage:
    successes = sum(number for status, number in seen.items() if status in operation.success)
    names = {param.name for param in operation.params}
    path = {param.name: sum(seen.values()) for param in operation.path_params if seen}
    sent = {name: number for name, number in used.items() if name in names}
    return OperationCoverage(operation, successes, documented_statuses(operation.id), dict(seen), {**path, **sent})


def _calls(steps: Iterable[StepRecord]) -> Iterator[StepRecord]:
    """Yield the steps of operations that were answered, those inside of others too."""
    for step in steps:
        if step.operation is not None and step.response is not None:
            yield step
        yield from _calls((*(step.each or ()), *(step.steps or ())))


def _sent(step: StepRecord) -> Iterator[Any]:
    """Yield the names of the parameters of query and header that a step sent."""
    if step.request is not None:
        yield from step.request.query
        yield from step.request.headers
