"""Parses expressions that are no more than a path, without Jinja2: most of what scenarios capture, show and compare."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runner.results.result_path import ResultPath, Source

_ROOT = re.compile(r"\s*([A-Za-z_]\w*)")
_KEY = re.compile(
    r"""\.(?:([A-Za-z_]\w*)|(\*)) | \[\s*(-?\d+|\*)\s*\] | \[\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\]""", re.VERBOSE
)
_FILTER = re.compile(r"\s*(?:\|\s*([A-Za-z_]\w*)\s*)?\Z")
_MEMBER = re.compile(r"""\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*:""")
_COMMA = re.compile(r"\s*(,|\}\s*\Z)")
_WORDS = frozenset({"true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if", "else"})
LONGEST = 2000
"""Characters of an expression that is looked at; a longer one is taken for more than a path."""


def parse_path(text: str) -> ResultPath | None:
    """Return the path that an expression is; None if it is more than a path with at most one filter."""
    if len(text) > LONGEST:
        return None
    path, end = _path(text, 0)
    filter_ = _FILTER.match(text, end) if path is not None else None
    return path._replace(filter=filter_[1]) if path is not None and filter_ is not None else None


def parse_source(text: str) -> Source:
    """Return an expression with the path, or the mapping of paths, that it is."""
    path = parse_path(text)
    return Source(text, path, None if path is not None else _members(text))


def _path(text: str, start: int) -> tuple[ResultPath | None, int]:
    """Return a path that begins at ``start``, and where it ends."""
    root = _ROOT.match(text, start)
    if root is None or root[1] in _WORDS:
        return None, start
    keys: list[str | int] = []
    end = root.end()
    while key := _KEY.match(text, end):
        name, star, index, *quoted = key.groups()
        found = next(part for part in (name, star, index, *quoted) if part is not None)
        keys.append(int(index) if index is not None and index != "*" else found)
        end = key.end()
    return ResultPath(root[1], tuple(keys)), end


def _members(text: str) -> Mapping[str, ResultPath] | None:
    """Return the paths of an expression like ``{'Name': body.Name, 'Id': body.Id}``; None if it is anything else."""
    opening = re.match(r"\s*\{", text)
    if opening is None or len(text) > LONGEST:
        return None
    members: dict[str, ResultPath] = {}
    end = opening.end()
    while True:
        name = _MEMBER.match(text, end)
        if name is None:
            return None
        path, end = _path(text, name.end())
        comma = _COMMA.match(text, end) if path is not None else None
        if path is None or comma is None:
            return None
        members[name[1] if name[1] is not None else name[2]] = path
        if comma[1] != ",":
            return members
        end = comma.end()
