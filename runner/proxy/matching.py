"""Finds the operation of the API that a request is, from its method and path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from runner.api.operations import Operation, all_operations

_VERSION = re.compile(r"/v([0-9]+(?:\.[0-9]+)*)(?=/)")
_PLACE = re.compile(r"\{(\w+)\}")
_WITH_SLASHES = ("/images/", "/distribution/", "/plugins/")
"""Paths whose names hold slashes: ``/images/registry:5000/team/app/json``."""
_LIKE_AN_ID = re.compile(r"[0-9a-f]{12,}|[a-z0-9]{25}|sha256:[0-9a-f]+")


class Call(NamedTuple):
    """A request, taken apart. ``version`` is the one in its path, ``params`` are the path's and the query's by name;
    ``operation`` is None where the table has none (``/libpod/…``, ``/grpc``)."""

    method: str
    path: str
    version: str | None
    operation: Operation | None
    params: Mapping[str, str | list[str]]

    @property
    def template(self) -> str:
        """The path with ``{id}`` where an id or a name is."""
        if self.operation is not None:
            return self.operation.path
        parts = ("{id}" if _LIKE_AN_ID.fullmatch(part) else part for part in self.path.split("/"))
        return "/".join(parts)

    @property
    def name(self) -> str:
        """The operation's name, or else the method and path."""
        return self.operation.name if self.operation is not None else f"{self.method} {self.template}"


def call_of(method: str, target: str) -> Call:
    """Take a request's method and target apart."""
    raw, _, query = target.partition("?")
    version, bare = split_version(raw)
    params: dict[str, str | list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        known = params.get(name)
        params[name] = value if known is None else [*([known] if isinstance(known, str) else known), value]
    path = unquote(bare)
    operation, places = find_operation(method, path)
    return Call(method, path, version, operation, {**params, **places})


def split_version(path: str) -> tuple[str | None, str]:
    """``/v1.41/info`` in two: the version, if there is one, and the rest."""
    match = _VERSION.match(path)
    return (match[1], path[match.end() :]) if match else (None, path)


def find_operation(method: str, path: str) -> tuple[Operation | None, Mapping[str, Any]]:
    """Return the operation of a path without a version, and what is in its path's places."""
    for operation, pattern in _patterns(method):
        match = pattern.fullmatch(path)
        if match:
            return operation, match.groupdict()
    return None, {}


@cache
def _patterns(method: str) -> tuple[tuple[Operation, re.Pattern[str]], ...]:
    """Those of a method; a path without places is found before one with places."""
    operations = [operation for operation in all_operations() if operation.method == method]
    operations.sort(key=lambda operation: len(operation.path_params))
    return tuple((operation, _pattern(operation.path)) for operation in operations)


def _pattern(path: str) -> re.Pattern[str]:
    part = ".+" if path.startswith(_WITH_SLASHES) else "[^/]+"
    return re.compile(_PLACE.sub(lambda match: f"(?P<{match[1]}>{part})", path.replace(".", r"\.")))
