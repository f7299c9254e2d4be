"""Finds the resources that interrupted runs have journaled; see :mod:`runner.executor.tracking.journal`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.api import operations
from runner.engine.transport import Deadline
from runner.executor.cleanup.find import KINDS, Kind, Leftover
from runner.executor.response.ask import ask
from runner.executor.tracking.journal import Entry, ReadJournal, read_journals

if TYPE_CHECKING:
    from runner.engine.engine import Engine

_FULL_ID: Final = re.compile("(sha256:)?[0-9a-f]{64}")


class Journaled(NamedTuple):
    """A journal with those of its resources that still exist."""

    journal: ReadJournal
    leftovers: tuple[Leftover, ...]


def find_journaled(engine: Engine, folder: Path, deadline: Deadline) -> tuple[Journaled, ...]:
    """Return the journals of an engine's runs. A resource is found by its full id, and only if it was created when the
    journal says so.

    Raises:
        RunnerError: the engine can't be asked.
    """
    return tuple(
        Journaled(journal, tuple(_existing(engine, journal, deadline)))
        for journal in read_journals(folder, engine.endpoint.url)
    )


def _existing(engine: Engine, journal: ReadJournal, deadline: Deadline) -> Iterable[Leftover]:
    kinds = {kind.noun: kind for kind in KINDS}
    for entry in journal.entries:
        kind = kinds.get(entry.noun)
        if kind is not None and _FULL_ID.fullmatch(entry.id):
            found = _inspect(engine, journal, kind, entry, deadline)
            if found is not None:
                yield found


def _inspect(engine: Engine, journal: ReadJournal, kind: Kind, entry: Entry, deadline: Deadline) -> Leftover | None:
    operation = operations.find(f"{kind.noun}.inspect")
    assert operation is not None, kind
    body = ask(engine, operation.name, {operation.path_params[0].name: entry.id}, deadline).body
    if not isinstance(body, Mapping) or str(body.get(kind.id_key)) != entry.id:
        return None
    created = body.get("Created") or body.get("CreatedAt")
    if created != entry.created:
        return None
    tags = tuple(str(tag) for tag in body.get("RepoTags") or () if tag != "<none>:<none>")
    return Leftover(
        kind=kind,
        id=entry.id,
        name=tags[0] if tags else str(body.get("Name") or "").lstrip("/"),
        run=journal.run_id,
        scenario="",
        created=created,
        tags=tags,
    )


def forget(journaled: Iterable[Journaled], remaining: Iterable[str]) -> None:
    """Delete the journals whose resources are gone; ``remaining`` are the ids of those that are not."""
    left = set(remaining)
    for journal, leftovers in journaled:
        if not any(leftover.id in left for leftover in leftovers):
            with contextlib.suppress(OSError):
                journal.path.unlink()
