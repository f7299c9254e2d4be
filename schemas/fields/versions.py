"""Finds the API versions that have a field, for its description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def version_notes(bodies: Mapping[str, Any]) -> dict[str, str]:
    """Return ``Since API 1.43.`` and ``Gone after API 1.51.`` by places such as ``HostConfig.Annotations``.

    A type that several operations have may have got a field at different times; of such a field nothing is said.
    """
    found: dict[str, set[str]] = {}
    for bound, words in (("since", "Since API"), ("until", "Gone after API")):
        for operation, fields in bodies[bound].items():
            for path, version in fields.items():
                found.setdefault(_place(bodies, operation, path), set()).add(f"{words} {version}.")
    return {place: " ".join(sorted(notes, reverse=True)) for place, notes in found.items() if _is_clear(notes)}


def _is_clear(notes: set[str]) -> bool:
    starts = [note.partition(" ")[0] for note in notes]
    return len(starts) == len(set(starts))


def _place(bodies: Mapping[str, Any], operation: str, path: str) -> str:
    """Return the place that describes a field: below the innermost type with a name."""
    owner, inside, shape = operation, list[str](), bodies["operations"][operation]
    for part in path.split("."):
        while "ref" in shape:
            owner, inside = shape["ref"], []
            shape = bodies["types"][owner]
        shape = next(_parts(shape, part))
        if part != "*":
            inside.append(part)
    return ".".join([owner, *inside])


def _parts(shape: Any, part: str) -> Iterator[Any]:
    for option in shape.get("any_of", [shape]):
        if isinstance(option, Mapping):
            if part == "*":
                yield from (option[kind] for kind in ("map", "list") if kind in option)
            elif part in option.get("fields", {}):
                yield option["fields"][part]
