"""Matches paths against the patterns of a ``.dockerignore``, as the docker CLI does.

The rules: https://docs.docker.com/build/concepts/context/#dockerignore-files. The last pattern that matches a path, or
one of its parent folders, decides. An exception with wildcards also applies inside an ignored folder, as in BuildKit;
the older builder looked into such a folder only for an exception that begins with its name.
"""

from __future__ import annotations

import os
import re
from typing import Final, NamedTuple

from runner.errors import StepError

Hits = tuple[bool, ...]
"""Whether each pattern matches a path or one of its parent folders."""

_WILD: Final = frozenset("*?[\\")


class _Pattern(NamedTuple):
    ignores: bool
    expression: re.Pattern[str]
    root: tuple[str, ...]
    """The leading path components without wildcards: everything that the pattern matches is below them."""


class Ignore:
    """Matches paths against the patterns of one file.

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
            raise ValueError("is not a pattern")
        cleaned = os.path.normpath(pattern).lstrip("/")
        if cleaned == ".":
            return
        root = []
        for name in cleaned.split("/"):
            if _WILD.intersection(name):
                break
            root.append(name)
        self._patterns.append(_Pattern(ignores, re.compile(_expression(cleaned), re.DOTALL), tuple(root)))

    @property
    def excludes(self) -> bool:
        """Return whether any pattern excludes files."""
        return any(pattern.ignores for pattern in self._patterns)

    def keep(self, name: str) -> None:
        """Add an exception for one file."""
        name = os.path.normpath(name)
        self._patterns.append(_Pattern(False, re.compile(re.escape(name)), tuple(name.split("/"))))

    def hits(self, name: str, parent: Hits = ()) -> Hits:
        """Match a path, given the matches of its parent folder."""
        if not parent:
            return tuple(bool(pattern.expression.fullmatch(name)) for pattern in self._patterns)
        return tuple(
            hit or bool(pattern.expression.fullmatch(name)) for hit, pattern in zip(parent, self._patterns, strict=True)
        )

    def ignores(self, hits: Hits) -> bool:
        """Return whether a path with these matches is left out."""
        matches = zip(reversed(hits), reversed(self._patterns), strict=True)
        return next((pattern.ignores for hit, pattern in matches if hit), False)

    def may_keep_in(self, folder: str) -> bool:
        """Return whether an exception can match something inside this ignored folder."""
        names = tuple(folder.split("/"))
        exceptions = (pattern.root for pattern in self._patterns if not pattern.ignores)
        return any(all(a == b for a, b in zip(root, names, strict=False)) for root in exceptions)


def _expression(pattern: str) -> str:
    """Translate a pattern to a regular expression: ``*`` and ``?`` match within a name, ``**`` spans folders.

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
                # At the beginning it may match a part of a name: '**.txt' is every name with that suffix.
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
    """Translate a character class such as ``[^a-z]``; ``index`` is behind its bracket. Returns the index behind it."""
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
        raise ValueError("has an invalid character class")
    if index + 1 >= len(pattern):
        raise ValueError("has an unterminated character class")
    return pattern[index], index + 1
