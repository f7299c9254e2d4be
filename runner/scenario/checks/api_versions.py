"""Finds what a scenario needs of an API version: its ``requires``, and everything that its steps use."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

from runner.api.compatibility import Lack, missing_in
from runner.api.operations import version_key
from runner.errors import Diagnostic
from runner.scenario import model
from runner.scenario.yaml import nodes

_COMPARE: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
}


def unmet_bound(bounds: Iterable[tuple[str, str]], api_version: str) -> str | None:
    """Return the first bound (``>=1.42``) that the version does not meet."""
    version = version_key(api_version)
    return next((sign + bound for sign, bound in bounds if not _COMPARE[sign](version, version_key(bound))), None)


def lacking(
    scenario: model.Scenario, api_version: str, *, fields: Literal["error", "warning"] = "error"
) -> tuple[Diagnostic, ...]:
    """Return what the scenario uses and this API version does not have, each with its place. ``fields`` says how much
    those of bodies matter: engines ignore what they don't know there.

    A scenario that requires another version is skipped on this one, so it lacks nothing; nor does a step whose
    condition asks for the engine.
    """
    if unmet_bound(scenario.requires.api, api_version):
        return ()
    found: dict[Diagnostic, None] = {}
    for step in _steps(scenario):
        if isinstance(step.kind, model.OperationCall) and not _asks_for_engine(step):
            found.update(dict.fromkeys(_lacking(step, step.kind, api_version, fields)))
        elif isinstance(step.kind, model.Include):
            found.update(dict.fromkeys(lacking(step.kind.scenario, api_version, fields=fields)))
    return tuple(found)


def _steps(scenario: model.Scenario) -> Iterator[model.Step]:
    """Every step of the file that no condition about the engine stands above."""
    waiting = [*reversed(scenario.finally_), *reversed(scenario.steps)]
    while waiting:
        step = waiting.pop()
        yield step
        if not _asks_for_engine(step):
            waiting += reversed((*step.children, *step.defer))


def _asks_for_engine(step: model.Step) -> bool:
    return step.when is not None and any(one.name == "engine" for one in step.when.references)


def _lacking(
    step: model.Step, kind: model.OperationCall, api_version: str, fields: Literal["error", "warning"]
) -> Iterator[Diagnostic]:
    call = step.node.get(str(step.key.value))
    body = call.get("body") if isinstance(call, nodes.Mapping) else None
    plain = nodes.plain(body) if body is not None else None
    for lack in missing_in(kind.operation, kind.params, plain, api_version):
        place = nodes.place_of(_node_of(step, call, lack))
        if lack.until is not None:
            message = f"API {api_version} has no {lack.kind} '{lack.name}' any more"
            hint = f"{lack.until} is the last version with it"
        else:
            message = f"API {api_version} has no {lack.kind} '{lack.name}' yet"
            hint = f'it came with {lack.since}; a scenario that needs it says: requires: {{api: ">={lack.since}"}}'
        severity: Literal["error", "warning"] = fields if lack.kind == "field" else "error"
        yield Diagnostic("not-in-this-version", message, place, hint, severity)


def _node_of(step: model.Step, call: nodes.Node | None, lack: Lack) -> nodes.Node:
    """Return the key that stands for what is lacking."""
    if call is None or not lack.path:
        return step.key
    holder = nodes.node_at(call, lack.path[:-1])
    key = holder.key(str(lack.path[-1])) if isinstance(holder, nodes.Mapping) else None
    return key or nodes.node_at(call, lack.path)
