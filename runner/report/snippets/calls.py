"""Looks at a step as a call of an operation, for languages that have a function or a command for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from runner.api.operations import Operation, by_id
from runner.results.records import RequestRecord, StepRecord


class Call(NamedTuple):
    """``params`` are those of path, query and header, with the types that the API gives them; ``body`` is the JSON
    that was sent."""

    operation: Operation
    params: Mapping[str, Any]
    body: Any
    request: RequestRecord
    step: StepRecord


def call_of(step: StepRecord) -> Call | None:
    """The call that a step made; None if it made none, or none of the API's operations."""
    operation = by_id(step.operation) if step.operation else None
    if operation is None or step.request is None:
        return None
    return Call(operation, step.request.params, step.request.body, step.request, step)


class Left(Exception):
    """Something of the call has no counterpart in the other language."""


def flattened(body: Any, known: Mapping[str, Any], ignored: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The parts of a body by their dotted names, as far down as ``known`` has them.

    Raises:
        Left: it has something that is neither known nor ignored.
    """
    parts: dict[str, Any] = {}
    _flatten(body or {}, "", known, ignored, parts)
    return parts


def _flatten(value: Any, prefix: str, known: Mapping[str, Any], ignored: frozenset[str], parts: dict[str, Any]) -> None:
    if not isinstance(value, Mapping):
        raise Left(prefix)
    for name, part in value.items():
        path = f"{prefix}{name}"
        if path in known:
            parts[path] = part
        elif path not in ignored and part not in (None, "", {}, []):
            if not isinstance(part, Mapping):
                raise Left(path)
            _flatten(part, f"{path}.", known, ignored, parts)
