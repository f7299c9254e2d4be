"""Describes request bodies: their fields, where strings belong, and the API versions that have each field.

The facts are in ``bodies.json``, which ``python -m schemas.make`` extracts from the API's own description files.
Engines silently ignore a field that they don't know, so a typo in one is worth a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from runner.api.missing import Unknown
from runner.api.operations import Operation
from runner.errors import FieldError
from runner.nearest import did_you_mean, nearest
from runner.text import shown

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


def fitted(operation: Operation, body: Any) -> Any:
    """Return the body as the API wants it: a number or a boolean becomes a string where that is wanted (``Cmd: [sleep,
    30]``), a whole number with an exponent or a fraction of zero an integer.

    Raises:
        FieldError: ``wrong-type`` or ``wrong-value``: a value that the API doesn't take at that place.
    """
    return _fitted(shape_of(operation), body, ())


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


def _fitted(shape: Shape, value: Any, path: Path) -> Any:
    if value is None or shape is None or isinstance(value, Unknown):
        return value
    options = _options(shape)
    if isinstance(value, Mapping):
        fields, free = _fields(shape) or {}, _part(shape, "map")
        if not _allows(options, "fields", "map"):
            raise _wrong(options, value, path)
        return {name: _fitted(fields.get(name, free), inner, (*path, str(name))) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        if not _allows(options, "list"):
            raise _wrong(options, value, path)
        inner_shape = _part(shape, "list")
        return [_fitted(inner_shape, inner, (*path, number)) for number, inner in enumerate(value)]
    return _fitted_scalar(options, value, path)


def _fitted_scalar(options: list[Shape], value: Any, path: Path) -> Any:
    kinds = {_kind_of(option) for option in options}
    if isinstance(value, str) and "string" in kinds:
        _check_allowed(options, value, path)
    if not kinds.isdisjoint(_kinds_of(value)):
        return value
    match value:
        case float() if "integer" in kinds and value.is_integer():
            return int(value)
        case bool() | int() | float() if "string" in kinds and not kinds & {"integer", "number", "boolean"}:
            return str(value).lower() if isinstance(value, bool) else str(value)
    raise _wrong(options, value, path)


def _kinds_of(value: Any) -> tuple[str, ...]:
    """Return the types that a scalar has already."""
    match value:
        case bool():
            return ("boolean", "any")
        case int():
            return ("integer", "number", "any")
        case float():
            return ("number", "any")
        case str():
            return ("string", "any")
    return ("any",)


def _kind_of(option: Shape) -> str:
    """Return the type of an option: a scalar's name, ``fields``, ``map`` or ``list``."""
    if isinstance(option, str):
        return option
    return str(option["type"]) if "type" in option else str(next(iter(option)))


def _allows(options: list[Shape], *kinds: str) -> bool:
    return any(_kind_of(option) in (*kinds, "any") for option in options)


def _check_allowed(options: list[Shape], value: str, path: Path) -> None:
    """Check a text against the values that are allowed; an empty one is as good as none."""
    allowed: list[str] = []
    for option in options:
        if not isinstance(option, Mapping) or "allowed" not in option:
            if _kind_of(option) == "string":
                return
            continue
        allowed += map(str, option["allowed"])
    if value and value not in allowed:
        hint = did_you_mean(value, allowed) or f"one of: {', '.join(allowed)}"
        raise FieldError("wrong-value", f"{_name(path)} can't be {shown(value, 60)}", ("body", *path), hint=hint)


_WANTED: Mapping[str, str] = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "list": "a list",
    "map": "a mapping",
    "fields": "a mapping",
}


def _wrong(options: list[Shape], value: Any, path: Path) -> FieldError:
    wanted = " or ".join(dict.fromkeys(_WANTED.get(_kind_of(option), "a value") for option in options))
    message = f"{_name(path)} must be {wanted}, not {shown(value, 60)}"
    return FieldError("wrong-type", message, ("body", *path), hint=_hint(wanted, value))


def _name(path: Path) -> str:
    return ".".join(str(part) for part in path) or "the body"


def _hint(wanted: str, value: Any) -> str | None:
    if isinstance(value, str) and wanted == "true or false":
        return "an expression makes a boolean of a text: \"{{ value == 'true' }}\""
    if isinstance(value, str) and wanted in ("a whole number", "a number"):
        return f'an expression makes a number of a text: "{{{{ value | {"int" if "whole" in wanted else "float"} }}}}"'
    return None


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
