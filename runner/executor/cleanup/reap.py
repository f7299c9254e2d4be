"""Removes what runs have left whose process was killed. Nothing but labels and journals says what that is."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from runner.engine.docker_config.endpoint import Endpoint
from runner.engine.engine import Engine, connect
from runner.engine.transport import Deadline
from runner.errors import RunnerError
from runner.executor.cleanup.find import KINDS, Leftover, find
from runner.executor.cleanup.journaled import Journaled, find_journaled, forget
from runner.executor.cleanup.remove import remove_all
from runner.executor.cleanup.settle import SETTLE_TIME

_TIMEOUT: Final = 120.0
"""Seconds for everything."""
_RETRY_TIME: Final = 30.0
"""Seconds in which an engine that does not answer is asked again, and a refused removal tried again: the builder of a
build whose client has gone uses its images until it has ended."""
_POLL_INTERVAL: Final = 0.5


class _Found(NamedTuple):
    """Holds what is there; ``errors`` are of kinds that the engine did not list."""

    leftovers: tuple[Leftover, ...]
    journals: tuple[Journaled, ...]
    errors: tuple[str, ...]


def reap(endpoint: Endpoint, api_version: str, runs: Collection[str], folder: Path) -> Iterator[str]:
    """Remove what runs have left, until nothing more has appeared for as long as the engine may still create something.

    Yields a line about each resource, once it is gone or, at the end, still there.
    """
    deadline = Deadline.after(_TIMEOUT)
    settled, last = time.monotonic() + SETTLE_TIME, time.monotonic() + _RETRY_TIME
    engine: Engine | None = None
    while True:
        troubles: list[str] = []
        try:
            engine = engine or connect(endpoint, api_version=api_version, deadline=deadline)
            found = _find(engine, runs, folder, deadline)
            troubles += found.errors
            remaining: list[str] = []
            for removal in remove_all(engine, found.leftovers, deadline):
                if removal.error is not None:
                    troubles.append(removal.error.message)
                    remaining.append(removal.leftover.id)
                else:
                    settled = time.monotonic() + SETTLE_TIME
                    yield f"removed {removal.leftover.title}"
            forget(found.journals, remaining)
        except RunnerError as error:
            troubles.append(f"something of the run may be left: {error.message}")
        if deadline.passed or time.monotonic() > (last if troubles else settled):
            break
        time.sleep(_POLL_INTERVAL)
    yield from troubles
    if engine is not None:
        engine.close()


def _find(engine: Engine, runs: Collection[str], folder: Path, deadline: Deadline) -> _Found:
    """Find what the runs have left.

    Raises:
        RunnerError: the engine can't be asked.
    """
    only = next(iter(runs)) if len(runs) == 1 else None
    labelled, errors = find(engine, [kind.noun for kind in KINDS], only, deadline)
    journals = find_journaled(engine, folder, deadline, runs)
    leftovers = {leftover.id: leftover for leftover in labelled if leftover.run in runs}
    leftovers |= {leftover.id: leftover for journal in journals for leftover in journal.leftovers}
    return _Found(tuple(leftovers.values()), journals, tuple(error.message for error in errors))
