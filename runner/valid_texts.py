"""Remembers by their digests which texts are valid, so that the next run need not validate them again.

A file of the cache is named by the SHA-256 of a text and of the rules that make it valid, and holds the SHA-256 of the
other texts that its validity depends on. Nothing of a text is stored, and nothing that is run is read from the cache.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.version import __version__

MAX_FILES = 1000
"""Beyond this many the least recently used are removed."""


class ValidText:
    """Remembers what the cache in ``folder`` knows of a text. ``rules`` is everything else that its validity depends
    on: the stamp of a schema, names that are set from outside."""

    def __init__(self, folder: Path, text: str, *rules: str) -> None:
        self._file = folder / digest("\0".join((__version__, *rules, text)))

    def recall(self) -> tuple[str, ...] | None:
        """Return the digests of the other texts with which this one is valid; None if it is not known to be."""
        try:
            digests = tuple(self._file.read_text("ascii").split())
            os.utime(self._file)
        except (OSError, ValueError):
            return None
        return digests

    def remember(self, others: Sequence[str] = ()) -> None:
        """Store that the text is valid with these digests. Does nothing if the cache can't be written."""
        folder = self._file.parent
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._file.with_suffix(f".{os.getpid()}")
            part.write_text("\n".join(others), "ascii")
            part.replace(self._file)
            _remove_oldest(folder)


def digest(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal."""
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def stamp(path: Path) -> str:
    """Return a file's size and time of change, which tell its versions apart."""
    stat = path.stat()
    return f"{stat.st_size}.{stat.st_mtime_ns}"


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
