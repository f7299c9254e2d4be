"""Remembers valid files, so that the next run need neither parse nor validate them again.

One small file for each scenario and set of variables: it holds everything that validity depends on, to be compared,
and what there was to find out: the nodes of each file and the warnings.
"""

from __future__ import annotations

import binascii
import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from runner.errors import Diagnostic, Place
from runner.scenario.yaml import nodes
from runner.version import __version__

MAX_FILES = 1000
"""When there are more, all are dropped: those of scenarios that are gone would stay forever."""
MAX_TEXT = 512 * 1024
"""Characters. The nodes of a text take several times its size."""


class Known(NamedTuple):
    """What is known of a valid scenario: its warnings, and the root of each file that it is made of."""

    warnings: tuple[Diagnostic, ...]
    roots: Mapping[Path, nodes.Node]


class Remembered:
    """What is known of one file, opened under one name and with the same variables from outside."""

    def __init__(self, folder: Path, path: Path, name: str, given: Iterable[str]) -> None:
        self._path = path.resolve()
        self._key = [__version__, _facts_stamp(), str(self._path), name, *given]
        key = "\0".join(self._key).encode("utf-8", "surrogateescape")
        self.file = folder / f"{binascii.crc32(key):08x}.json"

    def recall(self, text: str) -> Known | None:
        """What was found out about this text; None if it isn't known, or if a file that it includes has changed."""
        try:
            found = json.loads(self.file.read_bytes())
            files = {Path(name): file for name, file in found["files"].items()}
            if found["key"] != self._key or files[self._path][0] != text:
                return None
            if any(_text(path) != file[0] for path, file in files.items() if path != self._path):
                return None
            return Known(
                tuple(_diagnostic(one) for one in found["warnings"]),
                {path: _node(file[1]) for path, file in files.items()},
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None

    def store(self, warnings: Iterable[Diagnostic], files: Mapping[Path, tuple[str, nodes.Node]]) -> None:
        """Remember that these texts are valid together; a cache that can't be written is none. Nobody else may read
        it: a scenario can hold what its author keeps to himself."""
        if sum(len(text) for text, _ in files.values()) > MAX_TEXT:
            return
        with contextlib.suppress(OSError, ValueError):
            packed = {str(path): (text, _packed(node)) for path, (text, node) in files.items()}
            data = json.dumps({"key": self._key, "warnings": list(warnings), "files": packed}).encode()
            self.file.parent.mkdir(parents=True, exist_ok=True)
            present = list(self.file.parent.iterdir())
            for old in present if len(present) > MAX_FILES else ():
                old.unlink(missing_ok=True)
            fresh = self.file.with_suffix(f".{os.getpid()}")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(data)
            fresh.replace(self.file)


def _text(path: Path) -> str:
    return path.read_bytes().decode().removeprefix("\ufeff")


def _diagnostic(fields: Sequence[Any]) -> Diagnostic:
    code, message, place, hint, severity, *_ = fields
    return Diagnostic(code, message, Place(*place) if place else None, hint, severity)


def _packed(node: nodes.Node) -> list[Any]:
    """A node as JSON: a list as ``[items, span]``, a mapping as ``[keys, values, span]``, a scalar as four values."""
    if isinstance(node, nodes.Scalar):
        return list(node)
    if isinstance(node, nodes.Sequence):
        return [[_packed(item) for item in node.items], node.span]
    return [[key for key, _ in node.entries], [_packed(value) for _, value in node.entries], node.span]


def _node(packed: list[Any]) -> nodes.Node:
    """The reverse; each kind has a length of its own."""
    if len(packed) == 4:
        value, span, text, raw = packed
        return nodes.Scalar(value, nodes.Span(*span), text, raw)
    if len(packed) == 2:
        items, span = packed
        return nodes.Sequence(tuple([_node(item) for item in items]), nodes.Span(*span))
    keys, values, span = packed
    entries = tuple(
        [
            (nodes.Scalar(key[0], nodes.Span(*key[1]), *key[2:]), _node(value))
            for key, value in zip(keys, values, strict=True)
        ]
    )
    return nodes.Mapping(entries, nodes.Span(*span), {key.text: index for index, (key, _) in enumerate(entries)})


def _facts_stamp() -> str:
    """Changes when the schema, the table of operations or the code that checks a scenario does."""
    from runner.resources import schema_path

    here = Path(__file__).parent
    facts = here.parent / "api"
    parts = [schema_path("scenario.schema.json"), *sorted(facts.glob("*.json")), *sorted(here.rglob("*.py"))]
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
