"""Cleans up at the end of a run: removes what it created and did not remove itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from runner.engine.transport import Deadline
from runner.errors import RunnerError, StepError
from runner.executor.cancellation import Level
from runner.executor.cleanup.find import Leftover, find
from runner.executor.cleanup.remove import Removal, delete_operation, remove_all
from runner.executor.cleanup.settle import Doubts, await_responses
from runner.results.records import StepRecord
from runner.text import short_id

if TYPE_CHECKING:
    from runner.executor.context import RunContext
    from runner.executor.tracking.builds import Build

_TIMEOUT: Final = 60.0
"""Seconds for the whole cleanup of a run."""
_LISTING_TIMEOUT: Final = 1.0
"""Seconds to list what is left after a run was told to end at once."""


def clean_up(run: RunContext) -> tuple[list[StepRecord], list[str]]:
    """Remove what is left of a run, and continue past failures.

    Returns a record for each removal, and a line for each resource that is, or may be, still there.
    """
    await_responses(run)
    if run.cancellation.reached(Level.EVERYTHING):
        return [], _not_removed(run)
    cleanup = _Cleanup(run)
    try:
        cleanup.sweep(run.created.nouns)
        while cleanup.doubts.wait():
            cleanup.sweep(cleanup.doubts.nouns)
        for build in reversed(run.created.builds):
            cleanup.remove_build(build)
    except RunnerError as error:
        if run.cancellation.reached(Level.EVERYTHING):
            return cleanup.records, [*cleanup.left, *_not_removed(run)]
        if not (run.replayed and cleanup.swept):
            return cleanup.records, [*cleanup.left, _unknown(run, error)]
    return cleanup.records, [*cleanup.left, *cleanup.doubts.lines()]


class _Cleanup:
    """One cleanup: the records of removals, and lines about what is left."""

    def __init__(self, run: RunContext) -> None:
        self.run = run
        self.records: list[StepRecord] = []
        self.left: list[str] = []
        self.doubts = Doubts(run)
        self.swept = False
        self._deadline = Deadline.after(_TIMEOUT)
        self._failed: set[str] = set()

    def sweep(self, nouns: Iterable[str]) -> None:
        """Find and remove resources once. Those that could not be removed are not tried again.

        Raises:
            RunnerError: the engine can't be asked, or the run was told to end at once.
        """
        run = self.run
        leftovers, errors = find(run.cleanup_engine, nouns, run.run_id, self._deadline)
        self.doubts.resolve(leftovers)
        if errors and self.swept and run.replayed:
            raise errors[0]  # the recording holds no further sweep
        if not self.swept:
            self.left += [_unknown(run, error) for error in errors]
            if run.created.by_id:
                from runner.executor.cleanup.by_id import in_order, tracked

                leftovers = in_order(leftovers + tracked(run, run.cleanup_engine, self._deadline))
            if run.created.builds:
                from runner.executor.cleanup.builds import built_images

                try:
                    leftovers += built_images(run, self._deadline)
                except StepError as error:
                    self._note(error)
        self.swept = True
        self._remove(leftovers)

    def remove_build(self, build: Build) -> None:
        """Remove the images that a build has created besides the last ones of its stages.

        Raises:
            RunnerError: the engine can't be asked, or the run was told to end at once.
        """
        from runner.executor.cleanup.builds import doubt, intermediate_images, settled

        try:
            if build.cut_off_at is not None:
                found = settled(self.run, build, self._deadline)
                self._remove(found.own)
                if not self.run.replayed:
                    self.left.append(doubt(self.run, build, found.candidates))
            if not self.run.options.keep:
                for leftover in intermediate_images(self.run, build, self._deadline):
                    self._remove([leftover])
        except StepError as error:
            self._note(error)

    def _note(self, error: StepError) -> None:
        """Note what is left because of an error; one that ends everything is raised again."""
        if self.run.cancellation.reached(Level.EVERYTHING):
            raise error
        self.left.append(error.message)

    def _remove(self, leftovers: list[Leftover]) -> None:
        run = self.run
        leftovers = [leftover for leftover in leftovers if leftover.id not in self._failed]
        if run.options.keep:
            self.left += [f"{_described(leftover)} was kept" for leftover in leftovers]
            self._failed.update(leftover.id for leftover in leftovers)
            return
        for removal in remove_all(run.cleanup_engine, leftovers, self._deadline):
            if removal.error is not None:
                if run.replayed and any(resource.id == removal.leftover.id for resource in run.created.by_id):
                    continue  # the recorded program removed it in another way, and a replay leaves nothing
                if run.cancellation.reached(Level.EVERYTHING):
                    raise removal.error
                self._failed.add(removal.leftover.id)
                self.left.append(removal.error.message)
            elif removal.response is not None:
                run.created.note_deleted_images(removal.response.body)
            self.records.append(_record(removal, len(self.records) + 1, run.elapsed_ms()))


def _not_removed(run: RunContext) -> list[str]:
    """Return a line for each resource that is, or may be, left by a run which was told to end at once. They are listed
    over new connections, since those of the run are broken."""
    engine = run.cleanup_engine.share()
    doubts = Doubts(run)
    try:
        deadline = Deadline.after(_LISTING_TIMEOUT)
        leftovers, errors = find(engine, run.created.nouns, run.run_id, deadline)
        if run.created.by_id:
            from runner.executor.cleanup.by_id import tracked

            leftovers += tracked(run, engine, deadline)
    except RunnerError as error:
        return [_unknown(run, error)]
    doubts.resolve(leftovers)
    built = [line for build in run.created.builds for line in _built(run, build)]
    return [
        *(_unknown(run, error) for error in errors),
        *(f"{_described(leftover)} was not removed" for leftover in leftovers),
        *doubts.lines(),
        *built,
    ]


def _built(run: RunContext, build: Build) -> list[str]:
    """Return a line about each image of a build that no step has removed."""
    is_certain = build.cut_off_at is None and not build.pending
    lines = [] if is_certain else [f"images of step '{build.step_id}' may be left: its build was cut off"]
    for image in build.images:
        if image.id.removeprefix("sha256:") not in run.created.deleted_images:
            name = f"{image.tags[0]} ({short_id(image.id)})" if image.tags else short_id(image.id)
            lines.append(f"image {name} was not removed")
    return lines


def _unknown(run: RunContext, error: RunnerError) -> str:
    nouns = run.created.nouns | {creation.noun for creation in run.created.creations}
    nouns |= {build.noun for build in run.created.builds}
    kinds = ", ".join(f"{noun}s" for noun in sorted(nouns))
    return f"{kinds} of run {run.run_id} may be left: {error.message}"


def _described(leftover: Leftover) -> str:
    named = leftover.name not in ("", leftover.id)
    return f"{leftover.title} ({short_id(leftover.id)})" if named else leftover.title


def _record(removal: Removal, number: int, now_ms: float) -> StepRecord:
    operation = delete_operation(removal.leftover)
    error = removal.error
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
