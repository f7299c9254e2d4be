"""Validates scenarios against the JSON Schema.

Importing jsonschema takes longer than most scenarios, so a file that was found valid is not validated again
(:mod:`runner.scenario.cache`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from runner.resources import schema_path
from runner.scenario.findings import Findings
from runner.scenario.schema.messages import report
from runner.scenario.yaml import nodes


def validate(root: nodes.Node, findings: Findings) -> None:
    """Report every part of a scenario that its schema doesn't accept, until ``findings`` are full."""
    validator = _validator()
    for error in validator.iter_errors(nodes.plain(root)):
        for relevant in _relevant(error):
            report(root, validator.schema, relevant, findings)
        if findings.full:
            return


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator, validators

    schema = json.loads(schema_path("scenario.schema.json").read_text("utf-8"))
    kinds = {branch["required"][0] for branch in schema["$defs"]["step"]["oneOf"]}

    def one_of(_validator: Any, _branches: Any, instance: Any, _schema: Any) -> Iterator[Any]:
        """Count the kinds of a step. The only ``oneOf`` of the schema requires exactly one; jsonschema would make and
        drop an error for each of the 300 kinds at each step."""
        from jsonschema import ValidationError

        present = sum(1 for key in instance if key in kinds) if isinstance(instance, dict) else 1
        if present != 1:
            yield ValidationError("kinds", validator="kinds", validator_value=kinds, instance=instance)

    def matchers(_validator: Any, _parts: Any, _instance: Any, _schema: Any) -> Iterator[Any]:
        """Leave the operands of matchers, the only ``allOf`` of the schema, to what knows more of them
        (:mod:`runner.scenario.expectations`)."""
        return iter(())

    extend: Any = validators.extend  # its stub has no types
    return extend(Draft202012Validator, {"oneOf": one_of, "allOf": matchers})(schema)


def _relevant(error: Any) -> Iterator[Any]:
    """Yield the errors worth showing: of alternatives, those of the one that was most likely meant."""
    if error.validator != "anyOf" or not error.context:
        yield error
        return
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    candidates = [errors for errors in branches.values() if not any(_is_mismatch(inner, error) for inner in errors)]
    if not candidates or all(inner.validator == "required" for inner in error.context):
        yield error
        return
    best = max(candidates, key=lambda errors: (max(len(inner.absolute_path) for inner in errors), -len(errors)))
    for inner in best:
        yield from _relevant(inner)


def _is_mismatch(inner: Any, outer: Any) -> bool:
    """Return whether the value is of another type than this alternative is about."""
    if len(inner.absolute_path) != len(outer.absolute_path):
        return False
    if inner.validator == "anyOf":
        return all(_is_mismatch(alternative, outer) for alternative in inner.context)
    return inner.validator in ("type", "enum", "const", "pattern")
