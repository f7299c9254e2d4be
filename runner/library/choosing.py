"""Applies a selection of steps to the scenarios of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.nearest import did_you_mean
from runner.scenario.selection import EVERYTHING, Selection, chosen, ids_of, tags_of

if TYPE_CHECKING:
    from runner.scenario.model import Scenario

LISTED = 12
"""Ids and tags that a hint lists."""


def choose(scenarios: Iterable[Scenario], selection: Selection) -> tuple[Scenario, ...]:
    """Return the scenarios with the steps that are chosen and those that these need; scenarios in which nothing is
    chosen are left out.

    Raises:
        UsageError: ``unknown-id``: no scenario has a step with an id that is named; ``nothing-chosen``.
    """
    every = tuple(scenarios)
    if selection == EVERYTHING:
        return every
    ids = frozenset[str]().union(*map(ids_of, every))
    for step_id in selection.ids:
        if step_id not in ids:
            hint = did_you_mean(step_id, ids) or f"the steps are: {_listed(ids)}; --list shows them"
            raise UsageError("unknown-id", f"no step has the id '{step_id}'", hint=hint)
    found = tuple(one for one in (chosen(scenario, selection) for scenario in every) if one is not None)
    if every and not found:
        raise UsageError("nothing-chosen", "no step is chosen by these options", hint=_hint(every, selection))
    return found


def _hint(scenarios: Iterable[Scenario], selection: Selection) -> str:
    tags = frozenset[str]().union(*map(tags_of, scenarios))
    if not selection.tags and not selection.skip_tags:
        return "--list shows the steps in their order"
    if not tags:
        return "no scenario and no step has 'tags'; for example tags: [slow]"
    near = [hint for tag in selection.tags if tag not in tags and (hint := did_you_mean(tag, tags))]
    return near[0] if near else f"the tags are: {_listed(tags)}"


def _listed(names: Collection[str]) -> str:
    rest = len(names) - LISTED
    return ", ".join([*sorted(names)[:LISTED], *([f"and {rest} more"] if rest > 0 else [])])
