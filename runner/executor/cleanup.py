"""Removes what a run has created and not removed itself, found by its label.

The same pieces serve the end of a run and ``run clean``. Only what the engine itself lists under the label is
removed, by its id, so that nothing without the label can be.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.engine import build, operations
from runner.engine.message import Deadline
from runner.errors import RunnerError, StepError
from runner.executor import labels
from runner.executor.answer import Reader
from runner.executor.record import ErrorRecord, RequestRecord, ResponseRecord, StepRecord
from runner.executor.refusal import engine_message

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.executor.context import Shared

TIME = 60.0
"""Seconds that all of a run's cleanup may take."""

SETTLING_TIME, PAUSE = 20.0, 0.2
"""Seconds to wait for a removed service's tasks, which have ten to end by themselves, and between two tries."""


class Kind(NamedTuple):
    """How one kind of thing is listed and removed; ``items`` is the key of the list inside the answer.

    ``by_label`` says whether every engine can list by label: Podman refuses that for secrets.
    """

    noun: str
    id_key: str
    remove: Mapping[str, Any]
    list: Mapping[str, Any]
    items: str | None = None
    by_label: bool = True


# Services before the containers of their tasks, containers before the networks and volumes that they use.
KINDS = (
    Kind("service", "ID", {}, {}),
    Kind("container", "Id", {"force": True, "v": True}, {"all": True}),
    Kind("network", "Id", {}, {}),
    Kind("volume", "Name", {"force": True}, {}, "Volumes"),
    Kind("secret", "ID", {}, {}, by_label=False),
    Kind("config", "ID", {}, {}),
    Kind("image", "Id", {"force": True}, {}),
)
SWARM_NOUNS = frozenset({"service", "secret", "config"})


class Leftover(NamedTuple):
    """Something on the engine that carries the runner's label. ``created`` is what the engine says of it."""

    kind: Kind
    id: str
    name: str
    run: str
    scenario: str
    created: Any = None


def find(
    engine: Engine, nouns: Iterable[str], run_id: str | None, deadline: Deadline
) -> tuple[list[Leftover], list[StepError]]:
    """What carries the label of one run, or of any, in an order in which it can be removed.

    The errors are of kinds that the engine refuses to list; the other kinds are found all the same.

    Raises:
        RunnerError: the engine can't be asked.
    """
    wanted = set(nouns)
    found: list[Leftover] = []
    errors: list[StepError] = []
    for kind in KINDS:
        if kind.noun in wanted:
            try:
                found += _listed(engine, kind, run_id, deadline)
            except StepError as error:
                errors.append(error)
    return found, errors


def _listed(engine: Engine, kind: Kind, run_id: str | None, deadline: Deadline) -> Iterator[Leftover]:
    label = labels.RUN if run_id is None else f"{labels.RUN}={run_id}"
    params = {**kind.list, "filters": {"label": label}} if kind.by_label else kind.list
    status, body = _exchange(engine, f"{kind.noun}.list", params, deadline)[1:]
    if status in (404, 503) and kind.noun in SWARM_NOUNS:
        return  # not part of a swarm, or an engine that has none
    if status != 200:
        raise StepError("cleanup-failed", f"the engine did not list {kind.noun}s: {status} {engine_message(body)}")
    listed = body.get(kind.items) if kind.items and isinstance(body, Mapping) else body
    for item in listed or ():
        owner = _labels(item).get(labels.RUN)
        if owner and run_id in (None, owner):
            yield _leftover(kind, item)


def _leftover(kind: Kind, item: Mapping[str, Any]) -> Leftover:
    found = _labels(item)
    names = item.get("Names") or item.get("RepoTags") or [item.get("Name") or _spec(item).get("Name")]
    return Leftover(
        kind=kind,
        id=str(item.get(kind.id_key)),
        name=str(names[0] or "").lstrip("/"),
        run=str(found.get(labels.RUN)),
        scenario=str(found.get(labels.SCENARIO, "")),
        created=item.get("Created") or item.get("CreatedAt"),
    )


