"""Reads the marks of pages: what each runs, which part of it the place shows, and how."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.errors import Diagnostic, InvalidScenario, UsageError
from runner.library.arguments import Parser, assigned, unambiguous
from runner.library.settings import Replay
from runner.nearest import did_you_mean
from runner.report.markdown import slots
from runner.report.markdown.flavours import PageOptions, flavour_named, languages_named
from runner.report.markdown.mark_syntax import syntax_of

if TYPE_CHECKING:
    from runner.results.records import ScenarioRecord
    from runner.scenario.model import Scenario


class RunKey(NamedTuple):
    """Identifies what a mark runs. Marks with equal keys are filled by one run."""

    scenario: Path
    replay: Replay | None
    variables: tuple[tuple[str, Any], ...]


class Part(NamedTuple):
    """Some steps of a run: ``#create..wait`` from one to another, ``#create`` one, ``#wait..`` all from there on with
    what cleans up. None is the beginning, or the end."""

    first: str | None
    last: str | None

    @classmethod
    def parse(cls, text: str) -> Part:
        """Read what is behind the ``#`` of a mark."""
        first, dots, last = text.partition("..")
        return cls(first or None, (last if dots else first) or None)

    def ids(self) -> Iterator[str]:
        """Yield the ids that the mark names."""
        yield from (step_id for step_id in dict.fromkeys((self.first, self.last)) if step_id is not None)

    def range(self, scenario: ScenarioRecord) -> tuple[int, int]:
        """Return the indexes of the first step and behind the last one, among those of the phase ``steps``."""
        ids = [step.id for step in scenario.steps if step.phase == "steps"]
        start = ids.index(self.first) if self.first is not None else 0
        return start, ids.index(self.last) + 1 if self.last is not None else len(ids)


class Mark(NamedTuple):
    """The options of one mark; ``part`` is None for the whole page."""

    key: RunKey
    part: Part | None
    title: bool
    options: PageOptions
    stable: bool


class MarkDefaults(NamedTuple):
    """Holds the command's options for marks without their own. With ``replay`` every answer is from a recording."""

    replay: bool = False
    languages: tuple[str, ...] | None = None
    flavour: str | None = None


def mark_of(page: slots.Page, slot: slots.Slot, defaults: MarkDefaults) -> Mark:
    """Return the options of a mark.

    Raises:
        InvalidScenario: ``bad-mark``, an unknown option or a missing file.
    """
    folder = Path(page.name).parent
    try:
        namespace = _mark_parser().parse_args(unambiguous(shlex.split(slot.words)))
        variables = assigned(namespace.var)
        scenario, part = _scenario(folder, namespace.scenario)
        languages = languages_named(namespace.lang) if namespace.lang is not None else defaults.languages
        flavour = flavour_named(namespace.flavour) if namespace.flavour is not None else defaults.flavour
    except (UsageError, ValueError) as error:
        message, hint = (error.message, error.hint) if isinstance(error, UsageError) else (str(error), None)
        hint = hint if hint and "--help" not in hint else "run docs --help lists the options of a mark"
        raise InvalidScenario((Diagnostic("bad-mark", message, slot.place, hint),)) from None
    recording = Replay() if defaults.replay else None
    if namespace.replay is not None:
        recording = Replay(folder / namespace.replay if namespace.replay else None)
    options = PageOptions(
        contents=namespace.contents, diagram=namespace.diagram, flavour=flavour or syntax_of(page.name).flavour
    )
    return Mark(
        key=RunKey(scenario, recording, tuple(variables.items())),
        part=part,
        title=namespace.title,
        options=options._replace(languages=languages) if languages is not None else options,
        stable=not namespace.live,
    )


def check_part(mark: Mark, slot: slots.Slot, scenario: Scenario) -> None:
    """Check that a mark names steps of its scenario, in their order.

    Raises:
        InvalidScenario: ``bad-mark``.
    """
    if mark.part is None:
        return
    ids = [step.id for step in scenario.steps]
    for step_id in mark.part.ids():
        if step_id not in ids:
            hint = did_you_mean(step_id, ids) or f"its steps are: {', '.join(ids)}"
            message = f"{mark.key.scenario} has no step '{step_id}'"
            raise InvalidScenario((Diagnostic("bad-mark", message, slot.place, hint),))
    first, last = mark.part.first, mark.part.last
    if first is not None and last is not None and ids.index(first) > ids.index(last):
        message = f"step '{first}' is behind step '{last}'"
        raise InvalidScenario((Diagnostic("bad-mark", message, slot.place),))


def _scenario(folder: Path, text: str) -> tuple[Path, Part | None]:
    """Return the file, and the part of its run, that a mark names.

    Raises:
        UsageError: ``no-such-file``.
    """
    path = folder / text
    name, sign, part = text.rpartition("#")
    if sign and not path.is_file():
        path = folder / name
    else:
        part = ""
    if not path.is_file():
        raise UsageError("no-such-file", f"there is no file {path}")
    return Path(os.path.normpath(path)), Part.parse(part) if part else None


def _mark_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="run", add_help=False, allow_abbrev=False)
    parser.add_argument("scenario")
    parser.add_argument("--replay", nargs="?", const="")
    parser.add_argument("--var", action="append", default=[])
    parser.add_argument("--no-title", action="store_false", dest="title")
    parser.add_argument("--contents", action="store_true")
    parser.add_argument("--diagram", action="store_true")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--lang")
    parser.add_argument("--flavour")
    return parser
