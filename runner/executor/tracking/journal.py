"""Keeps a journal of what a run creates without labels, so that ``run clean`` finds it after a crash.

There is a file for each run, with a JSON value per line: the engine's endpoint, then the kind, the full id and the
creation time of each resource. It is deleted when the run has cleaned up.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

_SUFFIX: Final = ".jsonl"
_MAX_BYTES: Final = 4 * 1024 * 1024
"""The largest journal that is read."""
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of journals: ``$XDG_STATE_HOME/engine-recipes``, by default below ``~/.local/state``."""
    base = environment.get("XDG_STATE_HOME", "")
    home = Path(base) if base.startswith("/") else Path(environment.get("HOME") or "/") / ".local" / "state"
    return home / "engine-recipes"


class Entry(NamedTuple):
    """A resource without labels: its kind, its full id, and when it was created, as the engine writes it."""

    noun: str
    id: str
    created: str


class Journal:
    """The journal of one run; without a folder nothing is written. A journal that can't be written
    fails nothing: the run still cleans up itself."""

    def __init__(self, folder: Path | None, run_id: str, endpoint: str) -> None:
        self._path = folder / f"{run_id}{_SUFFIX}" if folder is not None and run_id else None
        self._endpoint = endpoint
        self._begun = False
        self._ids: set[str] = set()

    @property
    def is_kept(self) -> bool:
        """Return whether anything is written."""
        return self._path is not None

    def add(self, noun: str, resource_id: str, created: str) -> None:
        """Note a resource, once."""
        if self._path is None or resource_id in self._ids:
            return
        self._ids.add(resource_id)
        with contextlib.suppress(OSError):
            if not self._begun:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(self._path, _NEW_FILE, 0o600))
                self._begun = True
                self._append({"endpoint": self._endpoint})
            self._append(Entry(noun, resource_id, created)._asdict())

    def _append(self, value: Mapping[str, str]) -> None:
        assert self._path is not None
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(value)}\n")

    def close(self, *, is_clean: bool) -> None:
        """End the run; the file is deleted if the run has removed everything."""
        if self._begun and is_clean and self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()


class ReadJournal(NamedTuple):
    """The journal of an interrupted run."""

    path: Path
    entries: tuple[Entry, ...]

    @property
    def run_id(self) -> str:
        return self.path.name.removesuffix(_SUFFIX)


def read_journals(folder: Path, endpoint: str) -> tuple[ReadJournal, ...]:
    """Return the journals of runs on an engine. What is not a journal is left out, and so are malformed lines."""
    try:
        paths = sorted(folder.glob(f"*{_SUFFIX}"))
    except OSError:
        return ()
    journals = []
    for path in paths:
        with contextlib.suppress(OSError, ValueError):
            with path.open("rb") as file:
                lines = file.read(_MAX_BYTES).splitlines()
            if lines and json.loads(lines[0]) == {"endpoint": endpoint}:
                journals.append(ReadJournal(path, tuple(entry for line in lines[1:] if (entry := _entry(line)))))
    return tuple(journals)


def _entry(line: bytes) -> Entry | None:
    try:
        value = json.loads(line)
        return Entry(**value) if all(isinstance(text, str) and text for text in value.values()) else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
