"""Tracks by its id what a run creates without labels, as its engine answers with it.

An id that the engine has made belongs to the run. A volume has only a name, and asking for one that exists already is a
success: it is the run's own only if it is new.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from runner.api import operations
from runner.api.operations import Operation
from runner.engine.transport import Deadline
from runner.errors import RunnerError
from runner.executor.response.ask import ask
from runner.executor.times import on_engine_clock, unix_seconds
from runner.executor.tracking.created import ById

if TYPE_CHECKING:
    from runner.executor.context import RunContext
    from runner.results.records import ResponseRecord

_ID_KEYS: Final = ("Id", "ID", "id")
_IMAGE_ID: Final = re.compile("(sha256:)?[0-9a-f]{64}")
_VOLUME: Final = "volume"
_INSPECT_TIME: Final = 2.0
"""Seconds in which an engine says when it has created something, for the journal."""


def note(run: RunContext, operation: Operation, step_id: str, record: ResponseRecord, sent: float) -> None:
    """Note what a request has created, which was sent at ``sent`` (Unix seconds); also in the journal."""
    if record.status is None or not 200 <= record.status < 300:
        return
    resource = _answered(operation.noun, step_id, record, sent)
    if resource is None:
        return
    run.created.by_id.append(resource)
    run.created.ids.add(resource.id)
    if run.journal.is_kept:
        with contextlib.suppress(RunnerError):  # the run still knows it
            created = _created(run, resource)
            if created:
                run.journal.add(resource.noun, resource.id, created)


def _answered(noun: str, step_id: str, record: ResponseRecord, sent: float) -> ById | None:
    """Return the resource that an answer names; None for a volume that is older than the request."""
    body: Any = record.body
    if body is None and record.items:  # an import tells its image's id in the last line
        body = {"Id": last} if _IMAGE_ID.fullmatch(last := _status(record.items[-1])) else None
    if not isinstance(body, Mapping):
        return None
    if noun != _VOLUME:
        resource_id = next((body[key] for key in _ID_KEYS if isinstance(body.get(key), str) and body[key]), None)
        return None if resource_id is None else ById(noun, resource_id, step_id)
    name, created = body.get("Name"), body.get("CreatedAt")
    at = unix_seconds(created)
    if (
        not isinstance(name, str)
        or at is None
        or at < math.floor(on_engine_clock(sent, record.headers.get("Date", "")))
    ):
        return None
    return ById(noun, name, step_id, at)


def _status(item: Any) -> str:
    return str(item.get("status", "")) if isinstance(item, Mapping) else ""


def _created(run: RunContext, resource: ById) -> str | None:
    operation = operations.find(f"{resource.noun}.inspect")
    assert operation is not None, resource.noun
    deadline = Deadline.after(_INSPECT_TIME)
    body = ask(run.cleanup_engine, operation.name, {operation.path_params[0].name: resource.id}, deadline).body
    created = (body.get("Created") or body.get("CreatedAt")) if isinstance(body, Mapping) else None
    return str(created) if created else None
