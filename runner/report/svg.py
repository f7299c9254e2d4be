"""A report as an animated picture of a terminal: an SVG that needs nothing else, light or dark as its reader is.

Lines only ever appear at the end, so each is in the picture once and CSS shows it at its time: a typed line is covered
by a rectangle that moves away, the screen scrolls by whole lines. Readers who prefer no motion see the end.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final, NamedTuple

from runner.report.demo import HEIGHT, TYPING, WIDTH, Colour, Mark, Moment, Typed, moments, title_of_report
from runner.results.records import Report

_COLUMN, _LINE, _MARGIN = 8.4, 20, 16
"""Pixels of a column at a font size of 14, of a line, and around the screen."""
_END = 4.0
"""Seconds that the end is there before it begins anew."""
_FONT: Final = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_LIGHT: Final = {"back": "#fff", "plain": "#1f2328", "title": "#1f2328", "comment": "#59636e", "good": "#1a7f37"}
_DARK: Final = {"back": "#0d1117", "plain": "#e6edf3", "title": "#e6edf3", "comment": "#9198a1", "good": "#3fb950"}
_THEMES: Final = (
    ("", {**_LIGHT, "bad": "#cf222e", "prompt": "#1a7f37"}),
    ("dark", {**_DARK, "bad": "#ff7b72", "prompt": "#3fb950"}),
)


class _Row(NamedTuple):
    """A line of the screen from ``time`` on; ``typing`` seconds pass until all of it is there."""

    time: float
    text: str
    colour: Colour
    prompt: bool = False
    typing: float = 0.0


def render(report: Report) -> str:
    """Return the report as the text of an SVG file."""
    rows = [row for moment in moments(report) for row in _rows(moment)]
    names = {time: f"t{number}" for number, time in enumerate(sorted({row.time for row in rows}))}
    length = round((rows[-1].time + rows[-1].typing if rows else 0.0) + _END, 3)
    width, height = WIDTH * _COLUMN + 2 * _MARGIN, HEIGHT * _LINE + 2 * _MARGIN
    title = escape(title_of_report(report).encode("utf-8", "replace").decode())
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img"'
            f' font-family="{_FONT}" font-size="14">',
            f"<title>{title}</title>",
            "<style>",
            *_styles(rows, names, length),
            "</style>",
            f'<rect class="back" width="{width:g}" height="{height:g}" rx="8"/>',
            f'<svg x="{_MARGIN}" y="{_MARGIN}" width="{WIDTH * _COLUMN:g}" height="{HEIGHT * _LINE}"><g id="screen">',
            *(_element(number, row, names[row.time]) for number, row in enumerate(rows)),
            "</g></svg>",
            "</svg>",
            "",
        ]
    )


def _rows(moment: Moment) -> Iterator[_Row]:
    """Yield the lines of the screen that a moment fills; what is wider than the screen goes on below."""
    if isinstance(moment, Mark):
        return
    time = moment.time
    typed = first = False
    colour: Colour = "plain"
    if isinstance(moment, Typed):
        typed, first = True, moment.first
    else:
        colour = moment.colour
    for number, part in enumerate(_wrapped(moment.text, WIDTH - 2 if first else WIDTH)):
        typing = len(part) * TYPING if typed else 0.0
        yield _Row(round(time, 3), part, colour, first and number == 0, round(typing, 3))
        time += typing


def _wrapped(text: str, width: int) -> Iterator[str]:
    line, columns = "", 0
    for character in text.encode("utf-8", "replace").decode():
        wide = _columns(character)
        if columns + wide > width:
            yield line
            line, columns, width = "", 0, WIDTH
        line, columns = line + character, columns + wide
    yield line


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _styles(rows: Sequence[_Row], names: Mapping[float, str], length: float) -> Iterator[str]:
    """Yield the colours of both schemes, and when which line is there."""
    yield "text{white-space:pre}.title{font-weight:bold}"
    for scheme, colours in _THEMES:
        rules = "".join(f".{name}{{fill:{colour}}}" for name, colour in colours.items())
        yield f"@media(prefers-color-scheme:{scheme}){{{rules}}}" if scheme else rules
    yield f"#screen,.row{{animation-duration:{length:g}s;animation-iteration-count:infinite}}"
    yield f".cover{{animation:{length:g}s infinite}}#screen,.row{{animation-timing-function:step-end}}"
    for time, name in names.items():
        at = _percent(time, length)
        yield f"@keyframes {name}{{0%{{opacity:0}}{at},100%{{opacity:1}}}}.{name}{{animation-name:{name}}}"
    for number, row in enumerate(rows):
        if row.typing:
            start, end = _percent(row.time, length), _percent(row.time + row.typing, length)
            steps = f"animation-timing-function:steps({len(row.text)})"
            away = f"transform:translateX({WIDTH * _COLUMN:g}px)"
            distance = f"transform:translateX({len(row.text) * _COLUMN:g}px)"
            yield (
                f"@keyframes c{number}{{0%{{animation-timing-function:step-end}}{start}{{transform:none;{steps}}}"
                f"{end}{{{distance};animation-timing-function:step-end}}100%{{{away}}}}}"
                f".c{number}{{animation-name:c{number}}}"
            )
    scrolls = [(row.time, number - HEIGHT + 1) for number, row in enumerate(rows) if number >= HEIGHT]
    last = dict(scrolls)
    frames = "".join(
        f"{_percent(time, length)}{{transform:translateY({-lines * _LINE}px)}}" for time, lines in last.items()
    )
    end = f"transform:translateY({-max(len(rows) - HEIGHT, 0) * _LINE}px)"
    yield f"@keyframes scroll{{0%{{transform:none}}{frames}100%{{{end}}}}}#screen{{animation-name:scroll}}"
    still = f"#screen{{{end}}}.cover{{display:none}}"
    yield f"@media(prefers-reduced-motion:reduce){{#screen,.row,.cover{{animation:none}}{still}}}"


def _element(number: int, row: _Row, name: str) -> str:
    y = number * _LINE
    prompt = '<tspan class="prompt">$ </tspan>' if row.prompt else ""
    columns = 2 * row.prompt + sum(map(_columns, row.text))
    length = f' textLength="{columns * _COLUMN:g}"' if columns else ""
    text = f'<text class="{row.colour}" y="{y + 15}"{length} xml:space="preserve">{prompt}{escape(row.text)}</text>'
    cover = ""
    if row.typing:
        x = 2 * _COLUMN if row.prompt else 0.0
        cover = f'<rect class="cover back c{number}" x="{x:g}" y="{y}" width="{WIDTH * _COLUMN:g}" height="{_LINE}"/>'
    return f'<g class="row {name}">{text}{cover}</g>'


def _percent(time: float, length: float) -> str:
    return f"{time / length * 100:.3f}%"
