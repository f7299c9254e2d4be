"""Remembers which files were found valid, so that the next run need not validate them again.

One small file for each text: its name is a digest of everything that validity depends on, and it holds the warnings
and the digests of the included files.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner import __version__
from runner.errors import Diagnostic, Place

MAX_FILES = 1000
"""When there are more, all are dropped: old texts would stay forever."""


class Remembered:
    """What is known of one text, opened under one name and with the same variables from outside."""

    def __init__(self, folder: Path, path: Path, data: bytes, name: str, given: Iterable[str]) -> None:
        digest = hashlib.sha256(data)
        parts = (__version__, _facts_stamp(), str(path.resolve()), name, *given)
        digest.update("\0".join(parts).encode("utf-8", "surrogateescape"))
        self.file = folder / digest.hexdigest()

    def recall(self) -> tuple[Diagnostic, ...] | None:
        """The warnings of a valid text; None if it isn't known, or if a file that it includes has changed."""
        try:
            known = json.loads(self.file.read_bytes())
            for included, digest in known["files"].items():
                if hashlib.sha256(Path(included).read_bytes()).hexdigest() != digest:
                    return None
            return tuple(_diagnostic(one) for one in known["warnings"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def store(self, warnings: Iterable[Diagnostic], files: Mapping[Path, bytes]) -> None:
        """Remember that the text is valid; a cache that can't be written is none."""
        digests = {str(file): hashlib.sha256(data).hexdigest() for file, data in files.items()}
        text = json.dumps({"warnings": list(warnings), "files": digests})
        fresh = self.file.with_suffix(".new")
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            present = list(self.file.parent.iterdir())
            for old in present if len(present) > MAX_FILES else ():
                old.unlink(missing_ok=True)
            fresh.write_text(text, "utf-8")
            fresh.replace(self.file)


def _diagnostic(fields: Sequence[Any]) -> Diagnostic:
    code, message, place, hint, severity = fields
    return Diagnostic(code, message, Place(*place) if place else None, hint, severity)


def _facts_stamp() -> str:
    """Changes when the schema, the table of operations or the code that checks a scenario does."""
    from runner.resources import schema_path

    here = Path(__file__).parent
    facts = here.parent / "engine"
    parts = [schema_path("scenario.schema.json"), *sorted(facts.glob("*.json")), *sorted(here.glob("*.py"))]
    return ",".join(f"{path.name}:{_stamp(path)}" for path in parts)


def _stamp(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return "-"
    return f"{stat.st_size}.{stat.st_mtime_ns}"


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """Where valid files are remembered: ``$XDG_CACHE_HOME/engine-recipes`` or ``~/.cache/engine-recipes``."""
    base = environment.get("XDG_CACHE_HOME")
    if base and Path(base).is_absolute():
        return Path(base) / "engine-recipes"
    home = environment.get("HOME")
    return Path(home) / ".cache" / "engine-recipes" if home else None
