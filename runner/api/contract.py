"""Holds answers against the API's own description: documented statuses, types, enums and required fields.

The facts are in ``contract.json``, which ``python -m schemas.make`` extracts from the description files; it is read
when the first answer is held against it. A shape is compiled to functions that only say yes or no, so that an answer
without a contradiction, which most are, costs little; only what they refuse is looked at again for its places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from runner.api.operations import Operation, version_key
from runner.contradiction import Contradiction
from runner.text import shown

MAX_CONTRADICTIONS: Final = 50
"""Contradictions of one answer that are kept."""
_MAX_VALUE: Final = 60
_WITHOUT_BODY: Final = frozenset({"101", "204", "304"})

Check = Callable[[Any], bool]
"""Returns whether a value has a shape."""


class Answer(NamedTuple):
    """An answer of an engine: the status, and the body or the elements of a stream."""

    status: int
    body: Any = None
    items: list[Any] | None = None


def contradictions(
    operation: Operation, api_version: str, answer: Answer, *, strict: bool = False
) -> tuple[Contradiction, ...]:
    """Return what the description of an API version doesn't allow in an answer. A version without a description of its
    own is held against the nearest older one, or else the oldest.

    ``strict`` also reports fields that the description doesn't have, and ``null`` where it doesn't allow it: engines
    write it for empty lists and maps, and it counts as nothing otherwise.
    """
    version, answers = _documented(operation.id, api_version)
    if answers is None:
        return ()
    found = [
        Contradiction(operation.name, version, path, problem)
        for path, problem in _problems(operation, answers, answer, strict=strict)
    ]
    return tuple(dict.fromkeys(found))


def documented_statuses(operation_id: str) -> tuple[int, ...]:
    """Return the statuses that the newest description has for an operation."""
    _, answers = _documented(operation_id, _facts()["versions"][-1])
    return tuple(int(status) for status in answers or () if status.isdecimal())


def _problems(
    operation: Operation, answers: Mapping[str, int | None], answer: Answer, *, strict: bool
) -> Iterator[tuple[str, str]]:
    status = str(answer.status)
    if status not in answers:
        yield "status", f"{status} is not documented: {', '.join(answers)} are"
        return
    number = answers[status]
    if number is None or operation.method == "HEAD" or status in _WITHOUT_BODY:
        return
    path, values = ("body", [answer.body]) if answer.items is None else ("items[]", answer.items)
    check = _compiled(number, strict)
    left = MAX_CONTRADICTIONS
    for value in values:
        if not check(value):
            for problem in _explained(number, value, path, strict=strict):
                yield problem
                left -= 1
                if not left:
                    return


def _documented(operation_id: str, api_version: str) -> tuple[str, Mapping[str, int | None] | None]:
    """Return the description's version, and the shapes of the answers by their status; None if it lacks the
    operation."""
    key = version_key(api_version)
    versions: list[str] = _facts()["versions"]
    version = next((one for one in reversed(versions) if version_key(one) <= key), versions[0])
    changes: Mapping[str, Mapping[str, int | None]] = _facts()["operations"].get(operation_id, {})
    last = version_key(version)
    found = [answers for since, answers in changes.items() if version_key(since) <= last]
    return version, found[-1] if found else None


@cache
def _compiled(number: int | None, strict: bool) -> Check:
    """Return the check of a shape."""
    if number is None:
        return lambda _value: True
    shape = _facts()["shapes"][number]
    allows_null = not strict or shape.get("null", False)
    match shape["type"]:
        case "object":
            check = _object(shape, strict)
        case "array":
            check = _array(_compiled(shape.get("items"), strict))
        case "string":
            check = _scalar(str, shape.get("enum"))
        case "boolean":
            check = _scalar(bool, shape.get("enum"))
        case "integer":
            check = _number((int,), shape.get("enum"))
        case "number":
            check = _number((int, float), shape.get("enum"))
        case _:
            return lambda _value: True
    return (lambda value: value is None or check(value)) if allows_null else check


def _object(shape: Mapping[str, Any], strict: bool) -> Check:
    fields = {name: _compiled(number, strict) for name, number in shape.get("fields", {}).items()}
    required = shape.get("required", ())
    values = _compiled(shape.get("values"), strict)
    is_open = not strict or shape.get("open", False) or "values" in shape
    has_values = "values" in shape

    def check(value: Any) -> bool:
        if not isinstance(value, Mapping):
            return False
        for name in required:
            if value.get(name) is None and (name not in value or not _may_be_null(shape, name)):
                return False
        for name, inner in value.items():
            field = fields.get(name)
            if field is not None:
                if not field(inner):
                    return False
            elif not is_open or (has_values and not values(inner)):
                return False
        return True

    return check


def _may_be_null(shape: Mapping[str, Any], name: str) -> bool:
    """Return whether a required field may be null: where the description says so, and for lists and maps, for whose
    emptiness engines write it."""
    number = shape["fields"][name]
    if number is None:
        return True
    field = _facts()["shapes"][number]
    return bool(field.get("null")) or field["type"] in ("array", "object")


def _array(element: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(element, value))


def _scalar(kind: type, allowed: list[Any] | None) -> Check:
    if allowed is None:
        return lambda value: isinstance(value, kind)
    return lambda value: isinstance(value, kind) and value in allowed


def _number(kinds: tuple[type, ...], allowed: list[Any] | None) -> Check:
    def check(value: Any) -> bool:
        return isinstance(value, kinds) and not isinstance(value, bool) and (allowed is None or value in allowed)

    return check


def _explained(number: int | None, value: Any, path: str, *, strict: bool) -> Iterator[tuple[str, str]]:
    """Yield each place of a value that its shape refuses, and why."""
    if number is None or _compiled(number, strict)(value):
        return
    shape = _facts()["shapes"][number]
    kind = shape["type"]
    if kind == "object" and isinstance(value, Mapping):
        yield from _explained_fields(shape, value, path, strict=strict)
    elif kind == "array" and isinstance(value, list):
        for element in value:
            yield from _explained(shape.get("items"), element, f"{path}[]", strict=strict)
    elif value is None:
        yield path, "null is not allowed" if path != "body" else f"nothing was answered: {_article(kind)} is documented"
    elif "enum" in shape and _is(kind, value):
        allowed = ", ".join(shown(one, _MAX_VALUE) for one in shape["enum"])
        yield path, f"{shown(value, _MAX_VALUE)} is not one of {allowed}"
    else:
        yield path, f"{_kind_of(value)} in place of {_article(kind)}: {shown(value, _MAX_VALUE)}"


def _explained_fields(
    shape: Mapping[str, Any], value: Mapping[str, Any], path: str, *, strict: bool
) -> Iterator[tuple[str, str]]:
    fields = shape.get("fields", {})
    for name in shape.get("required", ()):
        if name not in value:
            yield f"{path}.{name}", "is required, and missing"
        elif value[name] is None and not _may_be_null(shape, name):
            yield f"{path}.{name}", "is required, and null"
    for name, inner in value.items():
        if name in fields:
            yield from _explained(fields[name], inner, f"{path}.{name}", strict=strict)
        elif "values" in shape:
            yield from _explained(shape["values"], inner, f"{path}.*", strict=strict)
        elif strict and not shape.get("open"):
            yield f"{path}.{name}", "is not documented"


def _is(kind: str, value: Any) -> bool:
    return _kind_of(value) == _article(kind) or (kind == "number" and _kind_of(value) == "an integer")


def _kind_of(value: Any) -> str:
    for kind, name in (
        (bool, "a boolean"),
        (int, "an integer"),
        (float, "a number"),
        (str, "a text"),
        (list, "a list"),
        (Mapping, "an object"),
    ):
        if isinstance(value, kind):
            return name
    return "null"


def _article(kind: str) -> str:
    names = {"string": "a text", "array": "a list", "object": "an object", "integer": "an integer"}
    return names.get(kind, f"a {kind}")


@cache
def _facts() -> dict[str, Any]:
    import json
    import pathlib

    facts: dict[str, Any] = json.loads(pathlib.Path(__file__).with_name("contract.json").read_bytes())
    return facts
