"""What the JSON Schema refuses, said so that the reader knows what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.nearest import did_you_mean
from runner.scenario.builder import MODIFIERS
from runner.scenario.findings import Findings
from runner.scenario.schema.hints import where_it_belongs
from runner.scenario.yaml import nodes
from runner.scenario.yaml.scalars import resolve

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
_NOUNS = {
    "duration": ("a duration", "write 500ms, 5s, 2m, 1h or a number of seconds"),
    "status": ("an HTTP status", "write a number such as 201, a class (1xx to 5xx), or a list of them"),
    "name": ("a name", "a name has letters, digits and underscores, and doesn't begin with a digit"),
    "id": ("an id", "an id has letters, digits, underscores and hyphens, and doesn't begin with a digit"),
    "expression": ("an expression", "for example body.Id, or status == 201"),
    "steps": ("a list of steps", "each step begins with '- '"),
    "step": ("a step", 'a step is a mapping, for example: start: "{{ container }}"'),
    "text": ("text", None),
}
"""Definitions of the schema that have a name of their own, and what to write for them."""

_COMMON_KINDS = "create, attach, start, wait, list, inspect, logs, remove, request, await, set, check, …"


@dataclass(frozen=True, slots=True)
class _Rule:
    """The part of the schema that refused: the nearest definition's name, what it describes and shows."""

    definition: str | None
    description: str | None
    examples: tuple[Any, ...]


def report(source: nodes.Source, root: nodes.Node, schema: Any, error: Any, findings: Findings) -> None:
    """One error of the validator as a finding with its place."""
    path = tuple(error.absolute_path)
    node = nodes.node_at(root, path)
    rule = _rule(schema, list(error.absolute_schema_path))
    if error.validator == "anyOf" and rule.definition not in _NOUNS:
        inner = [_rule(schema, list(one.absolute_schema_path)).definition for one in error.context]
        named = next((name for name in inner if name in ("duration", "status")), None)
        rule = _Rule(named, rule.description, rule.examples) if named else rule
    if "propertyNames" in error.absolute_schema_path:
        key = node.key(error.instance) if isinstance(node, nodes.Mapping) else None
        noun, hint = _NOUNS["name"]
        findings.error("wrong-value", f"'{error.instance}' can't be {noun}", source, key or node, hint=hint)
        return
    if isinstance(node, nodes.Scalar) and node.value is None and path:
        node = _key_above(root, path) or node
    handler = _HANDLERS.get(error.validator, _other)
    handler(source, node, error, rule, findings)


def _rule(schema: Any, path: list[Any]) -> _Rule:
    """Follow the path from the schema's root (references are not among its parts). What stands beside a reference
    describes better than what it means."""
    root, definition = schema, None
    description: str | None = None
    examples: tuple[Any, ...] = ()
    for number, part in enumerate(path, 1):
        while part not in schema and "$ref" in schema:
            definition = schema["$ref"].rpartition("/")[2]
            schema = root["$defs"][definition]
            description = description or schema.get("description")
            examples = examples or tuple(schema.get("examples", ()))
        if number == len(path):  # the rule itself
            break
        schema = schema[part]
        if part in ("properties", "items", "additionalProperties"):
            definition, description, examples = None, None, ()
        if isinstance(schema, dict) and isinstance(schema.get("description"), str):
            description, examples = schema["description"], tuple(schema.get("examples", ()))
    return _Rule(definition, description.split("\n", 1)[0] if description else None, examples)


def _key_above(root: nodes.Node, path: tuple[str | int, ...]) -> nodes.Scalar | None:
    above = nodes.node_at(root, path[:-1])
    return above.key(str(path[-1])) if isinstance(above, nodes.Mapping) else None


def _unknown_key(source: nodes.Source, node: nodes.Node, error: Any, rule: _Rule, findings: Findings) -> None:
    known = list(error.schema.get("properties", {}))
    is_step = rule.definition == "step"
    for name in error.instance:
        if name in known:
            continue
        key = node.key(name) if isinstance(node, nodes.Mapping) else None
        where = rule.definition if error.absolute_path else "top"
        hint = where_it_belongs(name, error.instance, where) or did_you_mean(name, known)
        if hint is None and is_step:
            hint = "`run operations` lists every operation; the modifiers are id, title, expect, capture, …"
        elif hint is None:
            hint = f"known here: {', '.join(known[:24])}" if known else "nothing can stand here"
        message = f"a step has no '{name}'" if is_step else f"'{name}' is not known here"
        findings.error("unknown-key", message, source, key or node, hint=hint)


