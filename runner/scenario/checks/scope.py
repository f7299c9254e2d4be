"""Represents the static scope at one point of a run: which names have a value, which steps a result.

Malicious files have tens of thousands of names and steps, so nothing is copied: the scope inside a block is a layer
above the scope outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from runner.scenario.expressions.expression import Expression

State = Literal["set", "maybe", "pending"]
"""Set on every path; set unless a step was skipped; set by a background step that has not been awaited yet."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Says where a name or a result comes from: the step that sets it, if one does, its line, and its condition.
    ``in_loop`` means that there is one for each element of a loop around the step."""

    state: State = "set"
    step: str = ""
    line: int = 0
    condition: str | None = None
    in_loop: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that holds in a layer: the names and results it asks for are defined there, and so is everything
    that another step with the same condition has set."""

    condition: str
    names: frozenset[str]
    steps: frozenset[str]

    @classmethod
    def of(cls, when: Expression) -> Guard:
        """Return the guard that a ``when`` is."""
        optional = [reference for reference in when.references if reference.optional]
        return cls(
            when.text,
            frozenset(reference.name for reference in optional),
            frozenset(reference.path[0] for reference in optional if reference.name == "steps" and reference.path),
        )


@dataclass(slots=True)
class StaticScope:
    """One layer: ``names`` and ``steps`` hold what was added in it, above the layer ``outer``. After the steps
    ``ended`` is true: cleanup is skipped where a name was never set, so uncertain names need no warning."""

    names: dict[str, Origin] = field(default_factory=dict)
    steps: dict[str, Origin] = field(default_factory=dict)
    outer: StaticScope | None = None
    guard: Guard | None = None
    ended: bool = False

    def inside(self, when: Expression | None = None) -> StaticScope:
        """Return a layer above this one, for a block or for what a condition holds for."""
        return StaticScope(outer=self, guard=Guard.of(when) if when else None)

    def name(self, name: str) -> Origin | None:
        """Return where a variable comes from; None if it is not defined here."""
        return self._find(name, steps=False)

    def step(self, step_id: str) -> Origin | None:
        """Return where a step's result comes from; None if the step has not run here."""
        return self._find(step_id, steps=True)

    def _find(self, name: str, *, steps: bool) -> Origin | None:
        layer: StaticScope | None = self
        conditions: set[str] = set()
        while layer is not None:
            guard = layer.guard
            if guard is not None:
                conditions.add(guard.condition)
                if name in (guard.steps if steps else guard.names):
                    conditions.add("")
            origin = (layer.steps if steps else layer.names).get(name)
            if origin is not None:
                certain = layer.ended or "" in conditions or (origin.condition or " ") in conditions
                return replace(origin, state="set") if origin.state == "maybe" and certain else origin
            layer = layer.outer
        return None

    def all_names(self) -> Iterator[str]:
        """Every variable, for suggesting the nearest."""
        layer: StaticScope | None = self
        while layer is not None:
            yield from layer.names
            layer = layer.outer

    def merge(self, layer: StaticScope, condition: str | None = None, *, is_loop: bool = False) -> None:
        """Keep what a block has added; under a condition it is uncertain from then on."""
        for own, added in ((self.names, layer.names), (self.steps, layer.steps)):
            for name, origin in added.items():
                uncertain = condition is not None and origin.state == "set"
                kept = replace(origin, state="maybe", condition=condition) if uncertain else origin
                own[name] = replace(kept, in_loop=True) if is_loop else kept
