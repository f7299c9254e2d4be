"""Errors as people read them: one block each, with the place, the line, a caret and a hint."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable

from runner.cli.output.colours import paint
from runner.errors import Diagnostic, InvalidScenario, Place, RunnerError
from runner.masking import Masker
from runner.results.records import Expectation
from runner.text import visible

WIDEST = 160
"""Columns of a source line that are shown around its caret."""


_printers: list[Callable[[str], None]] = []
_secrets = Masker(())

conceal = _secrets.add
"""Makes secrets known that no line may show."""


def print_with(printer: Callable[[str], None] | None) -> None:
    """Let another print the lines, while it draws on the terminal; None gives that back."""
    _printers[:] = [printer] if printer else []


def say(line: str) -> None:
    """One line to stderr; a stderr that is gone is no reason to fail."""
    shown = _secrets.text(line)
    with contextlib.suppress(OSError):
        if _printers:
            _printers[0](shown)
        else:
            print(shown, file=sys.stderr)


def show_trace() -> None:
    """Where the error that is being handled comes from, for ``--debug``."""
    import traceback

    say(traceback.format_exc().rstrip())


def show_error(error: RunnerError) -> None:
    """An error that ended the command."""
    if isinstance(error, InvalidScenario):
        for diagnostic in error.diagnostics:
            show_diagnostic(diagnostic)
    else:
        show_diagnostic(error.diagnostic())


def show_diagnostic(found: Diagnostic) -> None:
    """A finding about a scenario."""
    where = f"{found.place}: " if found.place else "run: "
    word = paint(f"{found.severity}[{found.code}]", "red" if found.severity == "error" else "yellow")
    say(f"{paint(visible(where), 'bold')}{word}: {visible(found.message)}")
    for line in excerpt(found.place):
        say(line)
    if found.hint:
        say(f"  {paint('hint:', 'cyan')} {visible(found.hint)}")


def show_failure(error: Diagnostic, status: str) -> None:
    """Why a step did not pass."""
    say("")
    place = error.place
    where = f"{place}: " if place else ""
    say(f"{paint(visible(where), 'bold')}{paint(f'{status}[{error.code}]', 'red')}: {visible(error.message)}")
    for line in (*excerpt(place), *(f"    {visible(detail)}" for detail in error.details)):
        say(line)
    if error.hint:
        say(f"  {paint('hint:', 'cyan')} {visible(error.hint)}")


def show_others(failed: Iterable[Expectation]) -> None:
    """What else did not hold."""
    for one in failed:
        say(f"  {paint('also:', 'cyan')} {visible(one.expression)}")
        for detail in one.details:
            say(f"    {visible(detail)}")


def excerpt(place: Place | None) -> Iterable[str]:
    """The source line with a caret under the span, cut if it is very long."""
    if place is None or not place.text:
        return ()
    start = max(0, place.column - 1 - WIDEST // 2)
    text = place.text[start : start + WIDEST]
    offset = place.column - 1 - start
    before = "".join("\t" if character == "\t" else " " * _columns(character) for character in text[:offset])
    caret = "^" * max(1, sum(map(_columns, text[offset : offset + place.length])))
    number = f"{place.line:>5}"
    return (f"{number} | {visible(text)}", f"{' ' * len(number)} | {before}{paint(caret, 'red')}")


def _columns(character: str) -> int:
    """How many columns of a terminal a character takes once it is safe to show."""
    shown = visible(character)
    if len(shown) > 1 or shown.isascii():
        return len(shown)
    import unicodedata

    if unicodedata.combining(shown):
        return 0
    return 2 if unicodedata.east_asian_width(shown) in "WF" else 1
