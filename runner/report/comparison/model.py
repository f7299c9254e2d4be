"""Defines a comparison: the same steps on several engines, and where the engines answered differently."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from runner.results.records import EngineRecord

DifferenceKind = Literal["outcome", "status", "type", "missing", "additional", "value"]
"""How answers differ: what became of the step; the HTTP status; the type of a value; a value that another engine lacks
or has in addition; two values."""

ABSENT: Final = "absent"
"""The shown form of a value that an engine does not have."""
ANY: Final = "any"
"""The operation of a difference that several operations have alike, such as a header."""


class Column(NamedTuple):
    """An engine as the caller named it. The first column is the reference."""

    name: str
    engine: EngineRecord | None


class Cell(NamedTuple):
    """The outcome of a step on one engine: its status, that of the response, and a word on a failure or a skip. A step
    that the engine never came to is ``absent``."""

    outcome: str
    response: int | None = None
    detail: str = ""


class Difference(NamedTuple):
    """A difference at one path of an answer; ``values`` are shown forms, one for each column."""

    path: str
    kind: DifferenceKind
    values: tuple[str, ...]
    known: str | None = None
    """The reason of a difference that is known."""


class ComparedStep(NamedTuple):
    """One step on all engines. ``line`` is its line in the file, if that is known; ``left_out`` counts the differences
    above the most that are kept; ``uncompared`` says why there was nothing to compare."""

    scenario: str
    file: str
    line: int | None
    id: str
    title: str
    operation: str
    cells: tuple[Cell, ...]
    differences: tuple[Difference, ...] = ()
    left_out: int = 0
    uncompared: str | None = None

    @property
    def place(self) -> str:
        """The file and line, or the file and id."""
        return f"{self.file}:{self.line}" if self.line else f"{self.file}, step {self.id}"


class Entry(NamedTuple):
    """A difference at one or more steps. ``operation`` is ``any`` if several operations have it; ``place`` is
    that of the first step."""

    operation: str
    path: str
    kind: DifferenceKind
    values: tuple[str, ...]
    steps: int
    place: str
    known: str | None = None


class Comparison(NamedTuple):
    """The whole comparison. ``unmatched`` are known differences that no longer appear; ``problems`` are reasons not to
    trust a column, such as an engine that was replaced during the run."""

    columns: tuple[Column, ...]
    steps: tuple[ComparedStep, ...]
    entries: tuple[Entry, ...]
    unmatched: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    known_file: str | None = None

    @property
    def new(self) -> tuple[Entry, ...]:
        """The differences that are not known."""
        return tuple(entry for entry in self.entries if entry.known is None)

    @property
    def known(self) -> tuple[Entry, ...]:
        """The differences that are known."""
        return tuple(entry for entry in self.entries if entry.known is not None)

    @property
    def alike(self) -> bool:
        """Says that nothing new differs, every known difference is still there, and every column can be trusted."""
        return not (self.new or self.unmatched or self.problems or any(step.left_out for step in self.steps))
