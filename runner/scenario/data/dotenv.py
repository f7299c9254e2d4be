"""Reads ``.env`` files: a line ``NAME=VALUE`` for each variable, as shells, Compose and many tools have them.

A value may be in quotes: single ones keep it as it is, double ones know ``\\n`` and the like, and both may go on over
several lines. Without quotes it ends at the line's end, or at `` #``. ``export`` may precede the name. Nothing is
replaced in a value: ``$`` is a character like any other.
"""

from __future__ import annotations

import re

from runner.errors import UsageError
from runner.scenario.yaml.nodes import SourceFile

_LINE = re.compile(
    r"""[^\S\n]*(?:export[^\S\n]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[^\S\n]*=[^\S\n]*
    (?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s'"](?:(?![^\S\n]\#)[^\n])*|))
    [^\S\n]*(?:\#[^\n]*)?(?:\n|\Z)""",
    re.VERBOSE | re.DOTALL,
)
_EMPTY = re.compile(r"[^\S\n]*(?:\#[^\n]*)?(?:\n|\Z)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def parse(source: SourceFile) -> dict[str, str]:
    """Return the values of a file by their names; of a name that occurs twice, the last one.

    Raises:
        UsageError: ``bad-vars-file``: a line is something else.
    """
    text = source.text.replace("\r\n", "\n")
    values: dict[str, str] = {}
    at = 0
    while at < len(text):
        empty = _EMPTY.match(text, at)
        if empty:
            at = empty.end()
            continue
        line = _LINE.match(text, at)
        if line is None:
            number = text.count("\n", 0, at) + 1
            hint = "a line is NAME=VALUE, a comment or empty; a quote needs its partner"
            place = source.place(number, 1)
            raise UsageError("bad-vars-file", "not a line of a .env file", hint=hint, place=place)
        values[line["name"]] = _value(line)
        at = line.end()
    return values


def _value(line: re.Match[str]) -> str:
    if line["single"] is not None:
        return line["single"]
    if line["double"] is not None:
        return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), line["double"])
    return (line["plain"] or "").strip()
