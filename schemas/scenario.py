"""Assembles ``scenario.schema.json``: the language, a schema per operation, a schema per request body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.api.operations import Operation, Param, from_row
from runner.json_layout import pretty
from runner.scenario.kinds import LOCAL_KINDS
from runner.scenario.modifiers import MODIFIERS
from schemas import fields, texts
from schemas.fields.versions import version_notes
from schemas.filters import FILTERS, Filter
from schemas.language import DEFINITIONS, KIND_SCHEMAS, MODIFIER_SCHEMAS, TEXT, TOP_LEVEL, Schema, or_template, ref

TIME = (
    r"^\s*(-?[0-9]{1,15}(\.[0-9]{1,9})?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
    r"|([0-9]{1,15}(\.[0-9]{1,9})?(ms|us|µs|ns|h|m|s))+)\s*$|\{\{"
)
"""Texts that :func:`runner.api.times.unix_time` accepts, and templates."""

SCALARS: dict[str, Schema] = {
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "time": {"type": ["number", "string"], "pattern": TIME},
    "boolean": {"type": ["boolean", "integer"], "minimum": 0, "maximum": 1},
    "json": {"type": ["object", "array"]},
    "auth": {"type": "object"},
}


WIDTH = 160
"""Characters of a line: what fits is on one. With a value on each line the file would be twice as large."""
ID = "https://engine-recipes.invalid/scenario.schema.json"


def render(operations: Mapping[str, Any], bodies: Mapping[str, Any]) -> str:
    """Return the schema's text, from the facts in ``operations.json`` and ``bodies.json``."""
    return pretty(schema(operations, bodies), WIDTH, step=" ") + "\n"


