"""Validation against the JSON Schema.

A file that was found valid is remembered by its digest (see :mod:`runner.scenario.cache`), so that it need not be
validated again by the next run: importing jsonschema alone takes longer than most scenarios.
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


def validate(source: nodes.Source, root: nodes.Node, findings: Findings) -> None:
    """Report everything in a scenario that its schema doesn't accept."""
    validator = _validator()
    for error in validator.iter_errors(nodes.plain(root)):
        for one in _expand(error):
            report(source, root, validator.schema, one, findings)
        if findings.full:
            return


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator, validators

    schema = json.loads(schema_path("scenario.schema.json").read_text("utf-8"))
    kinds = {branch["required"][0] for branch in schema["$defs"]["step"]["oneOf"]}

    def one_of(_validator: Any, _branches: Any, instance: Any, _schema: Any) -> Iterator[Any]:
        """The only ``oneOf`` of the schema says that a step has one kind. jsonschema would make and drop an error for
        each of the 300 kinds at each step; counting the keys says the same."""
        from jsonschema import ValidationError

        present = sum(1 for key in instance if key in kinds) if isinstance(instance, dict) else 1
        if present != 1:
            yield ValidationError("kinds", validator="kinds", validator_value=kinds, instance=instance)

    extend: Any = validators.extend  # its stub has no types
    return extend(Draft202012Validator, {"oneOf": one_of})(schema)


def _expand(error: Any) -> Iterator[Any]:
    """The errors worth showing: of alternatives, those of the one that was most likely meant."""
    if error.validator != "anyOf" or not error.context:
        yield error
        return
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = [found for found in branches.values() if not any(_is_mismatch(one, error) for one in found)]
    if not meant or all(inner.validator == "required" for inner in error.context):
        yield error
        return
    best = max(meant, key=lambda found: (max(len(one.absolute_path) for one in found), -len(found)))
    for inner in best:
        yield from _expand(inner)


def _is_mismatch(inner: Any, outer: Any) -> bool:
    """Whether the value is of another type than this alternative is about."""
    if len(inner.absolute_path) != len(outer.absolute_path):
        return False
    if inner.validator == "anyOf":
        return all(_is_mismatch(one, outer) for one in inner.context)
    return inner.validator in ("type", "enum", "const", "pattern")
