"""Remembers by their digests which files are valid, so that the next run need neither validate nor check them.

A file of the cache is named by the SHA-256 of everything that validity depends on (the scenario's text, the variables
from outside, this version's facts) and holds the SHA-256 of each text that the scenario includes. Nothing of a scenario
is stored, and nothing that is run is read from the cache.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from runner.version import __version__

MAX_FILES = 1000
"""Beyond this many the least recently used are removed."""


class ValidScenario:
    """What the cache knows of a scenario's text, opened with the same variables from outside."""

    def __init__(self, folder: Path, text: str, names: Iterable[str]) -> None:
        key = "\0".join((__version__, _facts_stamp(), *names, text))
        self._file = folder / digest(key)

    def included(self) -> tuple[str, ...] | None:
        """Return the digests of the included texts with which the scenario is valid and has no warnings, in the order
        in which they are opened; None if that is unknown."""
        try:
            digests = tuple(self._file.read_text("ascii").split())
            os.utime(self._file)
        except (OSError, ValueError):
            return None
        return digests

    def remember(self, included: Sequence[str]) -> None:
        """Store that the scenario is valid, without warnings, with these included texts. Does nothing if the cache
        can't be written."""
        folder = self._file.parent
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._file.with_suffix(f".{os.getpid()}")
            part.write_text("\n".join(included), "ascii")
            part.replace(self._file)
            _remove_oldest(folder)


def digest(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal."""
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """Return the cache's folder: ``$XDG_CACHE_HOME/engine-recipes``, or ``~/.cache/engine-recipes``."""
    base = environment.get("XDG_CACHE_HOME")
    if base and Path(base).is_absolute():
        return Path(base) / "engine-recipes"
    home = environment.get("HOME")
    return Path(home) / ".cache" / "engine-recipes" if home else None


def _remove_oldest(folder: Path) -> None:
    with os.scandir(folder) as entries:
        files = [(entry.stat().st_mtime_ns, entry.path) for entry in entries]
    for _, path in sorted(files)[: max(0, len(files) - MAX_FILES)]:
        Path(path).unlink(missing_ok=True)


def _facts_stamp() -> str:
    """Sizes and times of the schema, of the operation table and of the code that checks scenarios."""
    from runner.resources import schema_path

    package = Path(__file__).parent.parent
    schema = schema_path("scenario.schema.json").stat()
    stamps = (f"{size}.{time}" for size, time in (*_stamps(package / "api"), *_stamps(package / "scenario")))
    return ",".join((f"{schema.st_size}.{schema.st_mtime_ns}", *stamps))


def _stamps(folder: Path | str) -> Iterator[tuple[int, int]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir():
                yield from _stamps(entry.path) if entry.name != "__pycache__" else ()
            else:
                stat = entry.stat()
                yield stat.st_size, stat.st_mtime_ns
