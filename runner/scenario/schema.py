"""Validation against the JSON Schema, with messages that say what to write instead.

A file that was found valid is remembered by its digest, so that it need not be validated again by the next run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from runner.nearest import did_you_mean
from runner.resources import schema_path
from runner.scenario import nodes
from runner.scenario.build import MODIFIERS
from runner.scenario.findings import Findings

_TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_COMMON_KINDS = "create, attach, start, wait, list, inspect, logs, remove, exec, request, await, set, check, …"


def validate(source: nodes.Source, root: nodes.Node, findings: Findings) -> None:
    """Report everything in a scenario that its schema doesn't accept."""
    for error in _validator().iter_errors(nodes.plain(root)):
        for one in _expand(error):
            _report(source, root, one, findings)


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator, validators

    schema = json.loads(schema_path("scenario.schema.json").read_text("utf-8"))
    validator_class: Any = validators.extend(Draft202012Validator, {"oneOf": _one_of})  # type: ignore[no-untyped-call]
    return validator_class(schema)


def _one_of(validator: Any, branches: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """``oneOf``; where each branch only requires a key, as the kinds of a step do, by counting the keys.

    jsonschema would make and drop an error for each of the 300 kinds at each step.
    """
    from jsonschema import Draft202012Validator, ValidationError

    keys = [
        branch["required"][0] for branch in branches if set(branch) == {"required"} and len(branch["required"]) == 1
    ]
    if len(keys) != len(branches):
        yield from Draft202012Validator.VALIDATORS["oneOf"](validator, branches, instance, schema)
        return
    present = [key for key in instance if key in set(keys)] if isinstance(instance, dict) else []
    if len(present) != 1:
        yield ValidationError("kinds", validator="kinds", validator_value=keys, instance=instance)


def _expand(error: Any) -> Iterator[Any]:
    """The errors worth showing: of alternatives, those of the one that was most likely meant."""
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        yield error
        return
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = [found for found in branches.values() if not any(_is_mismatch(one, error) for one in found)]
    if not meant:
        yield error
        return
    best = max(meant, key=lambda found: (max(len(one.absolute_path) for one in found), -len(found)))
    for inner in best:
        yield from _expand(inner)


def _is_mismatch(inner: Any, outer: Any) -> bool:
    return len(inner.absolute_path) == len(outer.absolute_path) and inner.validator in (
        "type",
        "enum",
        "const",
        "pattern",
    )


def _report(source: nodes.Source, root: nodes.Node, error: Any, findings: Findings) -> None:
    path = tuple(error.absolute_path)
    node = nodes.node_at(root, path)
    handler = _HANDLERS.get(error.validator, _other)
    handler(source, node, error, findings)


def _unknown_key(source: nodes.Source, node: nodes.Node, error: Any, findings: Findings) -> None:
    known = list(error.schema.get("properties", {}))
    is_step = "when" in known and "expect" in known
    for name in error.instance:
        if name in known or any(_matches(name, pattern) for pattern in error.schema.get("patternProperties", {})):
            continue
        key = node.key(name) if isinstance(node, nodes.Mapping) else None
        what = "no step has" if is_step else "there is no"
        hint = did_you_mean(name, known)
        if hint is None and len(known) <= 24:
            hint = f"known here: {', '.join(known)}" if known else "nothing can stand here"
        if hint is None and is_step:
            hint = "run operations lists every operation; the modifiers are id, title, expect, capture, …"
        findings.error(
            "unknown-key",
            f"{what} '{name}' here" if not is_step else f"{what} a '{name}'",
            source,
            key or node,
            hint=hint,
            word=name,
        )


def _matches(name: str, pattern: str) -> bool:
    import re

    return re.search(pattern, name) is not None


def _missing_key(source: nodes.Source, node: nodes.Node, error: Any, findings: Findings) -> None:
    for name in error.validator_value:
        if isinstance(error.instance, Mapping) and name not in error.instance:
            hint = _description(error.schema.get("properties", {}).get(name, {}))
            findings.error("missing-key", f"'{name}' is missing here", source, _first(node), hint=hint)


def _kinds(source: nodes.Source, node: nodes.Node, error: Any, findings: Findings) -> None:
    if not isinstance(error.instance, dict):
        return
    known = set(error.validator_value)
    present = [name for name in error.instance if name in known]
    if len(present) > 1 and isinstance(node, nodes.Mapping):
        message = f"a step does one thing, but '{present[0]}' and '{present[1]}' both stand here"
        hint = "make it two steps"
        findings.error("several-kinds", message, source, node.key(present[1]) or node, hint=hint)
    elif not present and all(name in MODIFIERS for name in error.instance):
        message = "this step says nothing to do"
        findings.error("no-kind", message, source, _first(node), hint=f"add one of {_COMMON_KINDS}")


def _wrong_type(source: nodes.Source, node: nodes.Node, error: Any, findings: Findings) -> None:
    wanted = error.validator_value
    expected = _either([_TYPE_NAMES[one] for one in ([wanted] if isinstance(wanted, str) else wanted)])
    findings.error(
        "wrong-type",
        f"{expected} is expected here, not {_shown(error.instance)}",
        source,
        node,
        hint=_description(error.schema),
    )


def _wrong_choice(source: nodes.Source, node: nodes.Node, error: Any, findings: Findings) -> None:
    allowed = [error.validator_value] if error.validator == "const" else list(error.validator_value)
    shown = [str(one) if not isinstance(one, bool) else str(one).lower() for one in allowed]
    hint = did_you_mean(str(error.instance), shown) or f"it is one of {', '.join(shown[:16])}"
    findings.error("wrong-value", f"{_shown(error.instance)} is not allowed here", source, node, hint=hint)


def _no_alternative(source: nodes.Source, node: nodes.Node, error: Any, findings: Findings) -> None:
    """None of several types fits: name them all."""
    names: dict[str, None] = {}
    allowed: list[str] = []
    for inner in error.context or ():
        if inner.validator == "type":
            wanted = inner.validator_value
            for one in [wanted] if isinstance(wanted, str) else wanted:
                names[_TYPE_NAMES[one]] = None
        elif inner.validator in ("enum", "const"):
            allowed += [
                str(one) for one in ([inner.validator_value] if inner.validator == "const" else inner.validator_value)
            ]
        elif inner.validator == "pattern" and "{{" in inner.validator_value.replace("\\", ""):
            names["a template"] = None
    hint = did_you_mean(str(error.instance), allowed) if allowed else None
    if allowed and isinstance(error.instance, str):
        hint = hint or f"it is one of {', '.join(allowed[:16])}"
        findings.error("wrong-value", f"{_shown(error.instance)} is not allowed here", source, node, hint=hint)
        return
    description = _description(error.schema)
    if isinstance(error.instance, str) and "a template" in names:
        names.pop("text", None)
    expected = _either(list(names)) if names else "something else"
    findings.error(
        "wrong-type", f"{expected} is expected here, not {_shown(error.instance)}", source, node, hint=description
    )


def _too_few(source: nodes.Source, node: nodes.Node, error: Any, findings: Findings) -> None:
    findings.error("wrong-value", "at least one is needed here", source, node, hint=_description(error.schema))


def _other(source: nodes.Source, node: nodes.Node, error: Any, findings: Findings) -> None:
    if error.validator == "not":
        message = f"{_shown(error.instance)} is not allowed here"
    elif error.validator in ("minimum", "exclusiveMinimum", "maximum"):
        word = "most" if error.validator == "maximum" else "least"
        message = f"{error.instance} is not allowed here: the {word} is {error.validator_value}"
    else:
        message = f"{_shown(error.instance)} doesn't fit here"
    findings.error("wrong-value", message, source, node, hint=_description(error.schema))


_HANDLERS = {
    "additionalProperties": _unknown_key,
    "unevaluatedProperties": _unknown_key,
    "required": _missing_key,
    "kinds": _kinds,
    "type": _wrong_type,
    "enum": _wrong_choice,
    "const": _wrong_choice,
    "anyOf": _no_alternative,
    "oneOf": _no_alternative,
    "minItems": _too_few,
    "minProperties": _too_few,
}


def _first(node: nodes.Node) -> nodes.Node:
    return node.entries[0][0] if isinstance(node, nodes.Mapping) and node.entries else node


def _description(schema: Any) -> str | None:
    text = schema.get("description") if isinstance(schema, dict) else None
    return str(text).split("\n", 1)[0] if text else None


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else f"'{value}'"
    return text if len(text) <= 60 else f"{text[:57]}…'"
