"""Finds what an API version lacks of what a call uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from runner.api import bodies
from runner.api.missing import MISSING
from runner.api.operations import Operation, version_key


class Lack(NamedTuple):
    """An operation, parameter or field that a version does not have. ``path`` leads to it in the call's value
    (``("signal",)``, ``("body", "HostConfig", "Annotations")``, or empty for the operation itself). ``until`` is the
    last version with it, if it is gone again."""

    kind: Literal["operation", "parameter", "field"]
    name: str
    path: bodies.Path
    since: str
    until: str | None = None

    def __str__(self) -> str:
        when = f"is gone after API {self.until}" if self.until else f"needs API {self.since}"
        return f"the {self.kind} {self.name} {when}"


def missing_in(operation: Operation, params: Mapping[str, Any], body: Any, api_version: str) -> list[Lack]:
    """Return what ``api_version`` lacks: the operation, its parameters, fields of its JSON body (or ``MISSING``).

    Nothing is reported inside a field that is missing. A version newer than the table lacks nothing.
    """
    version = version_key(api_version)

    def lacks(since: str, until: str | None) -> bool:
        return version < version_key(since) or (until is not None and version > version_key(until))

    def gone(since: str, until: str | None) -> str | None:
        return until if version >= version_key(since) else None

    if lacks(operation.since, None):
        return [Lack("operation", operation.name, (), operation.since)]
    lacking = [
        Lack("parameter", param.name, (param.name,), param.since, gone(param.since, param.until))
        for param in operation.params
        if params.get(param.name) is not None and lacks(param.since, param.until)
    ]
    if body is MISSING or operation.body != "json":
        return lacking
    missing: set[bodies.Path] = set()
    for path in bodies.paths_in(body):
        since, until = bodies.since_of(operation, path), bodies.until_of(operation, path)
        if path[:-1] in missing or lacks(since, until):
            if path[:-1] not in missing:
                name = ".".join(str(part) for part in path)
                lacking.append(Lack("field", name, ("body", *path), since, gone(since, until)))
            missing.add(path)
    return lacking
