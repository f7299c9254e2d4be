"""Suggests what to write instead of an unknown key or a wrong value: misplaced keys, and the words of other tools."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runner.api import bodies, operations
from runner.nearest import nearest
from runner.scenario.modifiers import MODIFIERS

_IN_A_STEP = {
    "run": "what `docker run` does is several steps: create, attach, start, wait",
    "ps": "the operation is called 'list'",
    "rm": "the operation is called 'remove'",
    "rmi": "the operation is called 'image.remove'",
    "images": "the operation is called 'image.list'",
    "pull": "the operation is called 'image.pull'",
    "push": "the operation is called 'image.push'",
    "build": "the operation is called 'image.build'",
    "name": "what a step does is its 'title'; how others call it is its 'id'",
    "description": "it is called 'about'",
    "if": "it is called 'when'",
    "condition": "it is called 'when'",
    "loop": "it is called 'for_each'",
    "with_items": "it is called 'for_each'",
    "foreach": "it is called 'for_each'",
    "register": "it is called 'capture'",
    "captures": "it is called 'capture'",
    "assert": "it is called 'expect', or 'check' without a request",
    "asserts": "it is called 'expect', or 'check' without a request",
    "test": "it is called 'expect', or 'check' without a request",
    "retries": "it is called 'retry': {times: 3, every: 1s}",
    "as": "it stands inside 'for_each': {in: …, as: name}",
    "in": "it stands inside 'for_each': {in: …, as: name}",
    "until": "it stands inside 'retry' (repeat the step) or 'take' (stop a stream)",
    "every": "it stands inside 'retry'",
    "times": "it stands inside 'retry'",
    "fail_if": "it stands inside 'retry'",
    "uses": "it is called 'include'",
    "import": "it is called 'include'",
    "vars": "'vars' stands at the top of the file, or inside 'include'; a step sets variables with 'set'",
    "depends_on": "steps run in the order of the file; 'parallel' runs some side by side",
    "async": "it is called 'background'",
    "http": "it is called 'request'",
    "get": "it is called 'request': {method: GET, path: /info}",
    "post": "it is called 'request': {method: POST, path: /…}",
    "GET": "it is called 'request': {method: GET, path: /info}",
    "POST": "it is called 'request': {method: POST, path: /…}",
    "status": "it stands inside 'expect'",
    "stdout": "it stands inside 'expect', or is a parameter of attach and logs",
    "body": "a request's body stands inside the operation, an expected one inside 'expect'",
    "<<": "YAML 1.2 has no merge keys: give an alias to a whole value instead",
}
_AT_THE_TOP = {
    "name": "it is called 'title'",
    "description": "it is called 'about'",
    "variables": "it is called 'vars'",
    "env": "variables stand in 'vars'",
    "tasks": "it is called 'steps'",
    "jobs": "it is called 'steps'",
    "cleanup": "it is called 'finally'",
    "teardown": "it is called 'finally'",
    "after": "it is called 'finally'",
    "version": "a scenario has no version; 'requires' says which API versions it needs",
    "services": "this looks like a Compose file; a scenario lists the API calls as 'steps'",
    "<<": "YAML 1.2 has no merge keys: give an alias to a whole value instead",
}


def where_it_belongs(name: str, beside: Mapping[str, object], definition: str | None) -> str | None:
    """Return a hint for an unknown key among the keys ``beside``, inside what the schema calls ``definition`` (``top``
    is the scenario itself)."""
    if definition == "top":
        return _at_the_top(name)
    if definition == "step":
        return _in_a_step(name, beside)
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
    if name in _AT_THE_TOP:
        return _AT_THE_TOP[name]
    if name in MODIFIERS or operations.find(name) is not None:
        return f"'{name}' belongs to a step: put it below 'steps'"
    return None


def _in_a_step(name: str, beside: Mapping[str, object]) -> str | None:
    for kind in beside:
        operation = operations.find(kind)
        if operation is not None and (operation.param(name) or name in operation.extras):
            return f"'{name}' is a parameter of '{kind}': put it inside, {kind}: {{…, {name}: …}}"
    if name in _IN_A_STEP:
        return _IN_A_STEP[name]
    operation = operations.by_id(name)
    return f"the operation is called '{operation.name}'" if operation else None


def for_value(value: Any, types: list[str]) -> str | None:
    """Return a hint for a value where only ``types`` are accepted."""
    if types == ["true or false"] and str(value).lower() in ("yes", "no", "on", "off", "y", "n"):
        word = "true" if str(value).lower() in ("yes", "on", "y") else "false"
        return f"write {word}: YAML 1.2 knows no other words"
    if "a whole number" in types and isinstance(value, str):
        size = re.fullmatch(r"([0-9]+)(?:([kmg])b?)?", value.lower())
        if size:
            number = int(size[1]) * 1024 ** (" kmg".index(size[2]) if size[2] else 0)
            return f"the API counts in bytes: write {number}" if size[2] else "write it without the quotes"
    if "a mapping" in types and isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        return "write it without the quotes: YAML reads JSON as it is"
    return None
