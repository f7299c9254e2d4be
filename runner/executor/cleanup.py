"""Removes what a run has created and not removed itself, found by its label.

The same pieces serve the end of a run and ``run clean``. Only what the engine itself lists under the label is
removed, by its id, so that nothing without the label can be; and nothing is forced that others could suffer from: what
somebody else's container uses stays, and is said to be left.
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
from runner.executor.stop import EVERYTHING

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.executor.context import Shared

TIME = 60.0
"""Seconds that all of a run's cleanup may take."""
ONE_TIME = 20.0
"""Seconds that one removal may take of it, so that an engine which hangs on one thing gets asked for the others."""
LISTING_TIME = 1.0
"""Seconds to find out what is left after a run was told to stop at once."""

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


# Services before the containers of their tasks, containers before the networks and volumes that they use. Only a
# container is removed by force, which ends it: for an image or a volume Podman would end and remove others' containers.
KINDS = (
    Kind("service", "ID", {}, {}),
    Kind("container", "Id", {"force": True, "v": True}, {"all": True}),
    Kind("network", "Id", {}, {}),
    Kind("volume", "Name", {}, {}, "Volumes"),
    Kind("secret", "ID", {}, {}, by_label=False),
    Kind("config", "ID", {}, {}),
    Kind("image", "Id", {}, {}),
)
_EVERY_IMAGE = KINDS[-1]._replace(list={"all": True})
SWARM_NOUNS = frozenset({"service", "secret", "config"})


class Leftover(NamedTuple):
    """Something on the engine that carries the runner's label. ``created`` is what the engine says of it; ``origin`` is
    its third label; ``tags`` are an image's; ``image`` is a container's, without ``sha256:``."""

    kind: Kind
    id: str
    name: str
    run: str
    scenario: str
    created: Any = None
    origin: str | None = None
    tags: tuple[str, ...] = ()
    image: str = ""

    @property
    def title(self) -> str:
        """How people call it."""
        return f"{self.kind.noun} {self.name or self.id.removeprefix('sha256:')[:12]}"

    @property
    def mark(self) -> tuple[str, str | None]:
        """What an heir has the same of."""
        return self.run, self.origin


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
                found += _own(engine, kind, run_id, deadline)
            except StepError as error:
                errors.append(error)
    return found, errors


def _own(engine: Engine, kind: Kind, run_id: str | None, deadline: Deadline) -> list[Leftover]:
    """Without what has the labels only because it was made of what has them."""
    found = _labelled(engine, kind, run_id, deadline)
    if kind.noun not in labels.INHERITING or not found:
        return found
    found = [one for one in found if (one.origin or kind.noun).partition("/")[0] == kind.noun]
    if kind.noun == "image":
        return _without_heirs(engine, found, deadline)
    marks = {
        image.id.removeprefix("sha256:"): image.mark for image in _labelled(engine, _EVERY_IMAGE, run_id, deadline)
    }
    return [one for one in found if marks.get(one.image) != one.mark]


def _labelled(engine: Engine, kind: Kind, run_id: str | None, deadline: Deadline) -> list[Leftover]:
    label = labels.RUN if run_id is None else f"{labels.RUN}={run_id}"
    params = {**kind.list, "filters": {"label": label}} if kind.by_label else kind.list
    _, status, body = _exchange(engine, f"{kind.noun}.list", params, deadline)
    if status in (404, 503) and kind.noun in SWARM_NOUNS:
        return []  # not part of a swarm, or an engine that has none
    if status != 200:
        raise StepError("cleanup-failed", f"the engine did not list {kind.noun}s: {status} {engine_message(body)}")
    listed = body.get(kind.items) if kind.items and isinstance(body, Mapping) else body
    found = [_leftover(kind, item) for item in listed or () if _labels(item).get(labels.RUN)]
    return [one for one in found if run_id in (None, one.run)]