def _missing_key(source: nodes.Source, node: nodes.Node, error: Any, _rule: _Rule, findings: Findings) -> None:
    for name in error.validator_value:
        if isinstance(error.instance, Mapping) and name not in error.instance:
            hint = _first_line(error.schema.get("properties", {}).get(name, {}).get("description"))
            findings.error("missing-key", f"'{name}' is missing here", source, _first(node), hint=hint)


def _kinds(source: nodes.Source, node: nodes.Node, error: Any, _rule: _Rule, findings: Findings) -> None:
    known = error.validator_value
    present = [name for name in error.instance if name in known]
    if len(present) > 1 and isinstance(node, nodes.Mapping):
        message = f"a step does one thing, but '{present[0]}' and '{present[1]}' both stand here"
        hint = "make it two steps: each begins with '- '"
        findings.error("several-kinds", message, source, node.key(present[1]) or node, hint=hint)
    elif not present and all(name in MODIFIERS for name in error.instance):
        message = "this step says nothing to do"
        findings.error("no-kind", message, source, _first(node), hint=f"add one of {_COMMON_KINDS}")


def _wrong_type(source: nodes.Source, node: nodes.Node, error: Any, rule: _Rule, findings: Findings) -> None:
    from runner.api import operations

    operation = operations.find(rule.definition or "")
    if operation is not None and not isinstance(error.instance, dict):
        _bare_call(source, node, error, rule, findings)
        return
    noun, hint = _NOUNS.get(rule.definition or "", (None, None))
    names, allowed = _accepted(error)
    if allowed and isinstance(error.instance, str) and noun is None:
        hint = did_you_mean(error.instance, allowed) or f"it is one of {', '.join(allowed[:16])}"
        findings.error("wrong-value", f"{_shown(error.instance)} is not allowed here", source, node, hint=hint)
        return
    expected = noun or _either(names)
    message = f"{expected} is expected here, not {_shown(error.instance)}"
    if not error.absolute_path:
        hint = "a scenario is a mapping with 'title' and 'steps'"
    elif error.instance is None and isinstance(error.absolute_path[-1], str):
        message = f"'{error.absolute_path[-1]}' has no value: {expected} is expected"
    findings.error("wrong-type", message, source, node, hint=hint or _advice(error.instance, names, rule))


def _bare_call(source: nodes.Source, node: nodes.Node, error: Any, rule: _Rule, findings: Findings) -> None:
    """An operation with nothing, or with a single value that is not enough."""
    from runner.api import operations

    operation = operations.find(rule.definition or "")
    assert operation is not None
    needed = [param.name for param in operation.required_params] + (["body"] if operation.body_required else [])
    name = str(error.absolute_path[-1])
    hint = f"for example {flow(rule.examples[0])}" if rule.examples else rule.description
    if operation.sole_param and not rule.examples:
        hint = f'write {name}: "{{{{ {operation.noun} }}}}", with its id or name'
    if error.instance is None and needed:
        listed = " and ".join(f"'{one}'" for one in needed)
        findings.error(
            "missing-key", f"{listed} {'is' if len(needed) == 1 else 'are'} missing here", source, node, hint=hint
        )
    else:
        message = f"a mapping is expected here, not {_shown(error.instance)}"
        takes = [param.name for param in operation.params if param.type != "auth"] + list(operation.extras)
        hint = hint or f"'{name}' takes {', '.join(takes)}"
        findings.error("wrong-type", message, source, node, hint=hint)


def _accepted(error: Any) -> tuple[list[str], list[str]]:
    """The types that would have been right, and the words. That a template would do goes without saying."""
    names: dict[str, None] = {}
    allowed: list[str] = []
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if one.validator == "anyOf":
            waiting += one.context
        elif one.validator == "type":
            wanted = [one.validator_value] if isinstance(one.validator_value, str) else one.validator_value
            if {"string", "number", "boolean"} <= set(wanted):
                wanted = [name for name in wanted if name not in ("number", "boolean")]
            names.update({_TYPES[name]: None for name in wanted if name in _TYPES})
        elif one.validator in ("enum", "const"):
            values = [one.validator_value] if one.validator == "const" else one.validator_value
            allowed += [str(value) for value in values if isinstance(value, str) and value]
    if "a whole number" in names:
        names.pop("a number", None)
    return list(names), allowed


