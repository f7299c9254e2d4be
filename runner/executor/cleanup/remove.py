"""Removes what a run has created and not removed itself.

The same pieces serve the end of a run and ``run clean``. Nothing is forced that others could suffer from: what somebody
else's container uses stays, and is said to be left.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from runner.api import operations
from runner.api.error_message import engine_message
from runner.engine.transport import Deadline
from runner.errors import RunnerError, StepError
from runner.executor.cancellation import EVERYTHING
from runner.executor.cleanup.find import Leftover, exchange, find
from runner.results.records import RequestRecord, ResponseRecord, StepRecord

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.executor.context import Shared

CONFLICT = 409
"""The status of a container's removal by force where another removal is under way."""

TIME = 60.0
"""Seconds that all of a run's cleanup may take."""
ONE_TIME = 20.0
"""Seconds that one removal may take of it, so that an engine which hangs on one thing gets asked for the others."""
LISTING_TIME = 1.0
"""Seconds to find out what is left after a run was told to stop at once."""

REMOVING_TIME = 10.0
"""Seconds to wait for a container that the engine is already removing by itself, as its ``AutoRemove`` says."""

SETTLING_TIME, PAUSE = 20.0, 0.2
"""Seconds to wait for a removed service's tasks, which have ten to end by themselves, and between two tries."""


class Removal(NamedTuple):
    """What came of removing one thing; ``error`` says that it is still there. ``seconds`` is how long it took."""

    leftover: Leftover
    seconds: float
    attempts: int
    request: RequestRecord | None = None
    response: ResponseRecord | None = None
    error: RunnerError | None = None


def remove_all(engine: Engine, found: Iterable[Leftover], deadline: Deadline) -> Iterator[Removal]:
    """Remove one thing after the other, whatever happens to any. What is refused is tried again after the others are
    gone, which may have held it, for as long as that gets any further: images may be made of each other, in a row."""
    todo, refused, services = deque(found), list[Leftover](), list[str]()
    settled = time.monotonic()
    while todo:
        leftover = todo.popleft()
        removal = _remove(engine, leftover, deadline, settled)
        if removal.error is None:
            yield removal
        else:
            refused.append(leftover)
        if leftover.kind.noun == "service":
            services.append(leftover.id)
            settled = time.monotonic() + SETTLING_TIME
            if not todo or todo[0].kind.noun != "service":
                _await_tasks(engine, services, deadline.sooner(Deadline.at_monotonic(settled)))
    attempts = 1
    while refused:
        attempts += 1
        removals = [_remove(engine, one, deadline, settled)._replace(attempts=attempts) for one in refused]
        yield from (one for one in removals if one.error is None)
        still = [one for one in removals if one.error is not None]
        if len(still) == len(refused):
            yield from still
            return
        refused = [one.leftover for one in still]


def _await_tasks(engine: Engine, services: list[str], deadline: Deadline) -> None:
    """Wait until the containers of removed services are gone, as far as this engine knows them."""
    labels_of_tasks = [f"com.docker.swarm.service.id={service}" for service in services]
    with contextlib.suppress(RunnerError):  # what else they hold will be refused, and told
        while any(
            exchange(engine, "container.list", {"all": True, "filters": {"label": label}}, deadline)[2]
            for label in labels_of_tasks
        ):
            _pause(engine)


def _pause(engine: Engine) -> None:
    if engine.recorded_at is None:
        time.sleep(PAUSE)


def _remove(engine: Engine, leftover: Leftover, deadline: Deadline, settled: float) -> Removal:
    """Remove one thing; gone already is fine. Until ``settled`` what is refused is tried again: the tasks of a service
    use its networks and volumes until they have ended. A container that is on its way out is waited for."""
    started = time.monotonic()
    request = response = problem = None
    try:
        request, response = _removed(engine, leftover, deadline.sooner(Deadline.after(ONE_TIME)), settled)
    except RunnerError as error:
        problem = StepError("cleanup-failed", f"{leftover.title} is still there: {error.message}", hint=error.hint)
    return Removal(leftover, time.monotonic() - started, 1, request, response, problem)