def _spec(item: Mapping[str, Any]) -> Mapping[str, Any]:
    spec = item.get("Spec")
    return spec if isinstance(spec, Mapping) else {}


def _labels(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        return {}
    found = item.get("Labels") or _spec(item).get("Labels")
    return found if isinstance(found, Mapping) else {}


def patience(found: Iterable[Leftover]) -> float:
    """How many seconds a refusal may last: the tasks of a removed service use its networks until they have ended."""
    return SETTLING_TIME if any(leftover.kind.noun == "service" for leftover in found) else 0.0


def remove(
    engine: Engine, leftover: Leftover, deadline: Deadline, patience: float = 0.0
) -> tuple[RequestRecord, ResponseRecord]:
    """Remove one thing; gone already is fine. What is refused is tried again while ``patience`` lasts, in seconds.

    Raises:
        RunnerError: the engine refuses, or can't be asked.
    """
    operation = operations.find(f"{leftover.kind.noun}.delete")
    assert operation is not None
    target = operation.path_params[0].name
    params = {target: leftover.id, **leftover.kind.remove}
    settled = time.monotonic() + patience
    while True:
        request, status, body = _exchange(engine, operation.name, params, deadline)
        if status in (*operation.success, 404) or time.monotonic() >= settled:
            break
        time.sleep(PAUSE)
    if status not in (*operation.success, 404):
        said = engine_message(body) or f"the engine answered {status}"
        raise StepError(
            "cleanup-failed", f"{leftover.kind.noun} {leftover.name or leftover.id[:12]} is still there: {said}"
        )
    return request, ResponseRecord(status, body=body)


def _exchange(
    engine: Engine, name: str, params: Mapping[str, Any], deadline: Deadline
) -> tuple[RequestRecord, int, Any]:
    operation = operations.find(name)
    assert operation is not None
    request = build.build(operation, params, api_version=engine.api_version)
    response = engine.send(request, deadline)
    try:
        body = Reader(response, deadline, None).value().body
    finally:
        response.close()
    return (
        RequestRecord(request.method, request.path, dict(request.query), dict(request.headers)),
        response.status,
        body,
    )


def clean_up(shared: Shared) -> tuple[list[StepRecord], list[str]]:
    """Remove what is left of a run, going on past single failures.

    Returns a record for each removal, and a line for each thing that is still there.
    """
    deadline = Deadline.after(TIME)
    records: list[StepRecord] = []
    try:
        found, errors = find(shared.ending, shared.created, shared.run_id, deadline)
    except RunnerError as error:
        return records, [f"{', '.join(sorted(shared.created))} of run {shared.run_id} may be left: {error.message}"]
    left = [f"something of run {shared.run_id} may be left: {error.message}" for error in errors]
    waiting = patience(found)
    for leftover in found:
        if shared.options.keep:
            left.append(f"{leftover.kind.noun} {leftover.name or leftover.id[:12]} ({leftover.id[:12]}) was kept")
            continue
        started = shared.elapsed_ms()
        operation = operations.find(f"{leftover.kind.noun}.delete")
        assert operation is not None
        request = response = problem = None
        try:
            request, response = remove(shared.ending, leftover, deadline, waiting)
        except RunnerError as error:
            problem = ErrorRecord(error.code, error.message, error.hint)
            left.append(error.message)
        records.append(
            StepRecord(
                id=f"cleanup_{len(records) + 1}",
                kind=operation.name,
                phase="cleanup",
                status="failed" if problem else "passed",
                title=f"Remove {leftover.kind.noun} {leftover.name or leftover.id[:12]}",
                operation=operation.id,
                attempts=1,
                started_ms=started,
                duration_ms=shared.elapsed_ms() - started,
                request=request,
                response=response,
                error=problem,
            )
        )
    return records, left
