"""Represents plain paths into a result, such as ``body.State.Pid`` or ``items[-1].read``.

The scenario's model parses them, once; records carry them on to the documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

EVERY: Final = "*"
"""The key that means every element."""

RESULT_ROOTS: Final = frozenset({"body", "items", "stdout", "stderr", "headers", "status"})
"""The parts of a response that a path can begin with."""


class ResultPath(NamedTuple):
    """``root`` is a name (a part of the result, a variable, ``steps``), ``keys`` lead on from there, ``filter`` is the
    name of the one filter behind it."""

    root: str
    keys: tuple[str | int, ...] = ()
    filter: str | None = None

    def __str__(self) -> str:
        parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.keys)
        return "".join([self.root, *parts, f" | {self.filter}" if self.filter else ""])

    @property
    def in_response(self) -> bool:
        """Return whether it leads into the response, without a filter."""
        return self.root in RESULT_ROOTS and self.filter is None


class Source(NamedTuple):
    """An expression whose value a record holds: its text, the path that it is, or the paths of the mapping that it
    makes (``{'Name': body.Name}``)."""

    text: str
    path: ResultPath | None = None
    members: Mapping[str, ResultPath] | None = None


class Absent(LookupError):
    """There is nothing at the path."""


def read(path: ResultPath, response: object) -> Any:
    """Return the value at a path into a response (:class:`~runner.results.records.ResponseRecord`).

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
