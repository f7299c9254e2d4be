"""Two engines' reports, made by hand, and what differs between them."""

from __future__ import annotations

from typing import Any

from runner.report.comparison.compare import compare
from runner.report.comparison.known import Known, KnownDifferences
from runner.report.comparison.model import Comparison
from runner.results.records import EngineRecord, Report, ScenarioRecord, StepRecord
from tests.report.factories import ENGINE, call

PODMAN = EngineRecord("podman", "5.4.2", "1.41", "unix:///run/podman/podman.sock")
ID = "9f2c41d07ab3" + "5" * 52
OTHER_ID = "7d0e4b1c55aa" + "3" * 52


def inspect(body: Any, *, status: int = 200, **fields: Any) -> StepRecord:
    return call("ContainerInspect", "GET", "/containers/x/json", body, status_code=status, **fields)


def report(*steps: StepRecord, engine: EngineRecord | None = ENGINE, **fields: Any) -> Report:
    given = {"file": "scenarios/x.yaml", "title": "A title", "status": "passed", "steps": steps, **fields}
    return Report("passed", "2026-11-23T14:00:00Z", 1.0, engine, (ScenarioRecord(**given),))


def compared(one: Report, other: Report, *known: Known, strict: bool = False) -> Comparison:
    accepted = KnownDifferences(known, "known.yaml") if known else None
    return compare({"docker": one, "podman": other}, strict=strict, known=accepted)


def bodies(one: Any, other: Any, *, strict: bool = False) -> list[tuple[str, str, tuple[str, ...]]]:
    """Compare two answers; each difference as its path, its kind and its values."""
    comparison = compared(report(inspect(one)), report(inspect(other), engine=PODMAN), strict=strict)
    return [(entry.path, entry.kind, entry.values) for entry in comparison.entries]
