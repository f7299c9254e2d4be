"""Finds the resources that interrupted runs have journaled; see :mod:`runner.executor.tracking.journal`."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from runner.engine.transport import Deadline
from runner.executor.cleanup.by_id import existing
from runner.executor.cleanup.find import Leftover
from runner.executor.tracking.journal import ReadJournal, read_journals

if TYPE_CHECKING:
    from runner.engine.engine import Engine


class Journaled(NamedTuple):
    """A journal with those of its resources that still exist."""

    journal: ReadJournal
    leftovers: tuple[Leftover, ...]


def find_journaled(
    engine: Engine, folder: Path, deadline: Deadline, runs: Collection[str] | None = None
) -> tuple[Journaled, ...]:
    """Return the journals of an engine's runs, or of those with the ids ``runs``. A resource is found by its full id,
    and only if it was created when the journal says so.

    Raises:
        RunnerError: the engine can't be asked.
    """
    return tuple(
        Journaled(journal, tuple(_existing(engine, journal, deadline)))
        for journal in read_journals(folder, engine.endpoint.url)
        if runs is None or journal.run_id in runs
    )


def _existing(engine: Engine, journal: ReadJournal, deadline: Deadline) -> Iterable[Leftover]:
    for entry in journal.entries:
        leftover = existing(engine, entry.noun, entry.id, journal.run_id, deadline)
        if leftover is not None and str(leftover.created) == entry.created:
            yield leftover


def forget(journaled: Iterable[Journaled], remaining: Iterable[str]) -> None:
    """Delete the journals whose resources are gone; ``remaining`` are the ids of those that are not."""
    left = set(remaining)
    for journal, leftovers in journaled:
        if not any(leftover.id in left for leftover in leftovers):
            with contextlib.suppress(OSError):
                journal.path.unlink()