def schema(operations: Mapping[str, Any], bodies: Mapping[str, Any]) -> Schema:
    kinds = {name: KIND_SCHEMAS[name] for name in LOCAL_KINDS}
    definitions = dict(DEFINITIONS)
    shapes = _Bodies(bodies)
    for row in operations["operations"]:
        operation = from_row(row, operations["first"])
        definitions[operation.name] = _operation(operation, shapes, operations["first"])
        kinds |= dict.fromkeys((operation.name, *operation.aliases), ref(operation.name))
    for name, shape in bodies["types"].items():
        definitions[name] = shapes.schema(shape, name)
    first = next(iter(kinds))
    message = {"errorMessage": "This step has no action, such as `create`, `start`, `request` or `check`."}
    definitions["step"] = {
        "description": "A step does one thing (an operation such as `create`, or `request`, `await`, `set`, …); "
        "the other keys say how.",
        "type": "object",
        "properties": {**{name: MODIFIER_SCHEMAS[name] for name in MODIFIERS}, **kinds},
        "additionalProperties": False,
        "oneOf": [{"required": [kind], **(message if kind == first else {})} for kind in kinds],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "A scenario of Engine Recipes",
        "description": f"Steps against the Docker Engine API, as of version {operations['api']}.",
        "type": "object",
        "properties": TOP_LEVEL,
        "required": ["title", "steps"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _operation(operation: Operation, shapes: _Bodies, oldest: str) -> Schema:
    properties = {param.name: _param(operation, param) for param in operation.params}
    properties |= {name: _extra(operation, name, shapes) for name in operation.extras}
    call: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if operation.required_params:
        call["required"] = [param.name for param in operation.required_params]
    if operation.body_required:
        call["anyOf"] = [{"required": [name]} for name in operation.extras if name.startswith("body")]
    since = "" if operation.since == oldest else f", since API {operation.since}"
    about: Schema = {"description": f"{texts.OPERATIONS[operation.id]}\n\n{operation.method} {operation.path}{since}"}
    if operation.id in texts.EXAMPLES:
        about["examples"] = texts.EXAMPLES[operation.id]
    if operation.sole_param:
        return {**about, "anyOf": [ref("text"), call]}
    return {**about, "anyOf": [call, {"type": "null"}]} if operation.needs_nothing else {**about, **call}


def _extra(operation: Operation, name: str, shapes: _Bodies) -> Schema:
    if name == "body":
        return {"description": texts.EXTRAS[name], **shapes.of(operation)}
    if name == "stdin" and operation.param(name):
        return ref("text", texts.PARAMS[name])  # true and false are the API's own flag
    if name == "overwrite":
        return or_template(SCALARS["boolean"], texts.EXTRAS[name])
    return ref("text", texts.EXTRAS[name])


def _param(operation: Operation, param: Param) -> Schema:
    description = texts.SPECIAL_PARAMS.get(f"{operation.id}.{param.name}") or texts.PARAMS[param.name]
    if param.since != operation.since:
        description += f" Since API {param.since}."
    if param.until:
        description += f" Gone after API {param.until}."
    if param.type == "filters":
        return or_template(_filters(FILTERS.get(operation.id, {})), description)
    given: Schema = {"enum": list(param.allowed)} if param.allowed else SCALARS.get(param.type, TEXT)
    if param.type == "array":
        one = {"type": ["object", "string"]} if param.of_json else given
        given = {"anyOf": [{"type": "array", "items": one}, one]}
    if param.default is not None:
        given = {**given, "default": param.default}
    return (
        {"description": description, **given} if "string" in given.get("type", ()) else or_template(given, description)
    )


def _filters(filters: Mapping[str, Filter]) -> Schema:
    """Names and values to complete. Others are accepted: an engine may have more than the API describes."""
    values = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
    properties = {name: _filter(each) for name, each in filters.items()}
    return {"type": "object", "properties": properties, "additionalProperties": values}


def _filter(each: Filter) -> Schema:
    one = {"anyOf": [{"enum": list(each.values)}, TEXT]} if each.values else TEXT
    return {
        "description": each.text,
        "anyOf": [*(one["anyOf"] if each.values else [TEXT]), {"type": "array", "items": one}],
    }


class _Bodies:
    """The schemas of request bodies, from ``bodies.json``."""

    def __init__(self, bodies: Mapping[str, Any]) -> None:
        self._operations = bodies["operations"]
        self._notes = version_notes(bodies)

    def of(self, operation: Operation) -> Schema:
        """Return the schema of an operation's body."""
        return self.schema(self._operations[operation.id], operation.id)

    def schema(self, shape: Any, place: str) -> Schema:
        """Return the schema of a place in a body, such as ``HostConfig.LogConfig``.

        Null is fine everywhere, and so are fields that are unknown: they are a warning.
        """
        if isinstance(shape, str):
            return {} if shape == "any" else _scalar(shape)
        if "ref" in shape:
            return ref(shape["ref"])
        if "any_of" in shape:
            options = [option for inner in shape["any_of"] for option in _options(self.schema(inner, place))]
            return {"anyOf": [option for number, option in enumerate(options) if option not in options[:number]]}
        if "allowed" in shape:
            # Go's zero value: what inspect shows where nothing was chosen
            return or_template({"enum": [*dict.fromkeys([*shape["allowed"], "", None])]})
        return or_template(self._structure(shape, place))

    def _structure(self, shape: Mapping[str, Any], place: str) -> Schema:
        if "list" in shape:
            return {"type": ["array", "null"], "items": self.schema(shape["list"], place)}
        if "map" in shape:
            return {"type": ["object", "null"], "additionalProperties": self.schema(shape["map"], place)}
        properties = {name: self._field(f"{place}.{name}", inner) for name, inner in shape["fields"].items()}
        return {"type": ["object", "null"], "properties": properties}

    def _field(self, place: str, shape: Any) -> Schema:
        texts = [text for text in (fields.description(place), self._notes.get(place)) if text]
        return {**({"description": " ".join(texts)} if texts else {}), **self.schema(shape, place)}


def _options(schema: Schema) -> list[Schema]:
    options: list[Schema] = schema.get("anyOf", [schema])
    return options


def _scalar(kind: str) -> Schema:
    if kind == "string":
        return {"type": [*TEXT["type"], "null"]}
    return or_template({"type": [kind, "null"]})
