"""Lists the formats of a report, one row each.

A new format is a module with a function from a report to its text, and a row in :data:`FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TextIO

from runner.files import write_stream, write_text
from runner.results.events import RequestSent

if TYPE_CHECKING:
    from runner.report.ndjson import EventWriter
    from runner.results.events import Event
    from runner.results.records import Report

Render = Callable[["Report"], str]
"""Returns a report as text; the same report always gives the same text."""


class Writer(Protocol):
    """Takes the events of a run as they happen, and its report when it has ended."""

    def add(self, event: Event) -> None: ...

    def write(self, report: Report) -> None: ...


class Format(Protocol):
    """One row. ``suffix`` chooses the format of a file; a format without one is for stdout only.

    A ``document`` is for readers: it has the stable form unless it is asked for the real values.
    """

    @property
    def name(self) -> str: ...

    @property
    def suffix(self) -> str | None: ...

    @property
    def document(self) -> bool: ...

    def render(self, report: Report, *, stable: bool | None = None) -> str:
        """Return a report as the text of this format; ``stable`` None leaves the form to the format."""

    def writer(self, to: Path | TextIO, *, stable: bool | None = None) -> Writer:
        """Return what writes this format to a file or a stream."""


class WholeFormat(NamedTuple):
    """A format that is written when the run has ended. ``load`` imports its module and returns the renderer."""

    name: str
    suffix: str | None
    load: Callable[[], Render]
    document: bool = False

    def render(self, report: Report, *, stable: bool | None = None) -> str:
        return _rendered(self.load(), report, stable=self._is_stable(stable))

    def writer(self, to: Path | TextIO, *, stable: bool | None = None) -> Writer:
        return _WholeWriter(self, to, stable)

    def preload(self, stable: bool | None) -> None:
        """Import what :meth:`render` will need."""
        self.load()
        if self._is_stable(stable):
            _stabilise()

    def _is_stable(self, stable: bool | None) -> bool:
        return self.document if stable is None else stable


class StreamFormat(NamedTuple):
    """A format that is written while the run goes on. ``load`` imports its module and returns the writer's class."""

    name: str
    suffix: str | None
    load: Callable[[], type[EventWriter]]
    document: bool = False

    def render(self, report: Report, *, stable: bool | None = None) -> str:
        """Return the events of a finished run."""
        from runner.report.ndjson import render

        return _rendered(render, report, stable=bool(stable))

    def writer(self, to: Path | TextIO, *, stable: bool | None = None) -> Writer:  # noqa: ARG002 - events are live
        return self.load()(to)


class _WholeWriter:
    def __init__(self, row: WholeFormat, to: Path | TextIO, stable: bool | None) -> None:
        self._format, self._to, self._stable = row, to, stable
        self._loaded = False

    def add(self, event: Event) -> None:
        """Import the renderer while the engine is busy with the first request: there is time then."""
        if not self._loaded and isinstance(event, RequestSent):
            self._loaded = True
            self._format.preload(self._stable)

    def write(self, report: Report) -> None:
        text = self._format.render(report, stable=self._stable)
        if isinstance(self._to, Path):
            write_text(self._to, text)
        else:
            write_stream(self._to, text)


def _rendered(render: Render, report: Report, *, stable: bool) -> str:
    """Return the text of a report; answers that are nested deeper than Python's stack allows are cut, and say so."""

    def formed(report: Report) -> Report:
        return _stabilise()(report) if stable else report

    try:
        return render(formed(report))
    except RecursionError:
        from runner.report.depth import bounded

        return render(formed(bounded(report)))


# Each row's module is imported when the format is used: most runs need one of them.


def _stabilise() -> Callable[[Report], Report]:
    from runner.report.stable.stabilise import stabilise

    return stabilise


def _markdown() -> Render:
    from runner.report.markdown.page import render

    return render


def _json() -> Render:
    from runner.report.json import render

    return render


def _ndjson() -> type[EventWriter]:
    from runner.report.ndjson import EventWriter

    return EventWriter


def _junit() -> Render:
    from runner.report.junit import render

    return render


def _html() -> Render:
    from runner.report.html.page import render

    return render


def _cast() -> Render:
    from runner.report.cast import render

    return render


def _svg() -> Render:
    from runner.report.svg import render

    return render


def _github() -> Render:
    from runner.report.github import render

    return render


def _summary() -> Render:
    from runner.report.summary import render

    return render


_ROWS: tuple[Format, ...] = (
    WholeFormat("markdown", ".md", _markdown, document=True),
    WholeFormat("json", ".json", _json),
    StreamFormat("ndjson", ".ndjson", _ndjson),
    WholeFormat("junit", ".xml", _junit),
    WholeFormat("html", ".html", _html, document=True),
    WholeFormat("cast", ".cast", _cast, document=True),
    WholeFormat("svg", ".svg", _svg, document=True),
    WholeFormat("github", None, _github),
    WholeFormat("summary", None, _summary),
)
FORMATS: Final[dict[str, Format]] = {row.name: row for row in _ROWS}
