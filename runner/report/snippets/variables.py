"""Tracks the variables of the reader's shell or program: captured values that earlier snippets of a page assigned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from runner.report.times import NANO, nanoseconds
from runner.text import SHORT_ID

_LONG: Final = 8
_WITH_A_DIGIT: Final = 5
"""Characters from which on a captured value is looked for inside longer text, and not only as the whole of it: fewer
are enough if one is a digit, as in a port."""

_LONGEST: Final = 1000
"""Characters up to which it is: a longer one is not used as a part of a text."""

_SMALL: Final = 9
"""Numbers up to this one are everywhere, and are never taken for a captured one."""

_RUN = re.compile(r"[0-9A-Za-z]+")
_LONG_ID = re.compile(r"(sha256:)?[0-9a-f]{64}")


class Variable(NamedTuple):
    """A use of a captured value. ``element`` is its index where a ``for_each`` captured a list; ``start`` and
    ``length`` say which characters of it, where it is not all. An ``epoch`` is a time as seconds with nine decimals.
    """

    name: str
    element: int | None = None
    start: int = 0
    length: int | None = None
    epoch: bool = False


Part = str | Variable


def is_distinctive(text: str) -> bool:
    """Return whether a value is recognised inside longer text; others may be there by chance."""
    return len(text) >= (_WITH_A_DIGIT if re.search(r"\d", text) else _LONG)


def forms(value: object, variable: Variable) -> Iterator[tuple[str, Variable]]:
    """Yield the texts that a captured value has in requests, with the variable for each: an id also short, a digest
    also without its algorithm, a time also as seconds."""
    if isinstance(value, int) and not isinstance(value, bool) and value > _SMALL:
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        return
    yield value, variable
    at = nanoseconds(value) if value.endswith("Z") else None
    if at is not None and at > 0:
        exact = f"{at // NANO}.{at % NANO:09}"
        for seconds in dict.fromkeys((exact, exact.rstrip("0").rstrip("."))):
            yield seconds, variable._replace(epoch=True)
    match = _LONG_ID.fullmatch(value)
    if match is None:
        return
    start = len(match[1] or "")
    if start:
        yield value[start:], variable._replace(start=start)
    yield value[start:][:SHORT_ID], variable._replace(start=start, length=SHORT_ID)


class Index:
    """Finds texts inside longer ones, where no letter or digit is beside them; the longest one at a place wins."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}

    def add(self, text: str) -> None:
        """Find this text from here on. One without a letter or digit, or a long one, is never found."""
        if len(text) > _LONGEST:
            return
        texts = self._texts.setdefault(_first_run(text)[0], [])
        if text not in texts:
            texts.append(text)
            texts.sort(key=len, reverse=True)

    def discard(self, text: str) -> None:
        texts = self._texts.get(_first_run(text)[0], [])
        if text in texts:
            texts.remove(text)

    def find(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield each text that is found, and where it begins; none overlaps another."""
        end = 0
        for run in _RUN.finditer(text) if self._texts else ():
            for known in self._texts.get(run[0], ()):
                start = run.start() - _first_run(known)[1]
                if start >= end and text.startswith(known, start) and _is_apart(text, start, start + len(known)):
                    yield start, known
                    end = start + len(known)
                    break


def _first_run(text: str) -> tuple[str, int]:
    run = _RUN.search(text)
    return (run[0], run.start()) if run is not None else ("", 0)


def _is_apart(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (_RUN.match(before) or _RUN.match(after))


class Variables:
    """The captured values that a page has put into variables, looked for in the text of later requests."""

    def __init__(self) -> None:
        self._variables: dict[str, list[Variable]] = {}
        self._values: dict[str, list[str]] = {}
        self.used: set[str] = set()
        """The names of the variables that :meth:`split` has put into texts; the caller empties it before."""
        self._index = Index()

    def learn(self, value: object, variable: Variable) -> list[str]:
        """Show ``value`` as ``variable`` from here on, and the short form of an id as a part of it.

        A value that is in a variable already is read from there. Return the values that are in none any more, since
        the variable held them.
        """
        forgotten = self._forget(variable)
        for text, form in forms(value, variable):
            self._learn(text, form)
        return [value for value in forgotten if value not in self._variables]

    def _learn(self, value: str, variable: Variable) -> None:
        self._variables.setdefault(value, []).append(variable)
        self._values.setdefault(variable.name, []).append(value)
        if is_distinctive(value):
            self._index.add(value)

    def _forget(self, assigned: Variable) -> list[str]:
        """Take note that a variable is assigned anew, and return what it held; a list begins with its first element."""
        if assigned.element:
            return []
        values = list(dict.fromkeys(self._values.pop(assigned.name, ())))
        for value in values:
            others = [variable for variable in self._variables[value] if variable.name != assigned.name]
            self._variables[value] = others
            if not others:
                del self._variables[value]
                self._index.discard(value)
        return values

    def _use(self, variable: Variable) -> Variable:
        self.used.add(variable.name)
        return variable

    def __contains__(self, value: str) -> bool:
        return value in self._variables

    def split(self, text: str) -> list[Part]:
        """Return the text in parts, each use of a known value replaced by its variable.

        A short value (``web``) counts only if it is the whole text.
        """
        whole = self._variables.get(text)
        if whole is not None:
            return [self._use(whole[0])]
        parts: list[Part] = []
        end = 0
        for start, value in self._index.find(text):
            if start > end:
                parts.append(text[end:start])
            parts.append(self._use(self._variables[value][0]))
            end = start + len(value)
        if end < len(text) or not parts:
            parts.append(text[end:])
        return parts
