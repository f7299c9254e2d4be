"""Sends the builds of a run, and finds out which images they have created.

A build whose step ends early (cancelled, or past its deadline) is not left to itself: its connection is closed in one
direction only. An engine takes that for the end of its client and ends the build, but what it has still created arrives
in the other direction, and with the end of the response it is known that nothing more will come. So the exchange goes
on in another thread, for which the cleanup waits.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runner.engine.transport import Deadline
from runner.errors import DeadlineExceeded, RunnerError, StepError
from runner.executor.cancellation import Level
from runner.executor.response.ask import ask
from runner.executor.times import unix_seconds
from runner.executor.tracking.builds import Build, BuiltImage
from runner.executor.tracking.creating import LATE, POLL_INTERVAL, Exchange

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.executor.context import StepContext
    from runner.results.records import ResponseRecord

_NOT_FOUND = 404
_LONG_BUILD = 1.0
"""Seconds from which on a build is so long that its finished steps are noted in the journal while it goes on."""
_NOTE_TIMEOUT = 2.0
"""Seconds in which an engine says what the finished steps have created, for the journal."""
_HANG_UP_TIME = 1.0
"""Seconds for the end of a response once the connection is closed in one direction, so that the step has all of it."""


def send(context: StepContext, build: Build, exchange: Exchange, deadline: Deadline) -> ResponseRecord:
    """Send a build, whose stream the exchange feeds to ``build``, and return its response.

    Raises:
        StepError: the step was cancelled.
        DeadlineExceeded: the deadline has passed.
        RunnerError: the exchange failed.
    """
    run = context.run
    run.created.builds.append(build)
    if run.replayed:
        return _followed(context, build, exchange, context.engine, deadline)
    engine = run.creating_engine.share()
    build.abort = engine.abort

    def wake(level: Level) -> None:
        if level >= Level.EVERYTHING:
            engine.abort()

    run.cancellation.on_cancel(wake)
    outcome: list[ResponseRecord | BaseException] = []

    def work() -> None:
        try:
            outcome.append(_followed(context, build, exchange, engine, deadline._replace(grace=LATE)))
        except BaseException as error:  # noqa: BLE001 - raised again in the step's thread
            outcome.append(error)
        finally:
            build.end()

    threading.Thread(target=work, name="build", daemon=True).start()
    long_from = time.monotonic() + _LONG_BUILD
    while not build.wait(POLL_INTERVAL):
        if time.monotonic() >= long_from:
            _note_steps(context, build, run.cleanup_engine)
        reason: RunnerError | None = DeadlineExceeded() if deadline.passed else None
        if context.cancelled():
            reason = StepError("interrupted", "interrupted")
        if reason is not None:
            build.abandon()
            engine.hang_up(reason)
            build.wait(_HANG_UP_TIME)
            raise reason
    (result,) = outcome
    if isinstance(result, BaseException):
        raise result
    return result


def _followed(
    context: StepContext, build: Build, exchange: Exchange, engine: Engine, deadline: Deadline
) -> ResponseRecord:
    """Make the exchange; afterwards identify the images that the build has created."""
    try:
        record = exchange(engine, deadline)
    except BaseException:
        build.cut_off_at = time.monotonic()
        raise
    if not build.has_ended:
        build.cut_off_at = time.monotonic()
    for image_id in build.results:
        with contextlib.suppress(RunnerError):  # the cleanup asks again
            image = inspected(engine, build, image_id, deadline)
            if image is not None:
                build.images.append(image)
                context.run.journal.add(build.noun, image.id, image.created)
    return record


def _note_steps(context: StepContext, build: Build, engine: Engine) -> None:
    """Write the images of finished steps into the journal: where the process is killed in the middle of a build,
    nothing else names them."""
    journal, deadline = context.run.journal, Deadline.after(_NOTE_TIMEOUT)
    while journal.is_kept and build.noted < len(build.steps):
        step = build.steps[build.noted]
        build.noted += 1
        with contextlib.suppress(RunnerError):
            image = inspected(engine, build, step, deadline)
            if image is not None:
                journal.add(build.noun, image.id, image.created)


def inspected(engine: Engine, build: Build, image_id: str, deadline: Deadline) -> BuiltImage | None:
    """Return an image that the build has created; None if it is gone, or older: then it came from the cache.

    Raises:
        StepError: ``cleanup-failed``, the engine does not say.
        RunnerError: the engine can't be asked.
    """
    reply = ask(engine, "image.inspect", {"name": image_id}, deadline)
    body = reply.body
    if reply.status == _NOT_FOUND:
        return None
    if not isinstance(body, Mapping) or not body.get("Id"):
        message = f"image {image_id} may be left: the engine did not describe it, but answered {reply.status}"
        raise StepError("cleanup-failed", message)
    image = BuiltImage(str(body["Id"]), str(body.get("Created")), tuple(map(str, body.get("RepoTags") or ())))
    created = unix_seconds(image.created)
    return image if created is not None and build.has_created(image.id, created) else None
