"""Describes request bodies: their fields, where strings belong, and the API versions that have each field.

The facts are in ``bodies.json``, which ``python -m schemas.make`` extracts from the API's own description files.
Engines silently ignore a field that they don't know, so a typo in one is worth a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from runner.api.operations import Operation
from runner.nearest import nearest

Path = tuple[str | int, ...]
Shape = Any
"""``"string"`` and other scalar types, ``{"fields": …}``, ``{"map": …}``, ``{"list": …}``, ``{"any_of": […]}``,
``{"type": …, "allowed": […]}``, or ``{"ref": …}`` to a shape among the ``types``."""


def unknown_fields(operation: Operation, body: Any) -> Iterator[tuple[Path, str, str | None]]:
    """Yield the fields that no API version has: the path of the mapping around it, its name, the nearest known name.

    Templated names and those in a map of free names (labels, options) are left out.
    """

    def visit(shape: Shape, value: Any, path: Path) -> Iterator[tuple[Path, str, str | None]]:
        if isinstance(value, Mapping):
            fields, free = _fields(shape), _part(shape, "map")
            for name, inner in value.items():
                if fields is not None and name in fields:
                    yield from visit(fields[str(name)], inner, (*path, name))
                elif free is not None:
                    yield from visit(free, inner, (*path, name))
                elif fields is not None and "{{" not in str(name):
                    yield path, str(name), nearest(str(name), fields)
        elif isinstance(value, list | tuple):
            for number, inner in enumerate(value):
                yield from visit(_part(shape, "list"), inner, (*path, number))

    return visit(shape_of(operation), body, ())


def strings_where_wanted(operation: Operation, body: Any) -> Any:
    """Return the body with numbers and booleans as strings where the API wants strings, as in ``Cmd: [sleep, 30]``."""
    return _as_wanted(shape_of(operation), body)


def since_of(operation: Operation, path: Path) -> str:
    """Return the first API version that has a body's field; list positions and free names stand for any."""
    return _version_of("since", operation, path) or operation.since


def until_of(operation: Operation, path: Path) -> str | None:
    """Return the last API version that has a body's field; None if the newest has it."""
    return _version_of("until", operation, path)


def paths_in(body: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every field in a body, outer ones first."""
    if isinstance(body, Mapping | list | tuple):
        for name, inner in body.items() if isinstance(body, Mapping) else enumerate(body):
            yield (*path, name)
            yield from paths_in(inner, (*path, name))


def shape_of(operation: Operation) -> Shape:
    """Return the shape of an operation's JSON body; None if it takes none."""
    return _facts()["operations"].get(operation.id)


def named_shapes() -> Mapping[str, Shape]:
    """Return the shapes that others refer to, by name."""
    types: dict[str, Shape] = _facts()["types"]
    return types


def _version_of(bound: str, operation: Operation, path: Path) -> str | None:
    """Return the bound of the innermost part of the path that has its own."""
    versions = _facts()[bound].get(operation.id)
    if not versions:
        return None
    places: list[str] = []
    shape = shape_of(operation)
    version: str | None = None
    for name in path:
        fields = _fields(shape)
        if fields is not None and name in fields:
            shape, place = fields[str(name)], str(name)
        else:
            shape, place = _part(shape, "list" if isinstance(name, int) else "map"), "*"
        places.append(place)
        version = versions.get(".".join(places), version)
    return version


def _as_wanted(shape: Shape, value: Any) -> Any:
    if isinstance(value, Mapping):
        fields, free = _fields(shape) or {}, _part(shape, "map")
        return {name: _as_wanted(fields.get(name, free), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        inner_shape = _part(shape, "list")
        return [_as_wanted(inner_shape, inner) for inner in value]
    if isinstance(value, str) or value is None:
        return value
    kinds = {option.get("type") if isinstance(option, Mapping) else option for option in _options(shape)}
    if "string" not in kinds or kinds & {"integer", "number", "boolean", "any"}:
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _options(shape: Shape) -> list[Shape]:
    while isinstance(shape, Mapping) and "ref" in shape:
        shape = named_shapes()[shape["ref"]]
    if isinstance(shape, Mapping) and "any_of" in shape:
        return [option for inner in shape["any_of"] for option in _options(inner)]
    return [shape]


def _part(shape: Shape, kind: str) -> Shape:
    return next((option[kind] for option in _options(shape) if isinstance(option, Mapping) and kind in option), None)


def _fields(shape: Shape) -> Mapping[str, Shape] | None:
    fields: Mapping[str, Shape] | None = _part(shape, "fields")
    return fields


@cache
def _facts() -> dict[str, Any]:
    import json
    import pathlib

    facts: dict[str, Any] = json.loads(pathlib.Path(__file__).with_name("bodies.json").read_bytes())
    return facts
