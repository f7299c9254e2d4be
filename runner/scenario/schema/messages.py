"""Turns errors of the JSON Schema validator into messages that tell the author what to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from runner.api import operations
from runner.nearest import did_you_mean
from runner.scenario.findings import Findings
from runner.scenario.modifiers import MODIFIERS
from runner.scenario.schema import hints
from runner.scenario.schema.flow_style import flow, shown
from runner.scenario.schema.words import FIELDS
from runner.scenario.yaml import nodes

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
    "tag": ("a tag", "a tag is a word without spaces and commas: tags: [slow, network]"),
    "text": ("text", None),
}
"""Definitions of the schema that have a name of their own, and what to write for them."""
_COMMON_KINDS = "create, attach, start, wait, list, inspect, logs, remove, request, await, set, check, …"
_KNOWN_KEYS = 24
_ALLOWED_VALUES = 16
"""How many keys and values a hint lists."""


class _Rule(NamedTuple):
    """The part of the schema that was violated: the nearest definition's name, its description and examples."""

    definition: str | None
    description: str | None
    examples: tuple[Any, ...]

    @property
    def operation(self) -> operations.Operation | None:
        """The operation whose definition it is."""
        return operations.find(self.definition or "")

    @property
    def noun(self) -> tuple[str | None, str | None]:
        """Return what the definition is called in a message, and a hint."""
        return _NOUNS.get(self.definition or "", (None, None))


def report(root: nodes.Node, schema: Any, error: Any, findings: Findings) -> None:
    """Add one error of the validator (``jsonschema.ValidationError``) to the findings, with its place."""
    _Message(root, schema, error, findings).report()


