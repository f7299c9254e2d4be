"""Lists scenarios and their steps, for ``run --list``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from runner.errors import UsageError
from runner.text import visible

if TYPE_CHECKING:
    from runner.scenario.model import Scenario, Step

FORMATS = (None, "text", "json")


def listing(scenarios: Iterable[Scenario], name: str | None) -> str:
    """Return the list in a format: as text, or as JSON.

    Raises:
        UsageError: ``unknown-format``.
    """
    if name not in FORMATS:
        raise UsageError("unknown-format", f"--list has no format '{name}'", hint="it is text (default) or json")
    if name == "json":
        return json.dumps([_as_json(scenario) for scenario in scenarios], indent=2, ensure_ascii=False) + "\n"
    return "\n".join("\n".join(_lines(scenario)) + "\n" for scenario in scenarios)


def _as_json(scenario: Scenario) -> dict[str, Any]:
    steps = [
        {"id": step.id, "kind": step.name, "title": title_of(step), "phase": phase, "tags": [*step.tags]}
        for phase, step, _ in _steps(scenario)
    ]
    return {"file": scenario.file, "title": scenario.title, "tags": [*scenario.tags], "steps": steps}


def _lines(scenario: Scenario) -> Iterator[str]:
    yield visible(f"{scenario.file} · {scenario.title}{_tags(scenario.tags)}")
    rows = [(f"{'  ' * depth}{step.id}", step.name, phase, step) for phase, step, depth in _steps(scenario)]
    id_width = max((len(name) for name, *_ in rows), default=0)
    kind_width = max((len(kind) for _, kind, *_ in rows), default=0)
    for name, kind, phase, step in rows:
        title = title_of(step) or ""
        note = "" if phase == "steps" else f" ({phase})"
        yield visible(f"  {name:<{id_width}}  {kind:<{kind_width}}  {title}{note}{_tags(step.tags)}").rstrip()


def _steps(scenario: Scenario) -> Iterator[tuple[str, Step, int]]:
    """Yield the steps of a scenario with their phase and how deep they stand in others; deferred ones apart."""
    for phase, steps in (("steps", scenario.steps), ("finally", scenario.finally_)):
        for step in steps:
            yield from _with_children(phase, step, 0)


def _with_children(phase: str, step: Step, depth: int) -> Iterator[tuple[str, Step, int]]:
    yield phase, step, depth
    for child in step.children:
        yield from _with_children(phase, child, depth + 1)


def _tags(tags: Iterable[str]) -> str:
    return "".join(f" #{tag}" for tag in tags)


def title_of(step: Step) -> str | None:
    """Return a step's title, as it is written where its templates have no value yet."""
    node = step.node.get("title")
    return None if step.title is None else str(getattr(node, "text", ""))
