"""Renders a comparison as JSON."""

from __future__ import annotations

from typing import Any

from runner.report.comparison.model import ComparedStep, Comparison, Difference, Entry
from runner.report.json import dumps, engine_value
from runner.version import __version__

COMPARISON_VERSION = 1
"""Rises when a field changes its meaning or goes."""


def render(comparison: Comparison) -> str:
    """Return the comparison as JSON text, with a line for each step and each difference."""
    head = {
        "comparison_version": COMPARISON_VERSION,
        "tool": {"name": "engine-recipes", "version": __version__},
        "alike": comparison.alike,
        "engines": [{"column": column.name, "engine": engine_value(column.engine)} for column in comparison.columns],
        "new": len(comparison.new),
        "known": len(comparison.known),
        "no_longer_appear": list(comparison.unmatched),
        "problems": list(comparison.problems),
    }
    lists = {
        "differences": [dumps(_entry(comparison, entry)) for entry in comparison.entries],
        "steps": [dumps(_step(comparison, step)) for step in comparison.steps],
    }
    return ",\n".join([dumps(head)[:-1], *(_list(name, rows) for name, rows in lists.items())]) + "}\n"


def _list(name: str, rows: list[str]) -> str:
    lines = ",\n  ".join(rows)
    return f'"{name}": [\n  {lines}\n]' if rows else f'"{name}": []'


def _named(comparison: Comparison, values: tuple[Any, ...]) -> dict[str, Any]:
    return {column.name: value for column, value in zip(comparison.columns, values, strict=True)}


def _entry(comparison: Comparison, entry: Entry) -> dict[str, Any]:
    return {
        "operation": entry.operation,
        "path": entry.path,
        "kind": entry.kind,
        "values": _named(comparison, entry.values),
        "steps": entry.steps,
        "first": entry.place,
        "known": entry.known,
    }


def _step(comparison: Comparison, step: ComparedStep) -> dict[str, Any]:
    value: dict[str, Any] = {
        "scenario": step.scenario,
        "file": step.file,
        "line": step.line,
        "id": step.id,
        "title": step.title,
        "operation": step.operation,
        "outcomes": _named(comparison, tuple(cell.outcome for cell in step.cells)),
        "statuses": _named(comparison, tuple(cell.response for cell in step.cells)),
        "differences": [_difference(comparison, difference) for difference in step.differences],
    }
    if step.left_out:
        value["left_out"] = step.left_out
    if step.uncompared is not None:
        value["uncompared"] = step.uncompared
    return value


def _difference(comparison: Comparison, difference: Difference) -> dict[str, Any]:
    return {
        "path": difference.path,
        "kind": difference.kind,
        "values": _named(comparison, difference.values),
        "known": difference.known,
    }
