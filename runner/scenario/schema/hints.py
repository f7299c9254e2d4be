"""Suggests what to write instead of an unknown key or a wrong value: misplaced keys, and the words of other tools."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runner.api import bodies, operations
from runner.nearest import nearest
from runner.scenario.modifiers import MODIFIERS
from runner.scenario.schema.flow_style import flow
from runner.scenario.schema.words import AT_THE_TOP, FIELDS, IN_A_STEP, INSIDE, NANOSECONDS

_NANOSECONDS_OF = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_MAX_WORDS = 8
_FLOW = ("{", "[")


def where_it_belongs(name: str, beside: Mapping[str, object], definition: str | None) -> str | None:
    """Return a hint for an unknown key among the keys ``beside``, inside what the schema calls ``definition`` (``top``
    is the scenario itself)."""
    if definition == "top":
        return _at_the_top(name)
    if definition == "step":
        return _in_a_step(name, beside)
    if definition is not None and definition in INSIDE:
        return INSIDE[definition].get(name)
    operation = operations.find(definition or "")
    return _in_a_call(name, operation) if operation else None


def _in_a_call(name: str, operation: operations.Operation) -> str | None:
    if name in MODIFIERS:
        return f"'{name}' belongs to the step: put it one level up, beside the operation"
    field = _body_field(operation, name)
    if field == name:
        return f"'{name}' is a field of the body: body: {{{name}: …}}"
    if field and nearest(name, [*(param.name for param in operation.params), *operation.extras]) is None:
        return f"did you mean '{field}'? It is a field of the body: body: {{{field}: …}}"
    return None


def _body_field(operation: operations.Operation, name: str) -> str | None:
    """Return the field of the operation's body that has this name, or the nearest one."""
    if next(bodies.unknown_fields(operation, {"": None}), None) is None:  # no body, or its fields have free names
        return None
    unknown = next(bodies.unknown_fields(operation, {name: None}), None)
    return unknown[2] if unknown else name


def _at_the_top(name: str) -> str | None:
    if name in AT_THE_TOP:
        return AT_THE_TOP[name]
    if name in MODIFIERS or operations.find(name) is not None:
        return f"'{name}' belongs to a step: put it below 'steps'"
    return None


def _in_a_step(name: str, beside: Mapping[str, object]) -> str | None:
    for kind in beside:
        operation = operations.find(kind)
        if operation is not None and (operation.param(name) or name in operation.extras):
            return f"'{name}' is a parameter of '{kind}': put it inside, {kind}: {{…, {name}: …}}"
    if name in IN_A_STEP:
        return IN_A_STEP[name]
    operation = operations.by_id(name)
    return f"the operation is called '{operation.name}'" if operation else None


def for_value(value: Any, types: list[str], field: str = "") -> str | None:
    """Return a hint for the value of a field where only ``types`` are accepted."""
    if field in FIELDS:
        return FIELDS[field]
    if "true or false" in types and (hint := _boolean(str(value).lower())):
        return hint
    if "a whole number" in types and isinstance(value, str):
        return _number(value.lower(), field)
    if "a list" in types and isinstance(value, str) and field[:1].isupper() and not value.lstrip().startswith(_FLOW):
        return f"for example {field}: {flow(value.split()[:_MAX_WORDS])}"
    if "a mapping" in types and isinstance(value, str) and value.lstrip().startswith(_FLOW):
        return "write it without the quotes: YAML reads JSON as it is"
    return None


def _boolean(word: str) -> str | None:
    if word in ("true", "false"):
        return f"write {word}, without the quotes"
    if word in ("yes", "no", "on", "off", "y", "n"):
        return f"write {'true' if word in ('yes', 'on', 'y') else 'false'}: YAML 1.2 knows no other words"
    return None


def _number(text: str, field: str) -> str | None:
    duration = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)", text)
    if duration and (field in NANOSECONDS or duration[2] in ("ms", "s", "h")):
        nanoseconds = int(float(duration[1]) * _NANOSECONDS_OF[duration[2]])
        if field in NANOSECONDS:
            return f"the API counts in nanoseconds: write {nanoseconds}"
        return f"the API counts in seconds: write {max(1, nanoseconds // 10**9)}"
    size = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(?:([kmgt])i?b?)?", text)
    if size is None:
        return None
    if size[2] is None:
        return "write it without the quotes" if "." not in size[1] else None
    return f"the API counts in bytes: write {int(float(size[1]) * 1024 ** ' kmgt'.index(size[2]))}"
