"""The shapes of every documented answer in every API version, as ``contract.json``.

Shapes are numbered, and equal ones, which most are from version to version, are one. Sentences, formats and examples
are left out. Corrections of the descriptions are in :mod:`schemas.contract_overlay`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.contract_overlay import STATUSES, corrected
from schemas.swagger import Description

Answers = dict[str, int | None]
"""The shape's number by status; None where the description gives none."""


class _Shapes:
    """The numbered shapes."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, shape: Mapping[str, Any]) -> int:
        row = json.dumps(shape, separators=(",", ":"), ensure_ascii=False)
        if row not in self._numbers:
            self._numbers[row] = len(self.rows)
            self.rows.append(row)
        return self._numbers[row]


def render(descriptions: Sequence[Description]) -> str:
    """``contract.json``: a shape or an operation per line. Of an operation, each version is there in which its answers
    are other ones than in the version before."""
    shapes = _Shapes()
    operations: dict[str, dict[str, Answers]] = {}
    for key, (_, newest) in descriptions[-1].operations.items():
        name, changes, before = newest["operationId"], {}, None
        for description in descriptions:
            if key in description.operations:
                answers = _answers(name, description.operations[key][1], description, shapes)
                if answers != before:
                    changes[description.version] = before = answers
        operations[name] = changes
    lines = [f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in operations.items()]
    rows, changed = ",\n".join(shapes.rows), ",\n".join(lines)
    versions = json.dumps([description.version for description in descriptions], separators=(",", ":"))
    return f'{{"versions":{versions},\n"shapes":[\n{rows}\n],\n"operations":{{\n{changed}\n}}}}\n'


def _answers(name: str, operation: Mapping[str, Any], description: Description, shapes: _Shapes) -> Answers:
    answers: Answers = {}
    for status, response in operation["responses"].items():
        schema = response.get("schema")
        binary = schema is not None and schema.get("format") == "binary"
        number = None if schema is None or binary else _shape(schema, description, shapes, (name, str(status)), ())
        answers[str(status)] = number
    answers |= {str(status): answers.get(str(status)) for status in STATUSES.get(name, ())}
    return dict(sorted(answers.items()))


def _shape(
    schema: Mapping[str, Any],
    description: Description,
    shapes: _Shapes,
    place: tuple[str, ...],
    inside: tuple[str, ...],
) -> int | None:
    """Return the number of a schema's shape; None if it allows anything."""
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in inside:
            return None
        inside = (*inside, name)
        schema = {**description.definitions[name], **{key: value for key, value in schema.items() if key != "$ref"}}
    merged = corrected(place, _merged(schema, description))
    shape: dict[str, Any] = {}
    kind = merged.get("type", "object" if "properties" in merged or "additionalProperties" in merged else None)
    if kind is None:
        return None
    shape["type"] = kind
    if merged.get("x-nullable"):
        shape["null"] = True
    if "enum" in merged:
        shape["enum"] = merged["enum"]
    if kind == "array":
        element = _shape(merged.get("items", {}), description, shapes, (*place, "*"), inside)
        shape |= {} if element is None else {"items": element}
    elif kind == "object":
        fields = {
            name: _shape(inner, description, shapes, (*place, name), inside)
            for name, inner in merged.get("properties", {}).items()
        }
        more = merged.get("additionalProperties")
        if (
            isinstance(more, Mapping)
            and (value := _shape(more, description, shapes, (*place, "*"), inside)) is not None
        ):
            shape["values"] = value
        required = [name for name in merged.get("required", ()) if name in fields]
        shape |= {"fields": fields} if fields else {}
        shape |= {"required": required} if required else {}
        if not fields or more:
            shape["open"] = True
    return shapes.number(shape)


def _merged(schema: Mapping[str, Any], description: Description) -> dict[str, Any]:
    """Return a schema with those that it is made of (``allOf``) in one."""
    merged = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema.get("allOf", ()):
        while "$ref" in part:
            part = description.definitions[part["$ref"].rpartition("/")[2]]  # noqa: PLW2901
        inner = _merged(part, description)
        merged["properties"] = {**inner.get("properties", {}), **merged.get("properties", {})}
        merged["required"] = [*inner.get("required", ()), *merged.get("required", ())]
        for key in ("type", "enum", "additionalProperties", "x-nullable"):
            if key in inner:
                merged.setdefault(key, inner[key])
        if not merged["properties"]:
            del merged["properties"]
    return merged
