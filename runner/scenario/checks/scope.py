"""What is known at one point of a run: which names have a value, which steps a result.

Hostile files have tens of thousands of names and steps, so nothing here is ever copied: what is known inside a block is
a layer above what is known outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from runner.scenario.expressions.expression import Expression

State = Literal["set", "maybe", "pending"]
"""Set on every path; set unless a step was skipped; set by a background step that nobody has awaited yet."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a name or a result comes from: the step that sets it, if one does, its line, and its condition."""

    state: State = "set"
    step: str = ""
    line: int = 0
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that holds from here on: what it asks for is there, and so is what another step with the same
    condition has set."""

    condition: str
    names: frozenset[str]
    steps: frozenset[str]

    @classmethod
    def of(cls, when: Expression) -> Guard:
        asked = [one for one in when.references if one.optional]
        return cls(
            when.text,
            frozenset(one.name for one in asked),
            frozenset(one.path[0] for one in asked if one.name == "steps" and one.path),
        )


@dataclass(slots=True)
class Known:
    """A layer: what was added in it, above what ``outer`` knows. After the steps, ``over`` is true: what cleans up is
    skipped where a name was never set, so nothing that is uncertain needs a warning."""

    names: dict[str, Origin] = field(default_factory=dict)
    steps: dict[str, Origin] = field(default_factory=dict)
    outer: Known | None = None
    guard: Guard | None = None
    over: bool = False

    def inside(self, when: Expression | None = None) -> Known:
        """A layer above this one, for a block or for what a condition holds for."""
        return Known(outer=self, guard=Guard.of(when) if when else None)

    def name(self, name: str) -> Origin | None:
        """Where a variable comes from; None if it is not known here."""
        return self._find(name, steps=False)

    def step(self, step_id: str) -> Origin | None:
        """Where a step's result comes from; None if the step has not run here."""
        return self._find(step_id, steps=True)

    def _find(self, name: str, *, steps: bool) -> Origin | None:
        layer: Known | None = self
        conditions: set[str] = set()
        while layer is not None:
            guard = layer.guard
            if guard is not None:
                conditions.add(guard.condition)
                if name in (guard.steps if steps else guard.names):
                    conditions.add("")
            origin = (layer.steps if steps else layer.names).get(name)
            if origin is not None:
                sure = layer.over or "" in conditions or (origin.condition or " ") in conditions
                return replace(origin, state="set") if origin.state == "maybe" and sure else origin
            layer = layer.outer
        return None

    def all_names(self) -> Iterator[str]:
        """Every variable, for suggesting the nearest."""
        layer: Known | None = self
        while layer is not None:
            yield from layer.names
            layer = layer.outer

    def take(self, layer: Known, condition: str | None = None) -> None:
        """Keep what a block has added; what depends on a condition is uncertain from then on."""
        for own, added in ((self.names, layer.names), (self.steps, layer.steps)):
            for name, origin in added.items():
                unsure = condition is not None and origin.state == "set"
                own[name] = replace(origin, state="maybe", condition=condition) if unsure else origin
