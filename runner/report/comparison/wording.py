"""Words what every form of a comparison says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from runner.report.comparison.model import Column, ComparedStep, Comparison
from runner.report.wording import engine_line
from runner.text import count

SAME: Final = "✓"
DIFFERENT: Final = "≠"
NOTHING: Final = "-"


class Section(NamedTuple):
    """One scenario's steps. ``counts`` are the steps of each column that differ from the reference and are not
    known."""

    title: str
    file: str
    steps: tuple[ComparedStep, ...]
    counts: tuple[int, ...]

    @property
    def name(self) -> str:
        """The file's name without its folder and suffix."""
        return Path(self.file).stem


def sections(comparison: Comparison) -> list[Section]:
    """Return the steps by scenario, in order."""
    grouped: dict[tuple[str, str], list[ComparedStep]] = {}
    for step in comparison.steps:
        grouped.setdefault((step.file, step.scenario), []).append(step)
    width = len(comparison.columns)
    return [
        Section(title, file, tuple(steps), tuple(sum(is_new(step, index) for step in steps) for index in range(width)))
        for (file, title), steps in grouped.items()
    ]


def is_new(step: ComparedStep, index: int) -> bool:
    """Return whether a column's answer differs from the reference's in a way that is not known."""
    return any(
        difference.known is None and difference.values[index] != difference.values[0] for difference in step.differences
    )


def mark(step: ComparedStep, index: int) -> str:
    """Return the mark of a step in a column."""
    if step.uncompared is not None:
        return NOTHING
    if any(difference.values[index] != difference.values[0] for difference in step.differences):
        return DIFFERENT
    return SAME


def heading(column: Column) -> str:
    """Return what a column is: ``Docker Engine 28.5.2, API 1.51``."""
    return "no engine" if column.engine is None else engine_line(column.engine)


def short_heading(column: Column) -> str:
    """Return a column's name with the engine's version, unless the name says it."""
    version = "" if column.engine is None else column.engine.version.partition("+")[0]
    return column.name if not version or version in column.name else f"{column.name} {version}"


def verdict(comparison: Comparison) -> str:
    """Return the result in one line."""
    new, known = len(comparison.new), len(comparison.known)
    parts = ["no new difference" if not new else count(new, "new difference")]
    if known:
        parts.append(f"{known} known ({comparison.known_file})" if comparison.known_file else f"{known} known")
    if comparison.unmatched:
        parts.append(
            f"{count(len(comparison.unmatched), 'known one')} that no longer appear"
            f"{'s' if len(comparison.unmatched) == 1 else ''}"
        )
    parts += comparison.problems
    return ", ".join(parts)


def compared(comparison: Comparison) -> str:
    """Return how many steps were compared, and how many could not be."""
    missed = [step for step in comparison.steps if step.uncompared is not None]
    steps = count(len(comparison.steps) - len(missed), "step")
    return f"{steps}, {len(missed)} not compared" if missed else steps


def values_line(values: Sequence[str]) -> str:
    """Return the values of all columns on one line."""
    return " | ".join(values)
