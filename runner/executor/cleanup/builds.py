"""Removes the images that builds have created, by their ids."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runner.engine.transport import Deadline, Request
from runner.executor.cancellation import Level
from runner.executor.cleanup.find import CONTAINER, IMAGE, Leftover
from runner.executor.cleanup.look import look
from runner.executor.response.reader import Reader
from runner.executor.times import unix_seconds
from runner.executor.tracking.build_tracking import inspected
from runner.executor.tracking.builds import Build, BuiltImage
from runner.text import short_id

if TYPE_CHECKING:
    from runner.executor.context import RunContext

_SETTLE_TIME: Final = 5.0
"""Seconds after which a cancelled builder has ended, as far as that can be expected."""
_MIN_SETTLE_TIME: Final = 2.0
"""Seconds in which a cancelled builder may still create an image."""
_POLL_INTERVAL: Final = 0.3
_NOT_FOUND: Final = 404


class Settled(NamedTuple):
    """Holds what is known of a build that was cut off, once its builder has had the time to end. ``own`` is what it has
    created: its containers, then its images, the youngest first. ``candidates`` were created by it or by another build
    on the same engine: nothing but the time tells them apart."""

    own: list[Leftover]
    candidates: tuple[str, ...]


def built_images(run: RunContext, deadline: Deadline) -> list[Leftover]:
    """Return the images of finished builds that still exist.

    Raises:
        RunnerError: the engine can't be asked.
    """
    ids = [(build, image.id) for build in run.created.builds for image in build.images]
    return [found for build, image_id in ids for found in _existing(run, build, image_id, deadline)]


def intermediate_images(run: RunContext, build: Build, deadline: Deadline) -> Iterator[Leftover]:
    """Yield the images that the steps of a build have created and that still exist, the last one first. Each is asked
    for only when the ones before have been removed: an image disappears with the last one that was built on it.

    Raises:
        RunnerError: the engine can't be asked.
    """
    for image_id in reversed(build.steps):
        yield from _existing(run, build, image_id, deadline)


def _existing(run: RunContext, build: Build, image_id: str, deadline: Deadline) -> list[Leftover]:
    bare = image_id.removeprefix("sha256:")
    if any(deleted.startswith(bare) for deleted in run.created.deleted_images):
        return []
    image = inspected(run.cleanup_engine, build, image_id, deadline)
    return [] if image is None else [leftover(run, image)]


def leftover(run: RunContext, image: BuiltImage) -> Leftover:
    return Leftover(
        kind=IMAGE,
        id=image.id,
        name=image.tags[0] if image.tags else "",
        run=run.run_id,
        scenario=run.title,
        created=image.created,
        tags=image.tags,
    )


def settled(run: RunContext, build: Build, deadline: Deadline) -> Settled:
    """Wait until the builder of a build that was cut off has had the time to end, and find what it has created.

    Raises:
        RunnerError: the engine can't be asked.
    """
    assert build.cut_off_at is not None
    known: frozenset[str] | None = None
    while True:
        images = _new_images(run, build, deadline)
        containers = _containers(run, build, deadline)
        working = _working_containers(run, build, deadline)
        ids = frozenset(images)
        since = time.monotonic() - build.cut_off_at
        is_quiet = ids == known and not containers and not working
        if run.replayed or since > _SETTLE_TIME or (is_quiet and since > _MIN_SETTLE_TIME):
            break
        if run.cancellation.reached(Level.EVERYTHING):
            break
        known = ids
        time.sleep(_POLL_INTERVAL)
    own, others = _descendants(build, images)
    steps = [step for other in run.created.builds for step in other.steps]
    foreign = [image_id for image_id in others if not any(image_id.startswith(step) for step in steps)]
    for image_id in reversed(own):
        if not any(image_id.startswith(step) for step in build.steps):
            build.steps.append(image_id)
    left = [Leftover(CONTAINER, container, "", run.run_id, run.title) for container in containers]
    left += [found for image_id in own for found in _existing(run, build, image_id, deadline)]
    working = _working_containers(run, build, deadline)
    candidates = [*(("container", container) for container in working), *(("image", image_id) for image_id in foreign)]
    return Settled(left, tuple(f"{noun} {short_id(candidate)}" for noun, candidate in candidates))


def doubt(run: RunContext, build: Build, candidates: Sequence[str]) -> str:
    """Return the line about a build that may still go on: the engine does not say."""
    docker = f"docker --host {run.engine.endpoint.url}"
    line = (
        f"images of the build of step '{build.step_id}' may be left, since it was cut off: see '{docker} images --all'"
    )
    if not candidates:
        return line
    ids = {noun: [text.split()[1] for text in candidates if text.startswith(noun)] for noun in ("container", "image")}
    commands = [
        f"'{docker} {verb} {' '.join(ids[noun])}'"
        for noun, verb in (("container", "rm"), ("image", "rmi"))
        if ids[noun]
    ]
    return f"{line}; unless another build made {', '.join(candidates)}: {', '.join(commands)}"


def _new_images(run: RunContext, build: Build, deadline: Deadline) -> dict[str, Mapping[str, Any]]:
    """Return the images without names, or with a name of the build, that are younger than the build, by their ids."""
    body = look(run.cleanup_engine, "image.list", {"all": True}, deadline).body
    images: dict[str, Mapping[str, Any]] = {}
    for image in body if isinstance(body, list) else ():
        created = unix_seconds(image.get("Created"))
        tags = [tag for tag in image.get("RepoTags") or () if tag != "<none>:<none>"]
        if created is not None and created >= int(build.started) and (not tags or _has_name(build, tags)):
            images[str(image.get("Id")).removeprefix("sha256:")] = image
    return images


def _has_name(build: Build, tags: list[str]) -> bool:
    names = {name if ":" in name.rpartition("/")[2] else f"{name}:latest" for name in build.tags}
    return any(tag == name or tag.endswith(f"/{name}") for tag in tags for name in names)


def _descendants(build: Build, images: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Divide images into those of this build, the youngest first, and the others: its stream has named them, or they
    were built on one of those."""
    own = {image_id for image_id in images if any(image_id.startswith(step) for step in build.steps)}
    grown = True
    while grown:
        children = {
            image_id
            for image_id, image in images.items()
            if str(image.get("ParentId") or "").removeprefix("sha256:") in own and image_id not in own
        }
        grown = bool(children)
        own |= children
    by_age = sorted(own, key=lambda image_id: unix_seconds(images[image_id].get("Created")) or 0.0, reverse=True)
    return by_age, [image_id for image_id in images if image_id not in own]


def _containers(run: RunContext, build: Build, deadline: Deadline) -> list[str]:
    """Return the full ids of the containers that a build's stream has named, and that still exist."""
    replies = [look(run.cleanup_engine, "container.inspect", {"id": name}, deadline) for name in build.containers]
    return [str(reply.body["Id"]) for reply in replies if isinstance(reply.body, Mapping) and reply.body.get("Id")]


def _working_containers(run: RunContext, build: Build, deadline: Deadline) -> list[str]:
    """Return the containers in which Podman's builder works, as far as they are younger than the build. Only Podman's
    own API lists them (``podman ps --all --external``), and they do not say which build they belong to."""
    engine = run.cleanup_engine
    if engine.name != "podman":
        return []
    query = (("all", "true"), ("external", "true"))
    response = engine.send(Request("GET", f"/v{engine.version}/libpod/containers/json", query), deadline)
    try:
        body = Reader(response, deadline, None).value().body
    finally:
        response.close()
    found = [container for container in (body if isinstance(body, list) else ()) if isinstance(container, Mapping)]
    return [
        str(container.get("Id"))
        for container in found
        if container.get("Command") == ["buildah"] and (unix_seconds(container.get("Created")) or 0) >= build.started
    ]
