"""Finds resources by their full ids: those that carry no labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from runner.api import operations
from runner.engine.transport import Deadline
from runner.executor.cleanup.find import KINDS, Leftover
from runner.executor.cleanup.look import look
from runner.executor.times import unix_seconds

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.executor.context import RunContext
    from runner.executor.tracking.created import ById

_FULL_ID: Final = re.compile("(sha256:)?[0-9a-f]{64}")
_NAMED: Final = frozenset({"volume", "service", "secret", "config"})
"""Nouns whose ids are not 64 hexadecimal digits."""
_KINDS: Final = {kind.noun: kind for kind in KINDS}


def tracked(run: RunContext, engine: Engine, deadline: Deadline) -> list[Leftover]:
    """Return what the run has created without labels and is still there, the newest first.

    Raises:
        RunnerError: the engine can't be asked.
    """
    found = []
    for resource in reversed(run.created.by_id):
        leftover = existing(engine, resource.noun, resource.id, run.run_id, deadline)
        if leftover is not None and _is_same(resource, leftover):
            found.append(leftover)
    return found


def in_order(leftovers: list[Leftover]) -> list[Leftover]:
    """Return resources in the order of removal: what uses others comes first."""
    order = list(_KINDS)
    return sorted(leftovers, key=lambda leftover: order.index(leftover.kind.noun))


def existing(engine: Engine, noun: str, resource_id: str, run_id: str, deadline: Deadline) -> Leftover | None:
    """Return a resource by its full id; None if there is none with exactly this id.

    Raises:
        RunnerError: the engine can't be asked.
    """
    kind = _KINDS.get(noun)
    if kind is None or not (noun in _NAMED or _FULL_ID.fullmatch(resource_id)):
        return None
    operation = operations.find(f"{noun}.inspect")
    assert operation is not None, noun
    body = look(engine, operation.name, {operation.path_params[0].name: resource_id}, deadline).body
    if not isinstance(body, Mapping) or _bare(body.get(kind.id_key)) != _bare(resource_id):
        return None
    tags = tuple(str(tag) for tag in body.get("RepoTags") or () if tag != "<none>:<none>")
    spec = body.get("Spec")
    name = body.get("Name") or (spec.get("Name") if isinstance(spec, Mapping) else None)
    return Leftover(
        kind=kind,
        id=str(body[kind.id_key]),
        name=tags[0] if tags else str(name or "").lstrip("/"),
        run=run_id,
        scenario="",
        created=body.get("Created") or body.get("CreatedAt"),
        tags=tags,
    )


def _is_same(resource: ById, leftover: Leftover) -> bool:
    """Return whether what has the id is what the run has created. Podman writes the time of a volume in whole seconds
    at one endpoint, with fractions at another."""
    if resource.created is None:
        return True
    created = unix_seconds(leftover.created)
    return created is not None and int(created) == int(resource.created)


def _bare(resource_id: object) -> str:
    return str(resource_id).removeprefix("sha256:")
