"""What the reader's shell holds by now: values that earlier commands of the page have put into variables."""

from __future__ import annotations

import re
from typing import NamedTuple

_DISTINCTIVE = 8
"""Characters from which on a captured value is looked for inside longer text, and not only as the whole of it."""

_SMALL = 9
"""Numbers up to this one are everywhere, and are never taken for a captured one."""

_LONG_ID = re.compile(r"(sha256:)?[0-9a-f]{64}")


class Variable(NamedTuple):
    """A use of a captured value. ``element`` is its place where a ``for_each`` captured a list; ``start`` and
    ``length`` say which characters of it, where it is not all."""

    name: str
    element: int | None = None
    start: int = 0
    length: int | None = None


Part = str | Variable


class Variables:
    """The captured values that a page has introduced, looked for in the text of later requests."""

    def __init__(self) -> None:
        self._known: dict[str, Variable] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, value: object, variable: Variable) -> None:
        """From here on ``value`` is shown as ``variable``, and the short form of an id as a part of it; the
        first name of a value stays."""
        if isinstance(value, int) and not isinstance(value, bool) and value > _SMALL:
            value = str(value)
        if not isinstance(value, str) or not value.strip():
            return
        self._pattern = None
        self._known.setdefault(value, variable)
        match = _LONG_ID.fullmatch(value)
        if match is None:
            return
        start = len(match[1] or "")
        if start:
            self._known.setdefault(value[start:], Variable(variable.name, variable.element, start))
        self._known.setdefault(value[start:][:12], Variable(variable.name, variable.element, start, 12))

    def known(self) -> frozenset[str]:
        """The values that stand in a variable."""
        return frozenset(self._known)

    def split(self, text: str) -> list[Part]:
        """The text in parts, each use of a known value replaced by its variable.

        A short value (``web``) counts only if it is the whole text.
        """
        whole = self._known.get(text)
        if whole is not None:
            return [whole]
        if not self._known:
            return [text]
        if self._pattern is None:
            known = sorted((value for value in self._known if len(value) >= _DISTINCTIVE), key=len, reverse=True)
            alternatives = "|".join(map(re.escape, known)) or r"(?!)"
            self._pattern = re.compile(rf"(?<![0-9A-Za-z])(?:{alternatives})(?![0-9A-Za-z])")
        parts: list[Part] = []
        end = 0
        for match in self._pattern.finditer(text):
            if match.start() > end:
                parts.append(text[end : match.start()])
            parts.append(self._known[match[0]])
            end = match.end()
        if end < len(text) or not parts:
            parts.append(text[end:])
        return parts
