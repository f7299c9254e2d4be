"""Draws the badge of a comparison: a small SVG image for a README."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from runner.report.comparison.model import Comparison
from runner.text import count, visible

_GREEN: Final = "#2c7a3f"
_AMBER: Final = "#9a6700"
_RED: Final = "#b3261e"
_GREY: Final = "#444c56"
_CHARACTER: Final = 6.6
"""The width of a character of the font, on average, in pixels; ``textLength`` makes the text exactly that wide."""
_PADDING: Final = 8
_MAX_NAME: Final = 40


def render(comparison: Comparison) -> str:
    """Return the SVG image: which engines, and how many steps are answered alike."""
    reference, *others = (_short(column.name) for column in comparison.columns)
    left = f"{', '.join(others)} = {reference}"
    compared = [step for step in comparison.steps if step.uncompared is None]
    alike = sum(all(difference.known is not None for difference in step.differences) for step in compared)
    right = f"{alike} of {count(len(compared), 'step')}"
    colour = _GREEN if comparison.alike else _AMBER if compared and alike / len(compared) >= 0.9 else _RED
    widths = [round(len(text) * _CHARACTER) + 2 * _PADDING for text in (left, right)]
    width = sum(widths)
    title = f"{left}: {right}"
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label={quoteattr(title)}>
<title>{escape(title)}</title>
<clipPath id="r"><rect width="{width}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="{widths[0]}" height="20" fill="{_GREY}"/>\
<rect x="{widths[0]}" width="{widths[1]}" height="20" fill="{colour}"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
{_text(left, 0, widths[0])}
{_text(right, widths[0], widths[1])}
</g>
</svg>
"""


def _text(text: str, x: int, width: int) -> str:
    length = width - 2 * _PADDING
    return (
        f'<text x="{x + _PADDING}" y="14" textLength="{length}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
    )


def _short(name: str) -> str:
    name = visible(name)
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}…"
