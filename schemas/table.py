"""Makes the rows of ``operations.json`` from the description files and the overlay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas import overlay
from schemas.swagger import Description, Key

SHORT_NOUNS = ("container.", "system.")
"""Nouns that a scenario may leave out."""


def rows(descriptions: Sequence[Description]) -> list[dict[str, Any]]:
    """Return a row per operation of the newest description; default values are left out."""
    return [_row(descriptions, key) for key in descriptions[-1].operations]


def render(descriptions: Sequence[Description]) -> str:
    """Return ``operations.json``: a row per line, so that differences are easy to read."""
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows(descriptions))
    return f'{{"api":"{descriptions[-1].version}","first":"{descriptions[0].version}","operations":[\n{lines}\n]}}\n'


def mechanical_name(operation_id: str) -> str:
    """Return ``image.get_all`` for ``ImageGetAll``."""
    first, *rest = re.findall(r"[A-Z][a-z0-9]*", operation_id)
    return ".".join([first.lower(), *(["_".join(rest).lower()] if rest else [])])


def versions_of(descriptions: Sequence[Description], key: Key) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the versions that have an operation, oldest first, with its description in each."""
    for description in descriptions:
        if key in description.operations:
            yield description.version, description.operations[key][1]


def body_of(operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the Swagger schema of an operation's request body."""
    return next((param["schema"] for param in operation.get("parameters", ()) if param["in"] == "body"), None)


def _row(descriptions: Sequence[Description], key: Key) -> dict[str, Any]:
    path, operation = descriptions[-1].operations[key]
    operation_id = operation["operationId"]
    since = next(versions_of(descriptions, key))[0]
    own = overlay.OPERATIONS.get(operation_id, {})
    mechanical = mechanical_name(operation_id)
    name = overlay.NAMES.get(operation_id, mechanical)
    row: dict[str, Any] = {
        "name": name,
        "id": operation_id,
        "method": key[0],
        "path": path,
        "aliases": _aliases(operation_id, name, mechanical),
        "params": list(_params(descriptions, key)),
        "success": [int(code) for code in operation["responses"] if str(code)[0] in "123"],
        "answer": _answer(key[0], operation),
        **_body(operation),
        **own,
        "slow": operation_id in overlay.SLOW,
        "tty": overlay.TTY.get(operation_id),
        **overlay.REGISTRY.get(operation_id, {}),
        "build_context": operation_id in overlay.BUILD_CONTEXT,
        "since": since,
    }
    defaults = {"aliases": [], "params": [], "success": [200], "answer": "none", "slow": False, "tty": None}
    defaults |= {"build_context": False, "since": descriptions[0].version}
    return {fact: value for fact, value in row.items() if fact not in defaults or value != defaults[fact]}


def _aliases(operation_id: str, name: str, mechanical: str) -> list[str]:
    aliases = [*overlay.ALIASES.get(operation_id, ())]
    short = [full.partition(".")[2] for full in (name, *aliases) if full.startswith(SHORT_NOUNS)]
    return [*short, *aliases, *([mechanical] if mechanical != name else [])]


def _answer(method: str, operation: Mapping[str, Any]) -> str:
    produces = operation.get("produces", ())
    if "application/x-tar" in produces:
        return "tar"
    described = any("schema" in response for code, response in operation["responses"].items() if str(code)[0] == "2")
    if method == "HEAD" or not described:
        return "none"
    return "text" if list(produces) == ["text/plain"] else "json"


def _body(operation: Mapping[str, Any]) -> dict[str, Any]:
    for param in operation.get("parameters", ()):
        if param["in"] == "body":
            row: dict[str, Any] = {"body": "tar" if param["schema"].get("type") == "string" else "json"}
            return row | ({"body_required": True} if param.get("required") else {})
    return {}


def _params(descriptions: Sequence[Description], key: Key) -> Iterator[dict[str, Any]]:
    """Yield an operation's parameters in the newest order; those that only older versions have are last."""
    operation_id = descriptions[-1].operations[key][1]["operationId"]
    seen: dict[tuple[str, str], list[str]] = {}
    latest: dict[tuple[str, str], Mapping[str, Any]] = {}
    history = list(versions_of(descriptions, key))
    for version, operation in reversed(history):
        for param in operation.get("parameters", ()):
            where = (param["in"], param["name"])
            if param["in"] != "body" and f"{operation_id}.{param['name']}" not in overlay.NO_PARAMS:
                latest.setdefault(where, param)
                seen.setdefault(where, []).insert(0, version)
    first, last = history[0][0], history[-1][0]
    for (place, name), param in latest.items():
        if place == "path" and seen[place, name][-1] != last:
            continue  # the same place under an older name
        own = overlay.PARAMS.get(f"{operation_id}.{name}", {})
        row = _param(param, own)
        since = first if place == "path" else own.get("since", seen[place, name][0])
        if since != first:
            row["since"] = since
        if seen[place, name][-1] != last:
            row["until"] = seen[place, name][-1]
        yield row
    yield from overlay.MORE_PARAMS.get(operation_id, ())


def _param(param: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"name": param["name"]}
    if param["in"] != "query":
        row["place"] = param["in"]
    kind = own.get("type") or _type(param)
    if kind != "string":
        row["type"] = kind
    if param.get("required"):
        row["required"] = True
    default = own.get("default", param.get("default"))
    if default not in (None, ""):
        row["default"] = default
    allowed = param.get("enum") or param.get("items", {}).get("enum")
    if allowed:
        row["allowed"] = list(allowed)
    return row | {flag: True for flag in ("of_json", "always") if own.get(flag)}


def _type(param: Mapping[str, Any]) -> str:
    if param["name"] == "filters":
        return "filters"
    return "auth" if param["name"].startswith("X-Registry-") else str(param["type"])