def _removed(
    engine: Engine, leftover: Leftover, deadline: Deadline, settled: float
) -> tuple[RequestRecord, ResponseRecord]:
    operation = operations.find(f"{leftover.kind.noun}.delete")
    assert operation is not None
    target = operation.path_params[0].name
    removed = time.monotonic() + REMOVING_TIME
    for name in _handles(engine, leftover):
        params = {target: name, **leftover.kind.remove}
        while True:
            request, status, body = exchange(engine, operation.name, params, deadline)
            gone = status in (*operation.success, 404)
            under_way = leftover.kind.noun == "container" and status == CONFLICT
            if gone or time.monotonic() >= (max(settled, removed) if under_way else settled):
                break
            _pause(engine)
        if not gone:
            raise StepError("cleanup-failed", engine_message(body) or f"the engine answered {status}")
    return request, ResponseRecord(status, body=body)


def _handles(engine: Engine, leftover: Leftover) -> tuple[str, ...]:
    """By what to remove it: an image goes with the last of its names; and Podman looks whether a network is in use only
    where it is called by its name, which there is unique."""
    if leftover.kind.noun == "network" and engine.name == "podman":
        return (leftover.name,)
    return leftover.tags or (leftover.id,)


def clean_up(shared: Shared) -> tuple[list[StepRecord], list[str]]:
    """Remove what is left of a run, going on past single failures.

    Returns a record for each removal, and a line for each thing that is still there.
    """
    deadline = Deadline.after(TIME)
    if shared.stop.asked(EVERYTHING):
        return [], _left_alone(shared)
    try:
        found, errors = find(shared.ending, shared.created, shared.run_id, deadline)
    except RunnerError as error:
        return [], _left_alone(shared) if shared.stop.asked(EVERYTHING) else [_unknown(shared, error)]
    left = [_unknown(shared, error) for error in errors]
    if shared.options.keep:
        return [], [*left, *(f"{_named(one)} was kept" for one in found)]
    records: list[StepRecord] = []
    for removal in remove_all(shared.ending, found, deadline):
        if removal.error is not None and shared.stop.asked(EVERYTHING):
            return records, [*left, *_left_alone(shared)]
        if removal.error is not None:
            left.append(removal.error.message)
        records.append(_record(removal, len(records) + 1, shared.elapsed_ms()))
    return records, left


def _left_alone(shared: Shared) -> list[str]:
    """A line for each thing that a run has left which was told to stop at once; found over connections of its own,
    since those of the run are broken by then."""
    engine = shared.ending.share()
    try:
        found, errors = find(engine, shared.created, shared.run_id, Deadline.after(LISTING_TIME))
    except RunnerError as error:
        return [_unknown(shared, error)]
    return [*(_unknown(shared, error) for error in errors), *(f"{_named(one)} was not removed" for one in found)]


def _unknown(shared: Shared, error: RunnerError) -> str:
    made = ", ".join(f"{noun}s" for noun in sorted(shared.created))
    return f"{made} of run {shared.run_id} may be left: {error.message}"


def _named(leftover: Leftover) -> str:
    short = leftover.id.removeprefix("sha256:")[:12]
    return leftover.title if leftover.name in ("", leftover.id) else f"{leftover.title} ({short})"


def _record(removal: Removal, number: int, now_ms: float) -> StepRecord:
    operation = operations.find(f"{removal.leftover.kind.noun}.delete")
    error = removal.error
    assert operation is not None
    return StepRecord(
        id=f"cleanup_{number}",
        kind=operation.name,
        phase="cleanup",
        status="failed" if error else "passed",
        title=f"Remove {removal.leftover.title}",
        operation=operation.id,
        attempts=removal.attempts,
        started_ms=now_ms - removal.seconds * 1000,
        duration_ms=removal.seconds * 1000,
        request=removal.request,
        response=removal.response,
        error=error.diagnostic() if error else None,
    )