class _Message:
    """One error on its way to a message."""

    def __init__(self, root: nodes.Node, schema: Any, error: Any, findings: Findings) -> None:
        self.error = error
        self.findings = findings
        self.rule = _rule(schema, list(error.absolute_schema_path))
        if error.validator == "anyOf" and self.rule.definition not in _NOUNS:
            alternatives = [_rule(schema, list(inner.absolute_schema_path)).definition for inner in error.context]
            named = next((name for name in alternatives if name in ("duration", "status")), None)
            self.rule = self.rule._replace(definition=named) if named else self.rule
        path = tuple(error.absolute_path)
        self.node = nodes.node_at(root, path)
        if isinstance(self.node, nodes.Scalar) and self.node.value is None and path:
            self.node = _key_above(root, path) or self.node

    def report(self) -> None:
        if "propertyNames" in self.error.absolute_schema_path:
            noun, hint = _NOUNS["name"]
            self._error("wrong-value", f"'{self.error.instance}' can't be {noun}", self._key(self.error.instance), hint)
            return
        handler = _HANDLERS.get(self.error.validator, _Message._other)
        handler(self)

    def _error(self, code: str, message: str, node: nodes.Node | None, hint: str | None = None) -> None:
        self.findings.error(code, message, node or self.node, hint)

    def _key(self, name: str) -> nodes.Scalar | None:
        return self.node.key(name) if isinstance(self.node, nodes.Mapping) else None

    @property
    def _first(self) -> nodes.Node:
        """The first key of a mapping, which is a better place than the whole of it."""
        has_entries = isinstance(self.node, nodes.Mapping) and self.node.entries
        return self.node.entries[0][0] if has_entries and isinstance(self.node, nodes.Mapping) else self.node

    # Keys

    def _unknown_key(self) -> None:
        expected = list(self.error.schema.get("properties", {}))
        is_step = self.rule.definition == "step"
        for name in self.error.instance:
            if name in expected:
                continue
            where = (self.rule.definition or str(self.error.absolute_path[-1])) if self.error.absolute_path else "top"
            hint = hints.where_it_belongs(name, self.error.instance, where) or did_you_mean(name, expected)
            if hint is None and is_step:
                listed = ", ".join(list(MODIFIERS)[:6])
                hint = f"`run operations` lists every operation; the modifiers are {listed}, …"
            elif hint is None:
                hint = f"the keys here are: {', '.join(expected[:_KNOWN_KEYS])}" if expected else "this takes no keys"
            message = f"a step has no '{name}'" if is_step else f"unknown key '{name}'"
            self._error("unknown-key", message, self._key(name), hint)

    def _missing_key(self) -> None:
        for name in self.error.validator_value:
            if isinstance(self.error.instance, Mapping) and name not in self.error.instance:
                description = self.error.schema.get("properties", {}).get(name, {}).get("description")
                self._error("missing-key", f"'{name}' is missing here", self._first, _first_line(description))

    def _kinds(self) -> None:
        kinds = self.error.validator_value
        present = [name for name in self.error.instance if name in kinds]
        if len(present) > 1:
            message = f"a step has one action, but this one has '{present[0]}' and '{present[1]}'"
            self._error("several-kinds", message, self._key(present[1]), "make it two steps: each begins with '- '")
        elif not present and all(name in MODIFIERS for name in self.error.instance):
            self._error("no-kind", "this step has no action", self._first, f"add one of {_COMMON_KINDS}")

    # Types

    def _wrong_type(self) -> None:
        instance = self.error.instance
        operation = self.rule.operation
        if operation is not None and not isinstance(instance, dict):
            self._bare_call(operation)
            return
        noun, hint = self.rule.noun
        names, allowed = _accepted(self.error)
        if allowed and isinstance(instance, str) and noun is None:
            hint = did_you_mean(instance, allowed) or f"it is one of {', '.join(allowed[:_ALLOWED_VALUES])}"
            self._error("wrong-value", f"{shown(instance)} is not allowed here", None, hint)
            return
        expected = noun or _either(names)
        message = f"{expected} is expected here, not {shown(instance)}"
        if not self.error.absolute_path:
            hint = "a scenario is a mapping with 'title' and 'steps'"
        elif instance is None and isinstance(self.error.absolute_path[-1], str):
            message = f"'{self.error.absolute_path[-1]}' has no value: {expected} is expected"
        self._error("wrong-type", message, None, hint or self._advice(names))

    def _bare_call(self, operation: operations.Operation) -> None:
        """Report an operation with no value, or with a single value that is not enough."""
        needed = [param.name for param in operation.required_params] + (["body"] if operation.body_required else [])
        name = str(self.error.absolute_path[-1])
        hint = f"for example {flow(self.rule.examples[0])}" if self.rule.examples else self.rule.description
        if operation.sole_param and not self.rule.examples:
            hint = f'write {name}: "{{{{ {operation.noun} }}}}", with its id or name'
        if self.error.instance is None and needed:
            listed = " and ".join(f"'{part}'" for part in needed)
            message = f"{listed} {'is' if len(needed) == 1 else 'are'} missing here"
            self._error("missing-key", message, None, hint)
        else:
            message = f"a mapping is expected here, not {shown(self.error.instance)}"
            takes = [param.name for param in operation.params if param.type != "auth"] + list(operation.extras)
            self._error("wrong-type", message, None, hint or f"'{name}' takes {', '.join(takes)}")

    def _no_alternative(self) -> None:
        if all(inner.validator == "required" for inner in self.error.context):
            names = [name for inner in self.error.context for name in inner.validator_value]
            hint = f"or '{names[1]}'" if len(names) > 1 else None
            self._error("missing-key", f"'{names[0]}' is missing here", self._first, hint)
            return
        self._wrong_type()

    def _advice(self, names: list[str]) -> str | None:
        """Return a hint for a value of the wrong type; ``names`` are the accepted types."""
        instance = self.error.instance
        field = next((part for part in reversed(self.error.absolute_path) if isinstance(part, str)), "")
        above = [part for part in list(self.error.absolute_path)[-2:] if part in FIELDS]
        hint = hints.for_value(instance, names, str(above[0]) if above else field)
        if hint is not None:
            return hint
        examples = [example for example in self.rule.examples if _TYPES.get(_type_of(example)) in names]
        if examples:
            return f"for example {flow(examples[0])}"
        if self.rule.description is None and names and names[0] == "a list" and isinstance(instance, dict):
            return "each element of a list begins with '- '"
        return self.rule.description

    # Values

    def _wrong_choice(self) -> None:
        one = self.error.validator == "const"
        allowed = [self.error.validator_value] if one else list(self.error.validator_value)
        words = [
            str(word).lower() if isinstance(word, bool) else str(word) for word in allowed if word not in ("", None)
        ]
        hint = did_you_mean(str(self.error.instance), words) or f"it is one of {', '.join(words[:_ALLOWED_VALUES])}"
        self._error("wrong-value", f"{shown(self.error.instance)} is not allowed here", None, hint)

    def _pattern(self) -> None:
        noun, hint = self.rule.noun
        instance = self.error.instance
        message = f"'{instance}' can't be {noun}" if noun else f"{shown(instance)} doesn't fit here"
        self._error("wrong-value", message, None, hint or self.rule.description)

    def _too_few(self) -> None:
        self._error("wrong-value", "at least one is needed here", None, self.rule.description)

    def _limit(self) -> None:
        word = "most" if self.error.validator == "maximum" else "least"
        message = f"{self.error.instance} is not allowed here: the {word} is {self.error.validator_value}"
        self._plain(message)

    def _empty(self) -> None:
        self._plain("this can't be empty")

    def _duplicate(self) -> None:
        self._plain("duplicate item in this list")

    def _other(self) -> None:
        self._plain(f"{shown(self.error.instance)} doesn't fit here")

    def _plain(self, message: str) -> None:
        _, hint = self.rule.noun
        self._error("wrong-value", message, None, hint or self.rule.description)


