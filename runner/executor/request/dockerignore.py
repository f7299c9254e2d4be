"""The patterns of a ``.dockerignore``, as the docker CLI reads them.

The rules: https://docs.docker.com/build/concepts/context/#dockerignore-files. The last pattern that matches a path, or
a folder around it, decides. An exception brings back what lies inside an ignored folder even where it has wildcards,
as BuildKit has it; the older builder looked into such a folder only for an exception that begins with its name.
"""

from __future__ import annotations

import os
import re
from typing import Final, NamedTuple

from runner.errors import StepError

Hits = tuple[bool, ...]
"""Which of the patterns match a path or a folder around it, in their order."""

_WILD: Final = frozenset("*?[\\")


class _Pattern(NamedTuple):
    ignores: bool
    expression: re.Pattern[str]
    root: tuple[str, ...]
    """The names before the first one with a wildcard: all that it matches lies there."""


class Ignore:
    """The patterns of one file.

    Raises:
        StepError: ``bad-pattern``.
    """

    def __init__(self, text: str) -> None:
        self._patterns: list[_Pattern] = []
        for number, line in enumerate(text.split("\n"), 1):
            pattern = line.strip()
            if not pattern or line.startswith("#"):
                continue
            bare = pattern.removeprefix("!").strip()
            try:
                self._add(bare, ignores=bare == pattern)
            except ValueError as error:
                raise StepError("bad-pattern", f".dockerignore, line {number}: {pattern!r} {error}") from None

    def _add(self, pattern: str, *, ignores: bool) -> None:
        if not pattern:
            raise ValueError("is no pattern")
        cleaned = os.path.normpath(pattern).lstrip("/")
        if cleaned == ".":
            return
        root = []
        for name in cleaned.split("/"):
            if _WILD.intersection(name):
                break
            root.append(name)
        self._patterns.append(_Pattern(ignores, re.compile(_expression(cleaned), re.DOTALL), tuple(root)))

    def keep(self, name: str) -> None:
        """Never ignore this file."""
        name = os.path.normpath(name)
        self._patterns.append(_Pattern(False, re.compile(re.escape(name)), tuple(name.split("/"))))

    def hits(self, name: str, around: Hits = ()) -> Hits:
        """What matches a path, given what matches the folder around it."""
        if not around:
            return tuple(bool(one.expression.fullmatch(name)) for one in self._patterns)
        return tuple(
            hit or bool(one.expression.fullmatch(name)) for hit, one in zip(around, self._patterns, strict=True)
        )

    def ignores(self, hits: Hits) -> bool:
        """Whether what these patterns match is left out."""
        return next(
            (one.ignores for hit, one in zip(reversed(hits), reversed(self._patterns), strict=True) if hit), False
        )

    def may_keep_inside(self, folder: str) -> bool:
        """Whether an exception can match something inside this ignored folder."""
        names = tuple(folder.split("/"))
        shared = ((one.root, min(len(one.root), len(names))) for one in self._patterns if not one.ignores)
        return any(root[:length] == names[:length] for root, length in shared)


def _expression(pattern: str) -> str:
    """A pattern as a regular expression: ``*`` and ``?`` stay within a name, ``**`` spans folders.

    Raises:
        ValueError: what is wrong with it.
    """
    out: list[str] = []
    index = 0
    while index < len(pattern):
        character = pattern[index]
        if pattern.startswith("**", index):
            index += 2
            if index == len(pattern):
                out.append(".*")
            else:
                index += pattern.startswith("/", index)
                # One at the beginning need not end with a name: '**.txt' is every name that ends so.
                out.append("(?:.*/)?" if pattern[index - 1] == "/" or out else ".*")
            continue
        if character == "[":
            part, index = _class(pattern, index + 1)
            out.append(part)
            continue
        if character == "\\":
            index += 1
            if index == len(pattern):
                raise ValueError("ends in the middle of an escape")
            out.append(re.escape(pattern[index]))
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(character) or re.escape(character))
        index += 1
    return "".join(out)


def _class(pattern: str, index: int) -> tuple[str, int]:
    """A class of characters such as ``[^a-z]``, from behind its bracket, and where it ends."""
    negated = pattern.startswith("^", index)
    index += negated
    ranges: list[str] = []
    while not (ranges and pattern.startswith("]", index)):
        low, index = _member(pattern, index)
        high = low
        if pattern.startswith("-", index):
            high, index = _member(pattern, index + 1)
        if low <= high:
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            ranges.append("")
    inside = "".join(ranges)
    if not inside:
        return (".", index + 1) if negated else ("(?!)", index + 1)
    return f"[{'^' if negated else ''}{inside}]", index + 1


def _member(pattern: str, index: int) -> tuple[str, int]:
    escaped = pattern.startswith("\\", index)
    index += escaped
    if index >= len(pattern) or (not escaped and pattern[index] in "-]"):
        raise ValueError("has a class of characters that makes no sense")
    if index + 1 >= len(pattern):
        raise ValueError("has a class of characters without an end")
    return pattern[index], index + 1
