"""Renders a comparison as Markdown: the engines, the scenarios, and a table of differences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from runner.report.comparison.model import Comparison, Entry
from runner.report.comparison.wording import DIFFERENT, SAME, compared, heading, sections, verdict
from runner.report.markdown.markup import code, inline
from runner.text import count

_BAR: Final = re.compile(r"(?<!\\)\|")


def render(comparison: Comparison) -> str:
    """Return the page."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"# {_cell(' and '.join(column.name for column in comparison.columns))}"
    yield ""
    yield f"{_cell(compared(comparison))}: {_cell(verdict(comparison))}."
    yield ""
    yield from _table(["", *(_cell(column.name) for column in comparison.columns)], _scenario_rows(comparison))
    for title, entries in (("New differences", comparison.new), ("Known differences", comparison.known)):
        if entries:
            names = [_cell(column.name) for column in comparison.columns]
            last = ["why"] if entries is comparison.known or entries[0].known is not None else []
            yield ""
            yield f"## {title}"
            yield ""
            yield from _table(["operation", "difference", *names, "seen at", *last], map(_entry_row, entries))
    if comparison.unmatched:
        yield ""
        yield "## Known differences that no longer appear"
        yield ""
        yield from (f"- {_cell(line)}" for line in comparison.unmatched)


def _scenario_rows(comparison: Comparison) -> Iterator[list[str]]:
    yield ["engine", *(_cell(heading(column)) for column in comparison.columns)]
    for section in sections(comparison):
        marks = [f"{DIFFERENT} {number}" if number else SAME for number in section.counts]
        yield [f"{_cell(section.title)}, {count(len(section.steps), 'step')}", *marks]


def _entry_row(entry: Entry) -> list[str]:
    several = f" and {count(entry.steps - 1, 'more step')}" if entry.steps > 1 else ""
    row = [_code(entry.operation), _code(entry.path), *map(_code, entry.values), f"{_cell(entry.place)}{several}"]
    return [*row, _cell(entry.known)] if entry.known is not None else row


def _table(head: Sequence[str], rows: Iterator[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cell(text: str) -> str:
    """Return text for a cell of a table: on one line, and nothing in it is markup."""
    return _BAR.sub(r"\\|", inline(text))


def _code(text: str) -> str:
    return _BAR.sub(r"\\|", code(text))
