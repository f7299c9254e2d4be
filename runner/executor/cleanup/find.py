"""Finds the resources that runs left on an engine, by their labels; see :mod:`runner.executor.request.labels`.

Resources that merely inherit the labels, because others derived them from a run's image or container, are not the
run's and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runner.api.error_message import engine_message
from runner.engine.transport import Deadline
from runner.errors import StepError
from runner.executor.cleanup.look import look
from runner.executor.request.labels import INHERITING
from runner.labels import ORIGIN, RUN, SCENARIO
from runner.text import short_id

if TYPE_CHECKING:
    from runner.engine.engine import Engine


class Kind(NamedTuple):
    """Describes how one kind of resource is listed and removed.

    ``list`` and ``remove`` are parameters of these operations; ``items`` is the key of the list inside the response;
    ``by_label`` is False where not every engine can filter the list by label: Podman refuses that for secrets.
    """

    noun: str
    id_key: str
    remove: Mapping[str, Any]
    list: Mapping[str, Any]
    items: str | None = None
    by_label: bool = True


# In the order of removal: services before the containers of their tasks, containers before the networks and volumes
# that they use. Only containers are removed by force, which kills them: by force, Podman would remove an image or a
# volume together with the containers that use it, no matter who created them.
KINDS: Final = (
    Kind("service", "ID", {}, {}),
    Kind("container", "Id", {"force": True, "v": True}, {"all": True}),
    Kind("network", "Id", {}, {}),
    Kind("volume", "Name", {}, {}, "Volumes"),
    Kind("secret", "ID", {}, {}, by_label=False),
    Kind("config", "ID", {}, {}),
    Kind("image", "Id", {}, {}),
)
CONTAINER: Final = KINDS[1]
IMAGE: Final = KINDS[-1]
_EVERY_IMAGE: Final = IMAGE._replace(list={"all": True})
SWARM_NOUNS: Final = frozenset({"service", "secret", "config"})


class Leftover(NamedTuple):
    """A resource that a run left on an engine. ``created`` is the time as the engine writes it, ``origin`` the third
    label, ``tags`` an image's names, ``image`` the id of a container's image without ``sha256:``."""

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
        """The kind with the name, or else the short id."""
        return f"{self.kind.noun} {self.name or short_id(self.id)}"

    @property
    def inherited(self) -> tuple[str, str | None]:
        """The (run, origin) labels that a derived container or image inherits."""
        return self.run, self.origin


def find(
    engine: Engine, nouns: Iterable[str], run_id: str | None, deadline: Deadline
) -> tuple[list[Leftover], list[StepError]]:
    """Return the resources of one run, or of any, in the order of removal, and the errors of kinds that the engine
    refuses to list.

    Raises:
        RunnerError: the engine can't be asked.
    """
    selected = set(nouns)
    leftovers: list[Leftover] = []
    errors: list[StepError] = []
    for kind in KINDS:
        if kind.noun in selected:
            try:
                leftovers += _own(engine, kind, run_id, deadline)
            except StepError as error:
                errors.append(error)
    return leftovers, errors


def _own(engine: Engine, kind: Kind, run_id: str | None, deadline: Deadline) -> list[Leftover]:
    """List the resources of one kind, without derived ones."""
    labelled = _labelled(engine, kind, run_id, deadline)
    if kind.noun not in INHERITING or not labelled:
        return labelled
    labelled = [leftover for leftover in labelled if (leftover.origin or kind.noun).partition("/")[0] == kind.noun]
    if kind.noun == "image":
        return _without_derived(engine, labelled, deadline)
    images = _labelled(engine, _EVERY_IMAGE, run_id, deadline)
    inherited = {image.id.removeprefix("sha256:"): image.inherited for image in images}
    return [container for container in labelled if inherited.get(container.image) != container.inherited]


def _labelled(engine: Engine, kind: Kind, run_id: str | None, deadline: Deadline) -> list[Leftover]:
    """List the resources of one kind that carry the run's label, or any run's.

    Raises:
        StepError: ``cleanup-failed``, the engine refuses.
    """
    label = RUN if run_id is None else f"{RUN}={run_id}"
    params = {**kind.list, "filters": {"label": label}} if kind.by_label else kind.list
    reply = look(engine, f"{kind.noun}.list", params, deadline)
    if reply.status in (404, 503) and kind.noun in SWARM_NOUNS:
        return []  # not part of a swarm, or an engine without swarms
    if reply.status != 200:
        message = f"the engine did not list {kind.noun}s: {reply.status} {engine_message(reply.body)}"
        raise StepError("cleanup-failed", message)
    items = reply.body.get(kind.items) if kind.items and isinstance(reply.body, Mapping) else reply.body
    leftovers = [_leftover(kind, item) for item in items or () if _labels(item).get(RUN)]
    return [leftover for leftover in leftovers if run_id in (None, leftover.run)]


def _without_derived(engine: Engine, images: list[Leftover], deadline: Deadline) -> list[Leftover]:
    """Drop the images that others derived from a run's image: they carry the same labels and begin with its layers.
    (Podman's builds leave their stages behind, which have no names, and the labels of the last one.)"""
    families: dict[tuple[str, str | None], list[Leftover]] = {}
    for image in images:
        families.setdefault(image.inherited, []).append(image)
    derived: set[str] = set()
    for (_, origin), family in families.items():
        if not origin or len(family) == 1:
            continue  # the common case needs no further requests
        history = [(image, *_layers(engine, image, deadline)) for image in family]
        for image, layers, created in history:
            for other, base_layers, base_created in history:
                begins_with_it = layers[: len(base_layers)] == base_layers
                if other is not image and begins_with_it and (len(base_layers), base_created) < (len(layers), created):
                    derived.add(image.id)
    return [image for image in images if image.id not in derived]


def _layers(engine: Engine, image: Leftover, deadline: Deadline) -> tuple[list[str], str]:
    """Return an image's layers, and when it was created."""
    reply = look(engine, "image.inspect", {"name": image.id}, deadline)
    root = reply.body.get("RootFS") if reply.status == 200 and isinstance(reply.body, Mapping) else None
    return (root.get("Layers") or [], str(reply.body.get("Created"))) if isinstance(root, Mapping) else ([], "")


def _leftover(kind: Kind, item: Mapping[str, Any]) -> Leftover:
    labels = _labels(item)
    tags = tuple(str(tag) for tag in item.get("RepoTags") or () if tag != "<none>:<none>")
    names = item.get("Names") or tags or [item.get("Name") or _spec(item).get("Name")]
    return Leftover(
        kind=kind,
        id=str(item.get(kind.id_key)),
        name=str(names[0] or "").lstrip("/"),
        run=str(labels.get(RUN)),
        scenario=str(labels.get(SCENARIO, "")),
        created=item.get("Created") or item.get("CreatedAt"),
        origin=labels.get(ORIGIN),
        tags=tags,
        image=str(item.get("ImageID") or "").removeprefix("sha256:"),
    )


def _spec(item: Mapping[str, Any]) -> Mapping[str, Any]:
    spec = item.get("Spec")
    return spec if isinstance(spec, Mapping) else {}


def _labels(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        return {}
    labels = item.get("Labels") or _spec(item).get("Labels")
    return labels if isinstance(labels, Mapping) else {}
