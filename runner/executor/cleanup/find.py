"""What runs have left on an engine, found by the labels; see :mod:`runner.executor.request.labels`.

Only what the engine itself lists under the label is found, and of that only what a run has labelled: what merely
inherits the labels is somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.api import operations
from runner.api.error_message import engine_message
from runner.engine import requests
from runner.engine.transport import Deadline
from runner.errors import StepError
from runner.executor.request import labels
from runner.executor.response.reader import Reader
from runner.results.records import RequestRecord

if TYPE_CHECKING:
    from runner.engine.engine import Engine


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
    _, status, body = exchange(engine, f"{kind.noun}.list", params, deadline)
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
    _, status, body = exchange(engine, "image.inspect", {"name": image.id}, deadline)
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


def exchange(
    engine: Engine, name: str, params: Mapping[str, Any], deadline: Deadline
) -> tuple[RequestRecord, int, Any]:
    """One call of an operation: what was sent, the status, and the body.

    Raises:
        RunnerError: the engine can't be asked.
    """
    operation = operations.find(name)
    assert operation is not None
    request = requests.build(operation, params, api_version=engine.api_version)
    response = engine.send(request, deadline)
    try:
        body = Reader(response, deadline, None).value().body
    finally:
        response.close()
    return (
        RequestRecord(
            request.method,
            request.path,
            dict(request.query),
            dict(request.headers),
            params=requests.typed_params(operation, params),
        ),
        response.status,
        body,
    )
