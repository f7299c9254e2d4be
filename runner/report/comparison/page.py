"""Renders a comparison as one HTML file: a row for each step, a column for each engine, differences below the row.

Nothing from an engine or a file can become markup: the templates escape every text, and the page's own policy lets no
script run but the one whose digest it names.
"""

from __future__ import annotations

import base64
import hashlib
from typing import NamedTuple

from markupsafe import Markup

from runner.report.comparison.model import ComparedStep, Comparison
from runner.report.comparison.wording import compared, heading, is_new, mark, sections, verdict
from runner.report.html import templates

_SHOWN_OUTCOMES = frozenset({"failed", "error", "skipped", "absent"})


class _Cell(NamedTuple):
    """One engine's cell. ``state`` is same, different, known or nothing."""

    state: str
    mark: str
    text: str
    detail: str


class _Row(NamedTuple):
    """One step; ``state`` is what the filters of the page choose by."""

    step: ComparedStep
    state: str
    cells: list[_Cell]


def render(comparison: Comparison) -> str:
    """Return the page."""
    style = (templates.HERE / "comparison.css").read_text(encoding="utf-8").strip()
    script = (templates.HERE / "comparison.js").read_text(encoding="utf-8").strip()
    page = templates.render(
        "comparison.html",
        comparison=comparison,
        title=" and ".join(column.name for column in comparison.columns),
        digest=base64.b64encode(hashlib.sha256(f"\n{script}\n".encode()).digest()).decode(),
        style=Markup(style),  # noqa: S704 - a file of the program
        script=Markup(script),  # noqa: S704 - a file of the program
        headings=[heading(column) for column in comparison.columns],
        verdict=verdict(comparison),
        compared=compared(comparison),
        sections=[(section, [_row(step) for step in section.steps]) for section in sections(comparison)],
    )
    return f"{page}\n"


def _row(step: ComparedStep) -> _Row:
    cells = [_cell(step, index) for index in range(len(step.cells))]
    states = {cell.state for cell in cells}
    state = next((state for state in ("different", "known", "nothing") if state in states), "same")
    return _Row(step, state, cells)


def _cell(step: ComparedStep, index: int) -> _Cell:
    cell, shown = step.cells[index], mark(step, index)
    if step.uncompared is not None:
        state = "nothing"
    elif is_new(step, index):
        state = "different"
    else:
        state = "known" if any(one.values[index] != one.values[0] for one in step.differences) else "same"
    words = [str(cell.response)] if cell.response is not None else []
    if cell.outcome in _SHOWN_OUTCOMES or not words:
        words.append(cell.outcome)
    return _Cell(state, shown, " ".join(words), cell.detail)
