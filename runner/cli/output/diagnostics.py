"""Prints errors and warnings: one block each, with the place, the source line, a caret and a hint."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runner.cli.output.console import Console
from runner.errors import Diagnostic, InvalidScenario, Place, RunnerError
from runner.results.records import Expectation
from runner.text import visible

MAX_EXCERPT = 160
"""Columns of a source line that are shown around its caret."""


def show_traceback(console: Console) -> None:
    """Print the traceback of the error that is being handled, for ``--debug``."""
    import traceback

    console.say(console.secrets.text(traceback.format_exc().rstrip()))


def show_bug(console: Console, error: Exception) -> None:
    """Print an error that nothing expected."""
    console.say(console.secrets.message(f"run: bug: {type(error).__name__}: {error}"))
    console.say("  hint: run it again with --debug for the details; this should not happen, whatever the input")


def show_error(console: Console, error: RunnerError) -> None:
    """Print an error that ended the command."""
    if isinstance(error, InvalidScenario):
        for diagnostic in error.diagnostics:
            show_diagnostic(console, diagnostic)
    else:
        show_diagnostic(console, error.diagnostic())


def show_diagnostic(console: Console, diagnostic: Diagnostic) -> None:
    """Print an error or a warning."""
    where = f"{diagnostic.place}: " if diagnostic.place else "run: "
    word = f"{diagnostic.severity}[{diagnostic.code}]"
    colour = "red" if diagnostic.severity == "error" else "yellow"
    _show(console, where, console.paint(word, colour), console.secrets.diagnostic(diagnostic), ())
    if console.environment.get("GITHUB_ACTIONS") == "true":
        annotate(console, diagnostic.code, diagnostic)


def annotate(console: Console, title: str, diagnostic: Diagnostic) -> None:
    """Print an error or a warning for GitHub Actions, which reads stderr too: with its path in the repository, which
    differs from the one that was named where the command runs in a folder of it."""
    from runner.report.github import annotation

    place, workspace = diagnostic.place, console.environment.get("GITHUB_WORKSPACE")
    if place is not None and workspace:
        path = Path(place.file).absolute()
        if path.is_relative_to(workspace):
            place = place._replace(file=path.relative_to(workspace).as_posix())
    console.say(annotation(title, diagnostic._replace(place=place)))


def show_failure(console: Console, error: Diagnostic, status: str) -> None:
    """Print the error of a step that did not pass."""
    where = f"{error.place}: " if error.place else ""
    console.say("")
    _show(console, where, console.paint(f"{status}[{error.code}]", "red"), error, error.details)


def show_others(console: Console, failed: Iterable[Expectation]) -> None:
    """Print the expectations that failed besides the first."""
    for expectation in failed:
        console.say(f"  {console.paint('also:', 'cyan')} {visible(expectation.expression)}")
        for detail in expectation.details:
            console.say(f"    {visible(detail)}")


def _show(console: Console, where: str, word: str, diagnostic: Diagnostic, details: Iterable[str]) -> None:
    console.say(f"{console.paint(visible(where), 'bold')}{word}: {visible(diagnostic.message)}")
    for line in excerpt(console, diagnostic.place):
        console.say(line)
    for detail in details:
        console.say(f"    {visible(detail)}")
    if diagnostic.hint:
        console.say(f"  {console.paint('hint:', 'cyan')} {visible(diagnostic.hint)}")


def excerpt(console: Console, place: Place | None) -> tuple[str, ...]:
    """Return the source line and a line with a caret under the span, cut to :data:`MAX_EXCERPT` columns."""
    if place is None or not place.text:
        return ()
    start = max(0, place.column - 1 - MAX_EXCERPT // 2)
    text = place.text[start : start + MAX_EXCERPT]
    offset = place.column - 1 - start
    before = "".join("\t" if character == "\t" else " " * _columns(character) for character in text[:offset])
    caret = "^" * max(1, sum(map(_columns, text[offset : offset + place.length])))
    number = f"{place.line:>5}"
    return (f"{number} | {visible(text)}", f"{' ' * len(number)} | {before}{console.paint(caret, 'red')}")


def _columns(character: str) -> int:
    """Return how many columns of a terminal a character takes, once escaped."""
    escaped = visible(character)
    if len(escaped) > 1 or escaped.isascii():
        return len(escaped)
    import unicodedata

    if unicodedata.combining(escaped):
        return 0
    return 2 if unicodedata.east_asian_width(escaped) in "WF" else 1
