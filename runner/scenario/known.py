"""What is known at one point of a run: which names have a value, which steps a result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from runner.scenario.template import Expression

State = Literal["set", "maybe", "pending"]
"""Set on every path; set unless a step was skipped; set by a background step that nobody has awaited yet."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a name or a result comes from: the step that sets it, if one does, its line, and its condition."""

    state: State = "set"
    step: str = ""
    line: int = 0
    condition: str | None = None


@dataclass(slots=True)
class Known:
    names: dict[str, Origin] = field(default_factory=dict)
    steps: dict[str, Origin] = field(default_factory=dict)

    def copy(self) -> Known:
        return Known(dict(self.names), dict(self.steps))

    def guarded(self, when: Expression) -> Known:
        """Inside a step with this condition: what the condition asks for is there, and so is what another step with
        the same condition has set."""
        asked = {one.name for one in when.references if one.optional}
        asked_steps = {one.path[0] for one in when.references if one.optional and one.name == "steps" and one.path}
        return Known(_sure(self.names, asked, when.text), _sure(self.steps, asked_steps, when.text))

    def unsure_since(self, before: Known, condition: str) -> None:
        """What was added since then depends on a condition."""
        for now, then in ((self.names, before.names), (self.steps, before.steps)):
            for name, origin in now.items():
                if then.get(name) != origin and origin.state == "set":
                    now[name] = replace(origin, state="maybe", condition=condition)

    def settled(self) -> Known:
        """At the end of a run: what cleans up is skipped where a name was never set, so nothing needs a warning."""
        return Known(_sure(self.names, set(self.names), ""), _sure(self.steps, set(self.steps), ""))

    def add_from(self, others: Iterable[Known], before: Known) -> None:
        """Take over what steps that ran side by side have added."""
        for other in others:
            self.names.update({name: one for name, one in other.names.items() if before.names.get(name) != one})
            self.steps.update({name: one for name, one in other.steps.items() if before.steps.get(name) != one})


def _sure(origins: dict[str, Origin], asked: set[str], condition: str) -> dict[str, Origin]:
    return {
        name: replace(one, state="set")
        if one.state == "maybe" and (name in asked or one.condition == condition)
        else one
        for name, one in origins.items()
    }
