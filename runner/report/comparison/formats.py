"""Lists the formats of a comparison, one row each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from runner.errors import UsageError
from runner.report.comparison.model import Comparison

Render = Callable[[Comparison], str]
"""Returns a comparison as text."""


class ComparisonFormat(NamedTuple):
    """One row. ``suffix`` chooses the format of a file; ``load`` imports the renderer."""

    name: str
    suffix: str | None
    load: Callable[[], Render]


def _text() -> Render:
    from runner.report.comparison.text import render

    return render


def _markdown() -> Render:
    from runner.report.comparison.markdown import render

    return render


def _html() -> Render:
    from runner.report.comparison.page import render

    return render


def _json() -> Render:
    from runner.report.comparison.data import render

    return render


def _badge() -> Render:
    from runner.report.comparison.badge import render

    return render


FORMATS: Final = {
    row.name: row
    for row in (
        ComparisonFormat("markdown", ".md", _markdown),
        ComparisonFormat("html", ".html", _html),
        ComparisonFormat("json", ".json", _json),
        ComparisonFormat("text", None, _text),
        ComparisonFormat("badge", ".svg", _badge),
    )
}


def render(comparison: Comparison, name: str = "markdown") -> str:
    """Return a comparison as the text of a format.

    Raises:
        UsageError: ``unknown-format``.
    """
    row = FORMATS.get(name)
    if row is None:
        hint = f"known are {', '.join(FORMATS)}"
        raise UsageError("unknown-format", f"a comparison has no format '{name}'", hint=hint)
    return row.load()(comparison)


def format_of(path: Path) -> str:
    """Return the name of the format that a file's suffix chooses.

    Raises:
        UsageError: ``unknown-format``.
    """
    for row in FORMATS.values():
        if row.suffix == path.suffix.lower():
            return row.name
    suffixes = " ".join(row.suffix for row in FORMATS.values() if row.suffix)
    message = f"can't tell the format of '{path}' from its suffix"
    raise UsageError("unknown-format", message, hint=f"the suffix chooses the format: {suffixes}")
