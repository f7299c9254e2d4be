"""Chooses which steps of a scenario run: by tags, by ids, from one step to another.

What a chosen step needs runs too: the earlier steps that set its variables or have the results that it reads, and what
those need in turn. A step inside another (``parallel``, ``defer``) is chosen with the one at the top.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from runner.scenario import model
from runner.scenario.expressions.expression import Expression


class Selection(NamedTuple):
    """Says which steps run. Without any of it all do.

    ``tags``: steps, or whole scenarios, with one of these tags; ``skip_tags``: those without any of these; ``only``:
    the steps with these ids; ``from_step`` and ``to_step``: the first and the last step. All that is given must hold,
    but what a chosen step needs runs even if it has a tag of ``skip_tags``. Steps of ``finally`` run whatever is
    chosen, unless ``skip_tags`` names one of their tags or they need what doesn't run.
    """

    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    from_step: str | None = None
    to_step: str | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that must be those of steps."""
        ends = (self.from_step, self.to_step)
        return (*self.only, *(step_id for step_id in ends if step_id is not None))


EVERYTHING = Selection()


def chosen(scenario: model.Scenario, selection: Selection) -> model.Scenario | None:
    """Return the scenario with the steps that the selection chooses and those that they need; None if it chooses
    none."""
    if selection == EVERYTHING:
        return scenario
    if _any(scenario.tags, selection.skip_tags):
        return None
    positions = _chosen(scenario, selection)
    if not positions and not _chosen_in_finally(scenario, selection):
        return None
    needed = _with_needs(scenario, positions)
    steps = tuple(step for position, step in enumerate(scenario.steps) if position in needed)
    ending = tuple(step for step in scenario.finally_ if not _has(step, selection.skip_tags))
    missing = tuple(step for position, step in enumerate(scenario.steps) if position not in needed)
    left_out = _Unset.of(missing, steps)
    return scenario._replace(
        steps=steps,
        finally_=tuple(step for step in ending if not left_out.used_by(_expressions_of(step), _awaited_by(step))),
        outputs={name: one for name, one in scenario.outputs.items() if not left_out.used_by((one,))},
    )


def ids_of(scenario: model.Scenario) -> frozenset[str]:
    """Return the ids that a selection can name in a scenario."""
    return frozenset(step.id for step in scenario.walk())


def tags_of(scenario: model.Scenario) -> frozenset[str]:
    """Return the tags of a scenario and of its steps."""
    return frozenset(scenario.tags).union(*(step.tags for step in scenario.walk()))


def _chosen(scenario: model.Scenario, selection: Selection) -> set[int]:
    """Return the positions of the steps that are chosen themselves."""
    first = _position(scenario.steps, selection.from_step, 0)
    last = _position(scenario.steps, selection.to_step, len(scenario.steps) - 1)
    whole = not selection.tags or _any(scenario.tags, selection.tags)
    return {
        position
        for position, step in enumerate(scenario.steps)
        if first is not None
        and last is not None
        and first <= position <= last
        and (whole or _has(step, selection.tags))
        and not _has(step, selection.skip_tags)
        and (not selection.only or any(inner.id in selection.only for inner in step.walk()))
    }


def _position(steps: Sequence[model.Step], step_id: str | None, otherwise: int) -> int | None:
    """Return where the step with an id stands; None if this scenario has none of that id."""
    if step_id is None:
        return otherwise
    return next((number for number, step in enumerate(steps) if any(one.id == step_id for one in step.walk())), None)


def _chosen_in_finally(scenario: model.Scenario, selection: Selection) -> bool:
    every = (inner for step in scenario.finally_ for inner in step.walk())
    return any(step.id in selection.only or _any(step.tags, selection.tags) for step in every)


def _with_needs(scenario: model.Scenario, positions: set[int]) -> set[int]:
    """Return the positions with those of the earlier steps that they need."""
    found: set[int] = set()
    waiting = list(positions)
    while waiting:
        position = waiting.pop()
        if position not in found:
            found.add(position)
            waiting += _needs(scenario, position)
    return found


def _needs(scenario: model.Scenario, position: int) -> Iterator[int]:
    needing = scenario.steps[position]
    names, results = _uses(_expressions_of(needing))
    results |= _awaited_by(needing)
    for earlier in range(position - 1, -1, -1):
        step = scenario.steps[earlier]
        every = tuple(step.walk())
        sets = {name for inner in every for name in inner.sets}
        if names & sets or any(inner.id in results for inner in every):
            yield earlier
            if step.when is None:  # else an earlier step may be the one that sets it
                names -= sets


class _Unset(NamedTuple):
    """The names and the results that only steps which don't run would have set."""

    names: set[str]
    results: set[str]

    @classmethod
    def of(cls, missing: Iterable[model.Step], running: Iterable[model.Step]) -> _Unset:
        """Return what the missing steps would have set."""
        left_out = [inner for outer in missing for inner in outer.walk()]
        names = {name for inner in left_out for name in inner.sets}
        names -= {name for outer in running for inner in outer.walk() for name in inner.sets}
        return cls(names, {inner.id for inner in left_out})

    def used_by(self, expressions: Iterable[Expression], awaited: Iterable[str] = ()) -> bool:
        """Return whether any of it is used."""
        names, results = _uses(expressions)
        return bool(names & self.names or results & self.results or self.results.intersection(awaited))


def _expressions_of(step: model.Step) -> tuple[Expression, ...]:
    return tuple(expression for inner in step.walk() for expression in inner.expressions)


def _awaited_by(step: model.Step) -> set[str]:
    return {inner.kind.step for inner in step.walk() if isinstance(inner.kind, model.Await)}


def _uses(expressions: Iterable[Expression]) -> tuple[set[str], set[str]]:
    """Return the names that expressions use, and the ids of the steps whose results they read."""
    references = [reference for expression in expressions for reference in expression.references]
    names = {reference.name for reference in references}
    return names - {"steps"}, {one.path[0] for one in references if one.name == "steps" and one.path}


def _has(step: model.Step, tags: Collection[str]) -> bool:
    return any(_any(inner.tags, tags) for inner in step.walk())


def _any(own: Iterable[str], wanted: Collection[str]) -> bool:
    return any(tag in wanted for tag in own)
