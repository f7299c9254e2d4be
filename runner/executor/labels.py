"""The labels on everything a run creates, by which it is found again and removed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.engine import build, operations
from runner.engine.operations import Operation

if TYPE_CHECKING:
    from runner.executor.context import Shared

RUN = "engine-recipes.run"
SCENARIO = "engine-recipes.scenario"
_UNQUOTABLE = str.maketrans({'"': "'", "\\": "/", "$": None, "\n": " "})


def of(shared: Shared) -> dict[str, str]:
    """The labels of this run."""
    return {RUN: shared.run_id, SCENARIO: shared.title}


def add(shared: Shared, operation: Operation, params: dict[str, Any], body: Any) -> tuple[dict[str, Any], Any]:
    """The parameters and body of a creating operation with the run's labels in them; any other as it was. What has no
    run's id, as a plan, only shows what would be sent."""
    target = operation.labels_for(params)
    if target is None or not shared.run_id:
        return params, body
    shared.created.add(operation.noun)
    where, _, name = target.partition(".")
    if target == "query.changes":
        given = params.get(name)
        changes = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
        return {
            **params,
            name: [*changes, *(f'LABEL "{key}"={_quoted(value)}' for key, value in of(shared).items())],
        }, body
    if where == "query":
        given = params.get(name)
        return {**params, name: {**(given if isinstance(given, Mapping) else {}), **of(shared)}}, body
    if body is build.MISSING:
        body = {}
    given = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or (given is not None and not isinstance(given, Mapping)):
        return params, body  # the engine says what is wrong with it
    return params, {**body, name: {**(given or {}), **of(shared)}}


def _quoted(value: str) -> str:
    """A value in the syntax of a Dockerfile's LABEL, without what would need escapes, which Podman keeps as they are."""
    return f'"{value.translate(_UNQUOTABLE)}"'


def add_raw(shared: Shared, method: str, path: str, body: Any) -> Any:
    """The body of a raw request with the labels in it, if it creates something that takes them there."""
    bare = re.sub(r"^/v[0-9]+\.[0-9]+(?=/)", "", path.partition("?")[0])
    for operation in operations.all_operations():
        here = operation.method == method.upper() and operation.path == bare
        if here and operation.labels and operation.labels.startswith("body."):
            return add(shared, operation, {}, body)[1]
    return body
