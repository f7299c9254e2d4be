"""Tracks the builds of a run, and finds out which images they have created."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from runner.api.operations import Operation
from runner.engine.transport import Deadline
from runner.errors import RunnerError
from runner.executor.response.ask import ask
from runner.executor.times import unix_seconds
from runner.executor.tracking.builds import Build, BuiltImage

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.executor.context import StepContext


@contextlib.contextmanager
def follow(context: StepContext, operation: Operation, tags: tuple[str, ...], deadline: Deadline) -> Iterator[Build]:
    """Follow a build while the block runs: it feeds the stream. Afterwards its images are identified."""
    build = Build(operation.noun, context.step.id, tags)
    context.run.created.builds.append(build)
    try:
        yield build
    except BaseException:
        build.cut_off_at = time.monotonic()
        raise
    for image_id in (*build.stages, *((build.final,) if build.final else ())):
        with contextlib.suppress(RunnerError):  # the cleanup asks again
            image = inspected(context.engine, build, image_id, deadline)
            if image is not None:
                build.images.append(image)
                context.run.journal.add(build.noun, image.id, image.created)


def inspected(engine: Engine, build: Build, image_id: str, deadline: Deadline) -> BuiltImage | None:
    """Return an image that the build has created; None if it is gone, or older: then it came from the cache.

    Raises:
        RunnerError: the engine can't be asked.
    """
    body = ask(engine, "image.inspect", {"name": image_id}, deadline).body
    if not isinstance(body, Mapping) or not body.get("Id"):
        return None
    image = BuiltImage(str(body["Id"]), str(body.get("Created")), tuple(map(str, body.get("RepoTags") or ())))
    created = unix_seconds(image.created)
    return image if created is not None and build.has_created(image.id, created) else None
