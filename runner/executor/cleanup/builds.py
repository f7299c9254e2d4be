"""Removes the images that builds have created, by their ids."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from runner.engine.transport import Deadline
from runner.executor.cancellation import Level
from runner.executor.cleanup.find import IMAGE, Leftover
from runner.executor.response.ask import ask
from runner.executor.times import unix_seconds
from runner.executor.tracking.build_tracking import inspected
from runner.executor.tracking.builds import Build, BuiltImage
from runner.text import short_id

if TYPE_CHECKING:
    from runner.executor.context import RunContext

_SETTLE_TIME: Final = 5.0
"""Seconds after which a cancelled builder has certainly ended."""
_MIN_SETTLE_TIME: Final = 2.0
"""Seconds in which a cancelled builder may still create an image."""
_POLL_INTERVAL: Final = 0.3
_NOT_FOUND: Final = 404


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


def settled(run: RunContext, build: Build, deadline: Deadline) -> tuple[list[Leftover], list[str]]:
    """Wait until the builder of a build that was cut off has ended.

    Returns the images that it has created since, and a line about each that it may have created, but that another build
    may have created too: nothing but the time tells them apart.

    Raises:
        RunnerError: the engine can't be asked.
    """
    assert build.cut_off_at is not None
    known: frozenset[str] | None = None
    while not run.cancellation.reached(Level.EVERYTHING):
        images = _new_images(run, build, deadline)
        ids = frozenset(images)
        since = time.monotonic() - build.cut_off_at
        is_quiet = ids == known and not _containers(run, build, deadline)
        if run.replayed or since > _SETTLE_TIME or (is_quiet and since > _MIN_SETTLE_TIME):
            break
        known = ids
        time.sleep(_POLL_INTERVAL)
    own, others = _descendants(build, images)
    steps = [step for other in run.created.builds for step in other.steps]
    foreign = [image_id for image_id in others if not any(image_id.startswith(step) for step in steps)]
    for image_id in reversed(own):
        if not any(image_id.startswith(step) for step in build.steps):
            build.steps.append(image_id)
    leftovers = [found for image_id in own for found in _existing(run, build, image_id, deadline)]
    lines = [
        f"image {short_id(image_id)} may be left by the build of step '{build.step_id}', which was cut off"
        for image_id in foreign
    ]
    return leftovers, [*lines, *_container_lines(run, build, deadline)]


def _new_images(run: RunContext, build: Build, deadline: Deadline) -> dict[str, Mapping[str, Any]]:
    """Return the images without names, or with a name of the build, that are younger than the build, by their ids."""
    body = ask(run.cleanup_engine, "image.list", {"all": True}, deadline).body
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
    """Divide images into those that only this build can have created, the youngest first, and the others: those have
    one of its names, or were built on one of its images."""
    own = {image_id for image_id in images if any(image_id.startswith(step) for step in build.steps)}
    own |= {image_id for image_id, image in images.items() if image.get("RepoTags") and build.tags}
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
    """Return the containers of a build that still exist."""
    return [
        container
        for container in build.containers
        if ask(run.cleanup_engine, "container.inspect", {"id": container}, deadline).status != _NOT_FOUND
    ]


def _container_lines(run: RunContext, build: Build, deadline: Deadline) -> list[str]:
    return [
        f"container {container} may be left by the build of step '{build.step_id}', which was cut off"
        for container in _containers(run, build, deadline)
    ]
