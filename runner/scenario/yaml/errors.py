"""Rewrites libyaml's error messages with likely causes and fixes."""

from __future__ import annotations

import re
from typing import Any

from runner.errors import Diagnostic, InvalidScenario, Place
from runner.scenario.yaml.nodes import SourceFile

_NOT_YAML = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAB = "YAML is indented with spaces, never with tabs"
_QUOTES = "put the value in quotes"
_IN_BRACKETS = "put a text with brackets, braces or a quoted part in quotes: [\"body.Names == ['/web']\"]"

_MESSAGES: tuple[tuple[str, str, str | None, bool], ...] = (
    # libyaml's words, the message, the hint, whether the start of the construct is the better place
    ("found unexpected end of stream", "this quote is never closed", "add the same quote at the end", True),
    ("found unexpected document indicator", "this quote is never closed", "add the same quote at the end", True),
    (
        "mapping values are not allowed",
        "a ': ' is not allowed here",
        "a value with ': ' in it needs quotes; or this line is indented too far",
        False,
    ),
    (
        "did not find expected '-' indicator",
        "this line is not indented like the list around it",
        "the keys of a step are aligned with its first key, two columns right of the '-'",
        False,
    ),
    (
        "did not find expected key",
        "this line is not indented like the lines above it",
        "keys of one mapping begin in the same column; text after a closing quote causes this too",
        False,
    ),
    ("did not find expected ',' or ']'", "a ',' or the closing ']' is missing before this", _IN_BRACKETS, False),
    ("did not find expected ',' or '}'", "a ',' or the closing '}' is missing before this", _IN_BRACKETS, False),
    (
        "did not find expected alphabetic or numeric character",
        "a value can't begin with '*' or '&', which are YAML's aliases and anchors",
        _QUOTES,
        True,
    ),
    (
        "could not find expected ':'",
        "this key has no ':' after it",
        "or, if it continues a text, indent it further",
        True,
    ),
    (
        "block sequence entries are not allowed",
        "a list can't begin in the middle of a line",
        "put its '- ' on a separate line, or write [a, b]",
        False,
    ),
    (
        "found unknown escape character",
        "unknown escape: '\\' begins an escape inside double quotes",
        "use single quotes, or write '\\\\'",
        False,
    ),
    (
        "did not find expected <document start>",
        "the scenario ends before this",
        "a scenario is one mapping with 'title' and 'steps'",
        False,
    ),
    ("tab character", "a tab can't indent a line", _TAB, False),
    ("found undefined tag handle", "the only tag is !raw", _QUOTES, False),
)


def syntax_error(source: SourceFile, error: Any, quoted: Any = None) -> InvalidScenario:
    """Return a ``yaml.MarkedYAMLError`` as an error with its place and a hint.

    ``quoted`` is the event of the last value in quotes that goes over several lines, or None: an error in the line
    where it ends comes from a quote that was not closed.
    """
    problem = str(error.problem or error.context or "not YAML")
    if quoted and error.problem_mark and error.problem_mark.line == quoted.end_mark.line:
        message = f"this quote is not closed before line {quoted.end_mark.line + 1}"
        return _invalid(message, "add the same quote where its value ends", _place(source, quoted.start_mark))
    place = _place(source, error.problem_mark or error.context_mark)
    if "cannot start any token" in problem:
        return _invalid(*_bad_start(place), place)
    for words, message, hint, at_context in _MESSAGES:
        if words in problem:
            opening = _place(source, error.context_mark)
            if opening and place and words.startswith("did not find expected ','") and opening.line < place.line:
                bracket, closing = ("[", "]") if "]" in words else ("{", "}")
                return _invalid(f"this '{bracket}' is never closed", f"add the '{closing}', or {hint}", opening)
            return _invalid(message, hint, opening if at_context and opening else place)
    return _invalid(problem, None, place)


def _bad_start(place: Place | None) -> tuple[str, str]:
    sign = place.text[place.column - 1 : place.column] if place else ""
    if sign == "\t":
        return "a tab can't indent a line", _TAB
    return f"a value can't begin with '{sign}'", _QUOTES


def bad_character(source: SourceFile, error: Any) -> InvalidScenario:
    """Return a ``yaml.reader.ReaderError`` as an error with its place."""
    match = _NOT_YAML.search(source.text)
    code = error.character if isinstance(error.character, int) else ord(str(error.character)[0])
    place = None
    if match:
        code = ord(match.group())
        place = source.place_at(match.start())
    return _invalid(f"the character U+{code:04X} is not allowed in a YAML file", "a scenario is text in UTF-8", place)


def _place(source: SourceFile, mark: Any) -> Place | None:
    return source.place(mark.line + 1, mark.column + 1) if mark else None


def _invalid(message: str, hint: str | None, place: Place | None) -> InvalidScenario:
    return InvalidScenario((Diagnostic("yaml-syntax", message, place, hint),))
