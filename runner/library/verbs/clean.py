"""Removes what interrupted runs left behind, for ``run clean`` and from Python."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from runner.engine.engine import Engine
from runner.engine.transport import Deadline
from runner.errors import Diagnostic
from runner.executor.cleanup.find import KINDS, find
from runner.executor.cleanup.journaled import find_journaled, forget
from runner.executor.cleanup.remove import remove_all
from runner.executor.tracking.journal import state_folder
from runner.library.connection import connect_to, settings_for
from runner.scenario.duration import seconds

TIME_LIMIT: Final = 300.0
"""Seconds for finding and removing everything."""


class Leftover(NamedTuple):
    """A thing that an interrupted run left on an engine: ``kind`` is ``container``, ``network``, …; ``created_at`` is
    in Unix seconds; ``run`` and ``scenario`` are what its labels say."""

    kind: str
    id: str
    name: str
    run: str
    scenario: str
    created_at: float


class Cleaned(NamedTuple):
    """The outcome of :func:`clean`. ``found`` are the things that are old enough, ``removed`` those of them that are
    gone, ``younger`` counts the others; ``errors`` are of what could not be listed or removed."""

    found: tuple[Leftover, ...]
    removed: tuple[Leftover, ...]
    younger: int
    errors: tuple[Diagnostic, ...]


def clean(
    *,
    engine: Engine | str | None = None,
    dry_run: bool = False,
    older_than: float | str = 0.0,
    on_removed: Callable[[Leftover], None] | None = None,
) -> Cleaned:
    """Remove what interrupted runs left on an engine: what carries the runner's label, or is in the journal of such a
    run. Nothing else is touched. A run in progress counts as interrupted.

    Args:
        engine: An engine of :func:`runner.connect`, which stays open; an address or a context's name; None for the
            engine that the docker CLI would use.
        dry_run: Only find it.
        older_than: Only what was created longer ago: seconds, or a text such as ``1h``.
        on_removed: Called with each thing as soon as it is gone.

    Raises:
        EngineError: the engine is unreachable.
    """
    if isinstance(engine, Engine):
        return clean_engine(engine, os.environ, dry_run=dry_run, age=seconds(older_than), on_removed=on_removed)
    with connect_to(settings_for(engine), os.environ) as own:
        return clean_engine(own, os.environ, dry_run=dry_run, age=seconds(older_than), on_removed=on_removed)


def clean_engine(
    engine: Engine,
    environment: Mapping[str, str],
    *,
    dry_run: bool,
    age: float,
    now: float | None = None,
    on_removed: Callable[[Leftover], None] | None = None,
) -> Cleaned:
    """Clean a connected engine; see :func:`clean`. ``now`` is in Unix seconds."""
    now = time.time() if now is None else now
    deadline = Deadline.after(TIME_LIMIT)
    leftovers, errors = find(engine, [kind.noun for kind in KINDS], None, deadline)
    journaled = find_journaled(engine, state_folder(environment), deadline)
    leftovers += [leftover for _, journal_leftovers in journaled for leftover in journal_leftovers]
    shown = {
        leftover.id: Leftover(
            leftover.kind.noun,
            leftover.id,
            leftover.name,
            leftover.run,
            leftover.scenario,
            _created(leftover.created, now),
        )
        for leftover in leftovers
    }
    old = [leftover for leftover in leftovers if now - shown[leftover.id].created_at >= age]
    diagnostics = [error.diagnostic() for error in errors]
    removed: list[Leftover] = []
    for removal in () if dry_run else remove_all(engine, old, deadline):
        if removal.error is not None:
            diagnostics.append(removal.error.diagnostic())
            continue
        removed.append(shown[removal.leftover.id])
        if on_removed is not None:
            on_removed(removed[-1])
    if not dry_run:
        forget(journaled, {leftover.id for leftover in leftovers} - {leftover.id for leftover in removed})
    found = tuple(shown[leftover.id] for leftover in old)
    return Cleaned(found, tuple(removed), len(leftovers) - len(old), tuple(diagnostics))


def _created(value: Any, now: float) -> float:
    """Return when a thing was created, in Unix seconds: engines answer with a number or with RFC 3339 text."""
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return datetime.fromisoformat(_microseconds(str(value))).timestamp()
    except ValueError:
        return now


def _microseconds(text: str) -> str:
    """Cut RFC 3339 text with nanoseconds to what Python reads."""
    head, dot, tail = text.partition(".")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}" if dot else text
