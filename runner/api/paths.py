"""Finds the parameters in the path of a request: the rest of it is the API's own words."""

from __future__ import annotations

import re
from functools import cache

from runner.api import operations

_VERSION = re.compile(r"/v[0-9]+\.[0-9]+(?=/)")
_PARAMETER = re.compile(r"\{(\w+)\}")


def parameter_spans(method: str, path: str) -> tuple[tuple[int, int], ...] | None:
    """Return where the parameters of an operation begin and end in a path, which may begin with a version; None if it
    is not the path of an operation."""
    version = _VERSION.match(path)
    start = version.end() if version else 0
    for pattern in _patterns(method):
        match = pattern.fullmatch(path, start)
        if match:
            return tuple(match.span(number + 1) for number in range(len(match.groups())))
    return None


def operation_at(method: str, path: str) -> operations.Operation | None:
    """Return the operation whose path it is, which may begin with a version."""
    version = _VERSION.match(path)
    start = version.end() if version else 0
    for pattern, operation in _operations(method):
        if pattern.fullmatch(path, start):
            return operation
    return None


def rest_of(path: str) -> tuple[str, str]:
    """Split a path into its version prefix, which may be empty, and the rest."""
    version = _VERSION.match(path)
    end = version.end() if version else 0
    return path[:end], path[end:]


@cache
def _operations(method: str) -> tuple[tuple[re.Pattern[str], operations.Operation], ...]:
    """Return the operations of a method, each with its pattern of :func:`_patterns`."""
    by_path = {_pattern(one.path): one for one in operations.all_operations() if one.method == method}
    return tuple((pattern, by_path[pattern.pattern]) for pattern in _patterns(method))


@cache
def _patterns(method: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of a method's operations, those with the most words of their own first. A parameter may hold
    slashes, as names of images do."""
    paths = {operation.path for operation in operations.all_operations() if operation.method == method}
    ordered = sorted(paths, key=lambda path: len(_PARAMETER.sub("", path)), reverse=True)
    return tuple(re.compile(_pattern(path)) for path in ordered)


def _pattern(path: str) -> str:
    return "(.+)".join(map(re.escape, _PARAMETER.split(path)[::2]))
