"""A report as an asciicast: a terminal session of 80 columns, with what was typed and what came.

A marker at each step lets a player jump. The format is https://docs.asciinema.org/manual/asciicast/v2/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from runner.report.demo import HEIGHT, TYPING, WIDTH, Colour, Mark, Moment, Typed, moments, title_of_report
from runner.results.records import Report

PROMPT = "\x1b[32m$\x1b[0m "
_CODES: Final[dict[Colour, str]] = {"title": "1", "comment": "90", "good": "32", "bad": "31", "prompt": "32"}


def render(report: Report) -> str:
    """Return the report as the text of a ``.cast`` file."""
    header = {
        "version": 2,
        "width": WIDTH,
        "height": HEIGHT,
        "title": title_of_report(report),
        "env": {"TERM": "xterm-256color"},
    }
    events = (event for moment in moments(report) for event in _events(moment))
    return "\n".join([_line(header), *(_line(event) for event in events)]) + "\n"


def _events(moment: Moment) -> Iterator[list[object]]:
    if isinstance(moment, Mark):
        yield [moment.time, "m", moment.title]
    elif isinstance(moment, Typed):
        if moment.first:
            yield [moment.time, "o", PROMPT]
        for number, character in enumerate(moment.text, 1):
            yield [round(moment.time + number * TYPING, 3), "o", character]
        yield [round(moment.time + max(len(moment.text), 1) * TYPING, 3), "o", "\r\n"]
    else:
        code = _CODES.get(moment.colour)
        text = f"\x1b[{code}m{moment.text}\x1b[0m" if code is not None and moment.text else moment.text
        yield [moment.time, "o", f"{text}\r\n"]


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
