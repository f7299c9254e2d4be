"""The fields of every request body, with the versions that have them, as ``bodies.json``.

A body is followed through all versions as one tree of fields: the newest version gives its form, older ones add the
fields that are gone by now and the types that a field once had.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.overlay import BODY_FIELDS, MISSPELLED_FIELDS, OPEN_FIELDS
from schemas.swagger import Description
from schemas.table import body_of, versions_of

Shape = Any
"""``"string"``, ``{"fields": …}``, ``{"map": …}``, ``{"list": …}``, ``{"ref": …}`` or ``{"type": …, "allowed": …}``."""


@dataclass
class Field:
    """One place in a body. ``name`` is the definition that describes it in the newest version."""

    name: str | None = None
    types: list[str] = field(default_factory=list)
    allowed: list[Any] = field(default_factory=list)
    fields: dict[str, Field] = field(default_factory=dict)
    values: Field | None = None
    elements: Field | None = None
    versions: list[str] = field(default_factory=list)
    detailed: list[str] = field(default_factory=list)
    """The versions that name its fields."""


def render(descriptions: Sequence[Description]) -> str:
    """``bodies.json``: a type or an operation per line."""
    types: dict[str, Shape] = {}
    shapes: dict[str, Shape] = {}
    since: dict[str, dict[str, str]] = {}
    until: dict[str, dict[str, str]] = {}
    for key, (_, operation) in descriptions[-1].operations.items():
        name, schema = operation["operationId"], body_of(operation)
        if schema is not None and schema.get("type") != "string":
            tree = Field()
            for description in reversed(descriptions):
                if key in description.operations and (body := body_of(description.operations[key][1])) is not None:
                    _merge(tree, body, description)
            shapes[name] = _shape(tree, types)
            first = next(versions_of(descriptions, key))[0]
            since[name] = dict(_changes(name, tree, (), first, first=True))
            until[name] = dict(_changes(name, tree, (), descriptions[-1].version, first=False))
    parts = {"operations": shapes, "types": dict(sorted(types.items())), "since": since, "until": until}
    return "{\n" + ",\n".join(f'"{part}":{_lines(rows)}' for part, rows in parts.items()) + "\n}\n"


def _lines(rows: Mapping[str, Any]) -> str:
    lines = [f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in rows.items() if row]
    return "{\n" + ",\n".join(lines) + "\n}"


def _merge(into: Field, schema: Mapping[str, Any], description: Description) -> None:
    """Add what one version says of a place. Versions come newest first."""
    newest = not into.versions
    if description.version not in into.versions:
        into.versions.insert(0, description.version)
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if newest and into.name is None:
            into.name = name
        schema = description.definitions[name]
    _merge_parts(into, schema, description, newest=newest)


def _merge_parts(into: Field, schema: Mapping[str, Any], description: Description, *, newest: bool) -> None:
    while "$ref" in schema:
        schema = description.definitions[schema["$ref"].rpartition("/")[2]]
    for part in schema.get("allOf", ()):
        _merge_parts(into, part, description, newest=newest)
    kinds = schema.get("type", "object")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind == "array":
            into.elements = into.elements or Field()
            _merge(into.elements, schema.get("items", {"type": "string"}), description)
        elif kind != "object":
            into.allowed += schema.get("enum", ()) if newest else ()
            into.types += [] if kind in into.types else [kind]
    if "properties" in schema and into.values is None:
        into.detailed[:0] = [] if description.version in into.detailed else [description.version]
        for name, inner in schema["properties"].items():
            if MISSPELLED_FIELDS.get(name) not in into.fields:
                _merge(into.fields.setdefault(name, Field()), inner, description)
    elif isinstance(schema.get("additionalProperties"), Mapping) and not into.fields:
        into.values = into.values or Field()
        _merge(into.values, schema["additionalProperties"], description)


def _shape(node: Field, types: dict[str, Shape], place: tuple[str, ...] = ()) -> Shape:
    """Return a place's shape; what has a definition of its own is named, once, and referred to."""
    options: list[Shape] = []
    if node.fields:
        fields = {name: _shape(inner, types, (*place, name)) for name, inner in node.fields.items()}
        options.append({"fields": fields})
    if node.values:
        options.append({"map": _shape(node.values, types, (*place, "*"))})
    if node.elements:
        options.append({"list": _shape(node.elements, types, (*place, "*"))})
    limited = node.allowed and ".".join(place[-2:]) not in OPEN_FIELDS
    options += [
        {"type": kind, "allowed": node.allowed} if limited and kind == "string" else kind for kind in node.types
    ]
    shape = options[0] if len(options) == 1 else {"any_of": options} if options else {"map": "any"}
    if node.name and not isinstance(shape, str) and types.setdefault(node.name, shape) == shape:
        return {"ref": node.name}
    return shape


def _changes(
    operation: str, node: Field, path: tuple[str, ...], known: str, *, first: bool
) -> Iterator[tuple[str, str]]:
    """Yield the fields whose first (or last) version is another one than that of the place around them.

    A field that is as old as the naming of any field in its place is as old as the place: the place was only described
    more loosely before.
    """
    end = 0 if first else -1
    for inner in (node.values, node.elements):
        if inner:
            yield from _changes(operation, inner, (*path, "*"), known, first=first)
    for name, inner in node.fields.items():
        place = (*path, name)
        version = known if inner.versions[end] == node.detailed[end] else inner.versions[end]
        if first:
            version = BODY_FIELDS.get(f"{operation}.{'.'.join(place)}", version)
        if version != known:
            yield ".".join(place), version
        yield from _changes(operation, inner, place, version, first=first)
