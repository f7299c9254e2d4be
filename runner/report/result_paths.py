"""Simple paths into a result (``body.State.Pid``, ``items[-1].read``), as captures, ``show`` and ``volatile`` have
them."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from runner.results.records import ResponseRecord

_STEP = re.compile(
    r"""\.(?:([A-Za-z_]\w*)|(\*)) | \[(-?\d+|\*)\] | \[\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\]""", re.VERBOSE
)
_ROOT = re.compile(r"\s*(body|items|stdout|stderr|headers|status)(?![\w(])")
EVERY = "*"
"""The key that means every element."""


class ResultPath(NamedTuple):
    """``root`` is the part of the result; ``keys`` lead on from there."""

    root: str
    keys: tuple[str | int, ...]


class Absent(LookupError):
    """There is nothing at the path."""


def parse(source: str) -> ResultPath | None:
    """The path that an expression is; None if it is more than a path."""
    match = _ROOT.match(source)
    if match is None:
        return None
    rest = source[match.end() :].rstrip()
    keys: list[str | int] = []
    end = 0
    for step in _STEP.finditer(rest):
        if step.start() != end:
            return None
        end = step.end()
        name, star, index, *quoted = step.groups()
        if index is not None and index != EVERY:
            keys.append(int(index))
        else:
            keys.append(next(key for key in (name, star, index, *quoted) if key is not None))
    return ResultPath(match[1], tuple(keys)) if end == len(rest) else None


def parse_mapping(source: str) -> Mapping[str, ResultPath] | None:
    """The paths of an expression like ``{'Name': body.Name, 'Id': body.Id}``; None if it is anything else."""
    try:
        found = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(found, ast.Dict):
        return None
    paths: dict[str, ResultPath] = {}
    for key, value in zip(found.keys, found.values, strict=True):
        path = parse(ast.unparse(value))
        if path is None or not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            return None
        paths[key.value] = path
    return paths


def read(path: ResultPath, response: ResponseRecord) -> Any:
    """The value at a path.

    Raises:
        Absent: there is none.
    """
    value: Any = getattr(response, path.root)
    for key in path.keys:
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, Sequence) and not isinstance(value, str) and isinstance(key, int):
            try:
                value = value[key]
            except IndexError:
                raise Absent(path) from None
        else:
            raise Absent(path)
    return value
