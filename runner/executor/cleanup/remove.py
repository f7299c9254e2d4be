"""Removes resources that runs left, for the end of a run and for ``run clean``.

What other containers use is never removed by force: it stays, and is reported as left over.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.api import operations
from runner.api.error_message import engine_message
from runner.engine.transport import Deadline
from runner.errors import RunnerError, StepError
from runner.executor.cleanup.find import Leftover
from runner.executor.response.ask import ask
from runner.results.records import RequestRecord, ResponseRecord

if TYPE_CHECKING:
    from runner.api.operations import Operation
    from runner.engine.engine import Engine

_CONFLICT: Final = 409
"""The status of a container's removal by force while another removal of it is in progress."""

_REMOVAL_TIMEOUT: Final = 20.0
"""Seconds for one removal, so that one which hangs leaves time for the others."""

_AUTO_REMOVE_TIMEOUT: Final = 10.0
"""Seconds to wait for a container that the engine itself is removing (``AutoRemove``)."""

_TASKS_TIMEOUT: Final = 20.0
"""Seconds to wait for the tasks of a removed service, which have ten to end by themselves."""
_POLL_INTERVAL: Final = 0.2
"""Seconds between two attempts."""


class Removal(NamedTuple):
    """The outcome of removing one resource. With an ``error`` it is still there; ``seconds`` is how long it took."""

    leftover: Leftover
    seconds: float
    attempts: int
    request: RequestRecord | None = None
    response: ResponseRecord | None = None
    error: RunnerError | None = None


def remove_all(engine: Engine, leftovers: Iterable[Leftover], deadline: Deadline) -> Iterator[Removal]:
    """Remove resources one by one, and continue past failures. Refused removals are retried once the others are gone,
    for as long as a round removes anything: images may be derived from each other in a chain."""
    todo, refused, services = deque(leftovers), list[Leftover](), list[str]()
    patience = Deadline.after(0)
    while todo:
        leftover = todo.popleft()
        removal = _remove(engine, leftover, deadline, patience)
        if removal.error is None:
            yield removal
        else:
            refused.append(leftover)
        if leftover.kind.noun == "service":
            services.append(leftover.id)
            patience = Deadline.after(_TASKS_TIMEOUT)
            if not todo or todo[0].kind.noun != "service":
                _await_tasks(engine, services, deadline.sooner(patience))
    attempts = 1
    while refused:
        attempts += 1
        removals = [_remove(engine, leftover, deadline, patience)._replace(attempts=attempts) for leftover in refused]
        yield from (removal for removal in removals if removal.error is None)
        failed = [removal for removal in removals if removal.error is not None]
        if len(failed) == len(refused):
            yield from failed
            return
        refused = [removal.leftover for removal in failed]


def _await_tasks(engine: Engine, services: list[str], deadline: Deadline) -> None:
    """Wait until the containers of removed services are gone, as far as this engine lists them."""
    labels = [f"com.docker.swarm.service.id={service}" for service in services]
    with contextlib.suppress(RunnerError):  # what they still use will be refused, and reported
        while any(
            ask(engine, "container.list", {"all": True, "filters": {"label": label}}, deadline).body for label in labels
        ):
            _pause(engine)


def _pause(engine: Engine) -> None:
    if engine.recorded_at is None:
        time.sleep(_POLL_INTERVAL)


def _remove(engine: Engine, leftover: Leftover, deadline: Deadline, patience: Deadline) -> Removal:
    """Remove one resource; one that is gone already is a success. Refusals are retried until ``patience`` ends: tasks
    of a service use its networks and volumes until they have ended."""
    started = time.monotonic()
    request = response = failure = None
    try:
        request, response = _delete(engine, leftover, deadline.sooner(Deadline.after(_REMOVAL_TIMEOUT)), patience)
    except RunnerError as error:
        failure = StepError("cleanup-failed", f"{leftover.title} is still there: {error.message}", hint=error.hint)
    return Removal(leftover, time.monotonic() - started, 1, request, response, failure)


def _delete(
    engine: Engine, leftover: Leftover, deadline: Deadline, patience: Deadline
) -> tuple[RequestRecord, ResponseRecord]:
    operation = delete_operation(leftover)
    path_param = operation.path_params[0].name
    auto_remove = Deadline.after(_AUTO_REMOVE_TIMEOUT)
    if leftover.kind.noun == "container" and engine.name == "podman":
        # From version 5 on, Podman's removal by force waits for a container to stop, as long as its StopTimeout.
        ask(engine, "container.kill", {"id": leftover.id}, deadline)
    for reference in _references(engine, leftover):
        params = {path_param: reference, **leftover.kind.remove}
        while True:
            reply = ask(engine, operation.name, params, deadline)
            gone = reply.status in (*operation.success, 404)
            in_progress = leftover.kind.noun == "container" and reply.status == _CONFLICT
            if gone or (patience.passed and (not in_progress or auto_remove.passed)):
                break
            _pause(engine)
        if not gone:
            raise StepError("cleanup-failed", engine_message(reply.body) or f"the engine answered {reply.status}")
    return reply.request_record(), ResponseRecord(reply.status, body=reply.body)


def delete_operation(leftover: Leftover) -> Operation:
    operation = operations.find(f"{leftover.kind.noun}.delete")
    assert operation is not None, leftover
    return operation


def _references(engine: Engine, leftover: Leftover) -> tuple[str, ...]:
    """Return the references to delete: an image disappears with its last tag. Podman checks whether a network is in use
    only where it is referenced by its name, which is unique there."""
    if leftover.kind.noun == "network" and engine.name == "podman":
        return (leftover.name,)
    return leftover.tags or (leftover.id,)