_HANDLERS: dict[str, Callable[[_Message], None]] = {
    "additionalProperties": _Message._unknown_key,
    "required": _Message._missing_key,
    "kinds": _Message._kinds,
    "type": _Message._wrong_type,
    "enum": _Message._wrong_choice,
    "const": _Message._wrong_choice,
    "anyOf": _Message._no_alternative,
    "pattern": _Message._pattern,
    "minItems": _Message._too_few,
    "minProperties": _Message._too_few,
    "minimum": _Message._limit,
    "maximum": _Message._limit,
    "minLength": _Message._empty,
    "uniqueItems": _Message._duplicate,
}


def _rule(schema: Any, path: list[Any]) -> _Rule:
    """Follow the path of a rule from the schema's root (references are not among its parts). The keywords beside a
    reference describe it better than the definition does."""
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
    return _Rule(definition, _first_line(description), examples)


def _key_above(root: nodes.Node, path: tuple[str | int, ...]) -> nodes.Scalar | None:
    above = nodes.node_at(root, path[:-1])
    return above.key(str(path[-1])) if isinstance(above, nodes.Mapping) else None


def _accepted(error: Any) -> tuple[list[str], list[str]]:
    """Return the types that would have been accepted, and the words. Templates, which always are, are left out."""
    names: dict[str, None] = {}
    allowed: list[str] = []
    waiting = [error]
    while waiting:
        inner = waiting.pop(0)
        if inner.validator == "anyOf":
            waiting += inner.context
        elif inner.validator == "type":
            types = [inner.validator_value] if isinstance(inner.validator_value, str) else inner.validator_value
            if {"string", "number", "boolean"} <= set(types):
                types = [name for name in types if name not in ("number", "boolean")]
            names.update({_TYPES[name]: None for name in types if name in _TYPES})
        elif inner.validator in ("enum", "const"):
            values = [inner.validator_value] if inner.validator == "const" else inner.validator_value
            allowed += [str(value) for value in values if isinstance(value, str) and value]
    if "a whole number" in names:
        names.pop("a number", None)
    return list(names), allowed


def _first_line(text: str | None) -> str | None:
    return text.split("\n", 1)[0] if text else None


def _either(names: list[str]) -> str:
    if not names:
        return "something else"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _type_of(value: Any) -> str:
    types = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return types.get(type(value), "null")
