"""Fills the marked places of Markdown pages with the results of scenarios."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from runner.errors import Diagnostic, InvalidScenario, UsageError
from runner.library.arguments import Parser, assigned, unambiguous
from runner.library.settings import Replay
from runner.report.markdown import slots

if TYPE_CHECKING:
    from runner.results.records import Report


class RunKey(NamedTuple):
    """Identifies what a mark runs. Marks with equal keys are filled by one run."""

    scenario: Path
    replay: Replay | None
    variables: tuple[tuple[str, Any], ...]


class Mark(NamedTuple):
    """The options of one mark."""

    key: RunKey
    title: bool
    contents: bool
    diagram: bool
    stable: bool

    def markdown(self, slot: slots.Slot, report: Report) -> str:
        """Return the text for the place."""
        from runner.report.markdown.page import render
        from runner.report.stable.stabilise import stabilise

        text = render(stabilise(report) if self.stable else report, contents=self.contents, diagram=self.diagram)
        return slots.nested(text, slot.level, title=self.title)


Marks: TypeAlias = Mapping[slots.Page, Sequence[Mark]]


def read_pages(paths: Iterable[Path]) -> list[slots.Page]:
    """Read pages and find their marks.

    Raises:
        UsageError: ``no-such-file``.
        InvalidScenario: ``bad-mark``, with all that is wrong with any.
    """
    pages: list[slots.Page] = []
    wrong: list[Diagnostic] = []
    for path in dict.fromkeys(paths):
        try:
            text = path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise UsageError("no-such-file", f"{path} can't be read: {error.strerror}") from None
        try:
            pages.append(slots.parse(str(path), text))
        except InvalidScenario as error:
            wrong += error.diagnostics
    if wrong:
        raise InvalidScenario(tuple(wrong))
    return pages


def mark_of(page: slots.Page, slot: slots.Slot, *, replay: bool) -> Mark:
    """Return the options of a mark; ``replay`` answers from a recording whatever the mark says.

    Raises:
        InvalidScenario: ``bad-mark``, an unknown option or a missing file.
    """
    folder = Path(page.name).parent
    try:
        namespace = _mark_parser().parse_args(unambiguous(shlex.split(slot.words)))
        variables = assigned(namespace.var)
        scenario = _file(folder / namespace.scenario)
    except (UsageError, ValueError) as error:
        message, hint = (error.message, error.hint) if isinstance(error, UsageError) else (str(error), None)
        hint = hint if hint and "--help" not in hint else "run docs --help lists the options of a mark"
        raise InvalidScenario((Diagnostic("bad-mark", message, slot.place, hint),)) from None
    recording = Replay() if replay else None
    if namespace.replay is not None:
        recording = Replay(folder / namespace.replay if namespace.replay else None)
    return Mark(
        key=RunKey(scenario, recording, tuple(variables.items())),
        title=namespace.title,
        contents=namespace.contents,
        diagram=namespace.diagram,
        stable=not namespace.live,
    )


def _file(path: Path) -> Path:
    if not path.is_file():
        raise UsageError("no-such-file", f"there is no file {path}")
    return Path(os.path.normpath(path))


def _mark_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="run", add_help=False, allow_abbrev=False)
    parser.add_argument("scenario")
    parser.add_argument("--replay", nargs="?", const="")
    parser.add_argument("--var", action="append", default=[])
    parser.add_argument("--no-title", action="store_false", dest="title")
    parser.add_argument("--contents", action="store_true")
    parser.add_argument("--diagram", action="store_true")
    parser.add_argument("--live", action="store_true")
    return parser


def stale_pages(marks: Marks, reports: Mapping[RunKey, Report]) -> dict[slots.Page, str]:
    """Return the new text of each page whose text differs from it."""
    stale: dict[slots.Page, str] = {}
    for page, row in marks.items():
        text = page.filled([mark.markdown(slot, reports[mark.key]) for mark, slot in zip(row, page.slots, strict=True)])
        if text != page.text:
            stale[page] = text
    return stale