def _without_heirs(engine: Engine, images: list[Leftover], deadline: Deadline) -> list[Leftover]:
    """Images that runs have made, without those that somebody has made of one of them: those begin with the layers of
    a named one. (Podman's builds leave their stages behind, which have no names, and the labels of the last one.)"""
    families: dict[tuple[str, str | None], list[Leftover]] = {}
    for image in images:
        families.setdefault(image.mark, []).append(image)
    heirs: set[str] = set()
    for (_, origin), family in families.items():
        if not origin or len(family) == 1:
            continue  # the usual case needs no further question
        looks = [(one, *_layers(engine, one, deadline)) for one in family]
        for one, layers, created in looks:
            for other, first, earlier in looks:
                if (
                    other is not one
                    and layers[: len(first)] == first
                    and (len(first), earlier) < (len(layers), created)
                ):
                    heirs.add(one.id)
    return [image for image in images if image.id not in heirs]


def _layers(engine: Engine, image: Leftover, deadline: Deadline) -> tuple[list[str], str]:
    """An image's layers, and when it was made."""
    _, status, body = _exchange(engine, "image.inspect", {"name": image.id}, deadline)
    found = body.get("RootFS") if status == 200 and isinstance(body, Mapping) else None
    return (found.get("Layers") or [], str(body.get("Created"))) if isinstance(found, Mapping) else ([], "")


def _leftover(kind: Kind, item: Mapping[str, Any]) -> Leftover:
    found = _labels(item)
    tags = tuple(str(tag) for tag in item.get("RepoTags") or () if tag != "<none>:<none>")
    names = item.get("Names") or tags or [item.get("Name") or _spec(item).get("Name")]
    return Leftover(
        kind=kind,
        id=str(item.get(kind.id_key)),
        name=str(names[0] or "").lstrip("/"),
        run=str(found.get(labels.RUN)),
        scenario=str(found.get(labels.SCENARIO, "")),
        created=item.get("Created") or item.get("CreatedAt"),
        origin=found.get(labels.ORIGIN),
        tags=tags,
        image=str(item.get("ImageID") or "").removeprefix("sha256:"),
    )


def _spec(item: Mapping[str, Any]) -> Mapping[str, Any]:
    spec = item.get("Spec")
    return spec if isinstance(spec, Mapping) else {}


def _labels(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        return {}
    found = item.get("Labels") or _spec(item).get("Labels")
    return found if isinstance(found, Mapping) else {}


class Removal(NamedTuple):
    """What came of removing one thing; ``error`` says that it is still there. ``seconds`` is how long it took."""

    leftover: Leftover
    seconds: float
    attempts: int
    request: RequestRecord | None = None
    response: ResponseRecord | None = None
    error: RunnerError | None = None


def remove_all(engine: Engine, found: Iterable[Leftover], deadline: Deadline) -> Iterator[Removal]:
    """Remove one thing after the other, whatever happens to any. What is refused at first is tried once more after the
    others are gone, which may have held it."""
    refused: list[Leftover] = []
    settled = time.monotonic()
    for leftover in found:
        removal = _remove(engine, leftover, deadline, settled)
        if leftover.kind.noun == "service":
            settled = time.monotonic() + SETTLING_TIME
        if removal.error is None:
            yield removal
        else:
            refused.append(leftover)
    for leftover in refused:
        yield _remove(engine, leftover, deadline, settled)._replace(attempts=2)


def _remove(engine: Engine, leftover: Leftover, deadline: Deadline, settled: float) -> Removal:
    """Remove one thing; gone already is fine. Until ``settled`` what is refused is tried again: the tasks of a service
    use its networks and volumes until they have ended."""
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
    # An image that has names is removed with the last of them.
    for name in leftover.tags or (leftover.id,):
        params = {target: name, **leftover.kind.remove}
        while True:
            request, status, body = _exchange(engine, operation.name, params, deadline)
            gone = status in (*operation.success, 404)
            if gone or time.monotonic() >= settled:
                break
            time.sleep(PAUSE)
        if not gone:
            raise StepError("cleanup-failed", engine_message(body) or f"the engine answered {status}")
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
        error=ErrorRecord(error.code, error.message, error.hint) if error else None,
    )