def _advice(instance: Any, names: list[str], rule: _Rule) -> str | None:
    if names == ["true or false"] and str(instance).lower() in ("yes", "no", "on", "off", "y", "n"):
        return (
            f"write {'true' if str(instance).lower() in ('yes', 'on', 'y') else 'false'}: YAML 1.2 knows no other words"
        )
    if "a whole number" in names and isinstance(instance, str):
        size = re.fullmatch(r"([0-9]+)(?:([kmg])b?)?", instance.lower())
        if size:
            number = int(size[1]) * 1024 ** (" kmg".index(size[2]) if size[2] else 0)
            return f"the API counts in bytes: write {number}" if size[2] else "write it without the quotes"
    if "a mapping" in names and isinstance(instance, str) and instance.lstrip().startswith(("{", "[")):
        return "write it without the quotes: YAML reads JSON as it is"
    examples = [one for one in rule.examples if _TYPES.get(_type_of(one)) in names]
    if examples:
        return f"for example {flow(examples[0])}"
    if rule.description is None and names and names[0] == "a list" and isinstance(instance, dict):
        return "each element of a list begins with '- '"
    return rule.description


def _wrong_choice(source: nodes.Source, node: nodes.Node, error: Any, _rule: _Rule, findings: Findings) -> None:
    allowed = [error.validator_value] if error.validator == "const" else list(error.validator_value)
    shown = [str(one) if not isinstance(one, bool) else str(one).lower() for one in allowed if one not in ("", None)]
    hint = did_you_mean(str(error.instance), shown) or f"it is one of {', '.join(shown[:16])}"
    findings.error("wrong-value", f"{_shown(error.instance)} is not allowed here", source, node, hint=hint)


def _no_alternative(source: nodes.Source, node: nodes.Node, error: Any, rule: _Rule, findings: Findings) -> None:
    if all(inner.validator == "required" for inner in error.context):
        names = [name for inner in error.context for name in inner.validator_value]
        hint = f"or '{names[1]}'" if len(names) > 1 else None
        findings.error("missing-key", f"'{names[0]}' is missing here", source, _first(node), hint=hint)
        return
    _wrong_type(source, node, error, rule, findings)


def _pattern(source: nodes.Source, node: nodes.Node, error: Any, rule: _Rule, findings: Findings) -> None:
    noun, hint = _NOUNS.get(rule.definition or "", (None, None))
    message = f"'{error.instance}' can't be {noun}" if noun else f"{_shown(error.instance)} doesn't fit here"
    findings.error("wrong-value", message, source, node, hint=hint or rule.description)


def _too_few(source: nodes.Source, node: nodes.Node, _error: Any, rule: _Rule, findings: Findings) -> None:
    findings.error("wrong-value", "at least one is needed here", source, node, hint=rule.description)


def _other(source: nodes.Source, node: nodes.Node, error: Any, rule: _Rule, findings: Findings) -> None:
    _, hint = _NOUNS.get(rule.definition or "", (None, None))
    if error.validator in ("minimum", "maximum"):
        word = "most" if error.validator == "maximum" else "least"
        message = f"{error.instance} is not allowed here: the {word} is {error.validator_value}"
    elif error.validator == "minLength":
        message = "this can't be empty"
    elif error.validator == "uniqueItems":
        message = "something stands twice in this list"
    else:
        message = f"{_shown(error.instance)} doesn't fit here"
    findings.error("wrong-value", message, source, node, hint=hint or rule.description)


_HANDLERS = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "kinds": _kinds,
    "type": _wrong_type,
    "enum": _wrong_choice,
    "const": _wrong_choice,
    "anyOf": _no_alternative,
    "pattern": _pattern,
    "minItems": _too_few,
    "minProperties": _too_few,
}


def _first(node: nodes.Node) -> nodes.Node:
    return node.entries[0][0] if isinstance(node, nodes.Mapping) and node.entries else node


def _first_line(text: str | None) -> str | None:
    return text.split("\n", 1)[0] if text else None


def _either(names: list[str]) -> str:
    if not names:
        return "something else"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _type_of(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else f"'{value}'"
    return text if len(text) <= 60 else f"{text[:57]}…'"


_PLAIN = re.compile(r"[\w./][^\n,\[\]{}#:&*!%@`\"]*(?<! )\Z")


def flow(value: Any) -> str:
    """A value as short YAML: ``{times: 3, every: 500ms}``."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(str(name))}: {flow(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(flow(inner) for inner in value)}]"
    if isinstance(value, str) and _PLAIN.match(value) and resolve(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)
