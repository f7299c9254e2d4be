"""Chooses the writers of a run's reports: what stdout gets, and each file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from runner.errors import UsageError
from runner.files import check_writable
from runner.report.formats import FORMATS, Format, Writer

if TYPE_CHECKING:
    from runner.results.events import Event
    from runner.results.records import Report

DEFAULT = "markdown"
NONE = "none"


class Writers:
    """All that a run was asked to write."""

    def __init__(self, writers: Sequence[Writer]) -> None:
        self._writers = tuple(writers)

    def add(self, event: Event) -> None:
        for writer in self._writers:
            writer.add(event)

    def write(self, report: Report) -> None:
        """Write every report, the others too if one can't be written.

        Raises:
            UsageError: ``cannot-write``, a file can't be written; nothing is left of it.
            BrokenPipeError: the reader of stdout has gone.
        """
        errors: list[UsageError | BrokenPipeError] = []
        for writer in self._writers:
            try:
                writer.write(report)
            except (UsageError, BrokenPipeError) as error:
                errors.append(error)
        if errors:
            raise errors[0]


def chosen(name: str | None, files: Sequence[str], stdout: TextIO, *, stable: bool | None = None) -> Writers:
    """Return the writers for ``--format``, which goes to ``stdout``, and for each ``-o``.

    stdout gets Markdown unless ``--format`` names another format. ``stable`` chooses the form; None leaves that to
    each format.

    Raises:
        UsageError: an unknown format or suffix, or a folder that doesn't exist; nothing has run yet.
    """
    writers: list[Writer] = []
    name = name or DEFAULT
    if name != NONE:
        writers.append(format_named(name).writer(stdout, stable=stable))
    for file in files:
        format_of_file = _format_of(file)
        check_writable(Path(file))
        writers.append(format_of_file.writer(Path(file), stable=stable))
    return Writers(writers)


def format_named(name: str) -> Format:
    """Return the format of that name.

    Raises:
        UsageError: ``unknown-format``.
    """
    if name not in FORMATS:
        known = ", ".join((*FORMATS, NONE))
        raise UsageError("unknown-format", f"there is no format '{name}'", hint=f"known are {known}")
    return FORMATS[name]


def render(name: str, report: Report, *, stable: bool | None = None) -> str:
    """Return a report as the text of the format of that name.

    Raises:
        UsageError: ``unknown-format``.
    """
    return format_named(name).render(report, stable=stable)


def _format_of(file: str) -> Format:
    suffix = Path(file).suffix.lower()
    for row in FORMATS.values():
        if row.suffix is not None and row.suffix == suffix:
            return row
    suffixes = " ".join(row.suffix for row in FORMATS.values() if row.suffix)
    hint = f"the suffix chooses the format: {suffixes}"
    raise UsageError("unknown-format", f"can't tell the format of '{file}' from its suffix", hint=hint)
