"""Represents a stream of which only the beginning was kept, with what was found out about all of it as it passed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from runner.errors import StepError
from runner.scenario.expressions import regex

TextQuestion = tuple[Literal["equals", "contains", "matches"], str]
"""A question about a whole text, and the text or the pattern that it is about."""
Finding = bool | StepError
"""The answer to a question; an error if there is none."""

_HINT: Final = "bound the stream (take, tail, since), or ask for less"


class StreamedText:
    """An output that was too long to be kept: its beginning, its ``length`` in characters, and the findings about the
    whole of it."""

    def __init__(self, kept: str, length: int, findings: Mapping[TextQuestion, Finding]) -> None:
        self.kept = kept
        self._length = length
        self._findings = findings

    def __len__(self) -> int:
        return self._length

    def __str__(self) -> str:
        return self.kept

    def holds(self, question: TextQuestion) -> bool:
        """Return the answer to a question.

        Raises:
            StepError: there is none: ``cut-value``, or the error of the search.
        """
        finding = self._findings.get(question)
        if finding is None:
            raise cut_value("the output is longer than what is kept of it, and this was not known before it came")
        if isinstance(finding, StepError):
            raise finding
        return finding


class StreamedItems:
    """The elements of a stream of which only the first ones were ``kept``, their number, and which expected elements
    were among all of them."""

    def __init__(self, kept: list[Any], length: int, contained: list[tuple[Any, Finding]]) -> None:
        self.kept = kept
        self._length = length
        self._contained = contained

    def __len__(self) -> int:
        return self._length

    def may_have(self, number: int) -> bool:
        """Return whether these can be so many elements, all of which are known.

        Raises:
            StepError: ``cut-value``, they are so many, but not all of them were kept.
        """
        if self._length != number:
            return False
        if len(self.kept) < number:
            raise cut_value(f"of the {number} elements of the stream only the first {len(self.kept)} were kept")
        return True

    def contains(self, wanted: Any, holds: Callable[[Any, Any], bool]) -> bool:
        """Return whether an element is as expected.

        Raises:
            StepError: ``cut-value``, or the error of the comparison.
        """
        if any(holds(wanted, element) for element in self.kept):
            return True
        if len(self.kept) == self._length:
            return False
        for known, finding in self._contained:
            if known == wanted:
                if isinstance(finding, StepError):
                    raise finding
                return finding
        raise cut_value(f"of the {self._length} elements of the stream only the first {len(self.kept)} were kept")


def cut_value(message: str) -> StepError:
    """Return the error of a comparison that needs what was not kept."""
    return StepError("cut-value", message, hint=_HINT)


def equals_text(text: str | StreamedText, other: str) -> bool:
    """Return whether a text is exactly another one."""
    if isinstance(text, str):
        return text == other
    return len(text) == len(other) and text.holds(("equals", other))


def contains_text(text: str | StreamedText, part: str) -> bool:
    """Return whether a text contains another one."""
    return part in text if isinstance(text, str) else text.holds(("contains", part))


def matches_text(text: str | StreamedText, pattern: str) -> bool:
    """Return whether a regular expression is found in a text.

    Raises:
        StepError: ``bad-regex`` or ``regex-timeout``; ``cut-value``.
    """
    if isinstance(text, str):
        return regex.search(pattern, text) is not None
    return text.holds(("matches", pattern))
