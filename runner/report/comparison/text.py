"""Renders a comparison for a terminal: a line for each scenario, then a line for each difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from runner.report.comparison.model import Comparison, Entry
from runner.report.comparison.wording import (
    DIFFERENT,
    SAME,
    compared,
    sections,
    short_heading,
    values_line,
    verdict,
)
from runner.text import count, visible

MAX_ENTRIES: Final = 200
"""Differences that are listed; the other formats have them all."""
_MAX_VALUE: Final = 24
_MAX_PATH: Final = 40


def render(comparison: Comparison) -> str:
    """Return the text."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    rows = [("", compared(comparison), *(short_heading(column) for column in comparison.columns))]
    for section in sections(comparison):
        marks = (f"{DIFFERENT} {number}" if number else SAME for number in section.counts)
        rows.append((section.name, count(len(section.steps), "step"), *marks))
    rows[0] = (rows[0][1], "", *rows[0][2:])
    yield from _aligned([tuple(visible(cell) for cell in row) for row in rows])
    new = comparison.new
    yield from _aligned([_row(entry) for entry in new[:MAX_ENTRIES]])
    if len(new) > MAX_ENTRIES:
        yield f"  … and {len(new) - MAX_ENTRIES} more: --format json has them all"
    for step in comparison.steps:
        if step.left_out:
            more = count(step.left_out, "more difference")
            yield f"  … {more} of step {visible(step.id)} left out ({visible(step.place)})"
    for line in comparison.unmatched:
        yield f"  no longer appears: {visible(line)}"
    yield visible(verdict(comparison))


def _row(entry: Entry) -> tuple[str, ...]:
    several = f" and {count(entry.steps - 1, 'more step')}" if entry.steps > 1 else ""
    path = visible(entry.path.removeprefix("body."))
    return (
        f"  {DIFFERENT} {visible(entry.operation)}",
        path if len(path) <= _MAX_PATH else f"…{path[1 - _MAX_PATH :]}",
        values_line([_cut(visible(value)) for value in entry.values]),
        f"{visible(entry.place.rpartition('/')[2])}{several}",
    )


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
