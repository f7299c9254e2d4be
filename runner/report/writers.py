"""The formats of a report, and where each one goes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TextIO

from runner.errors import UsageError
from runner.files import check_writable, write_stream, write_text
from runner.results.events import RequestSent

if TYPE_CHECKING:
    from runner.results.events import Event
    from runner.results.records import Report


class Format(NamedTuple):
    """One format: the suffix of its files, and the module whose ``render(report)`` makes its text.

    ``document`` formats are for readers, and have the stable form unless they are asked for what really came. Modules
    are loaded when they are needed, because most runs need one.
    """

    suffix: str
    module: str
    document: bool = False


FORMATS = {
    "markdown": Format(".md", "runner.report.markdown.page", document=True),
    "json": Format(".json", "runner.report.json"),
    "ndjson": Format(".ndjson", "runner.report.ndjson"),
    "junit": Format(".xml", "runner.report.junit"),
    "html": Format(".html", "runner.report.html.page", document=True),
    "cast": Format(".cast", "runner.report.cast", document=True),
}
DEFAULT = "markdown"
NONE = "none"


class Writer(Protocol):
    """Takes the events of a run as they happen, and the report when it is over."""

    def add(self, event: Event) -> None: ...

    def write(self, report: Report) -> None: ...


class Writers:
    """All that a run was asked to write."""

    def __init__(self, writers: Sequence[Writer]) -> None:
        self._writers = tuple(writers)

    def add(self, event: Event) -> None:
        for writer in self._writers:
            writer.add(event)

    def write(self, report: Report) -> None:
        """Write every report.

        Raises:
            UsageError: ``cannot-write``, a file can't be written; nothing is left of it.
        """
        for writer in self._writers:
            writer.write(report)


def chosen(name: str | None, files: Sequence[str], stdout: TextIO, *, stable: bool | None = None) -> Writers:
    """The writers for ``--format``, which goes to ``stdout``, and for each ``-o``.

    stdout gets Markdown unless ``--format`` says otherwise. ``stable`` chooses the form; None leaves that to each
    format.

    Raises:
        UsageError: an unknown format or suffix, or a folder that isn't there; nothing has run yet.
    """
    writers: list[Writer] = []
    name = name or DEFAULT
    if name != NONE:
        if name not in FORMATS:
            known = ", ".join((*FORMATS, NONE))
            raise UsageError("unknown-format", f"there is no format '{name}'", hint=f"known are {known}")
        writers.append(_writer(name, stdout, stable))
    for file in files:
        format_name = _format_of(file)
        check_writable(Path(file))
        writers.append(_writer(format_name, Path(file), stable))
    return Writers(writers)


def render(name: str, report: Report, *, stable: bool | None = None) -> str:
    """A report as the text of a format."""
    module, stabilise = _load(name, stable)
    with _room_for_nesting():
        text: str = module.render(stabilise(report) if stabilise else report)
    return text


@contextmanager
def _room_for_nesting() -> Iterator[None]:
    """An answer may be nested as deeply as ``json`` reads it, nearly a thousand levels; writing takes several calls
    for each of them."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, 10_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def _load(name: str, stable: bool | None) -> tuple[Any, Callable[[Report], Report] | None]:
    """The module that writes a format, and what gives a report the stable form first, if it is to have that."""
    chosen_format = FORMATS[name]
    module = import_module(chosen_format.module)
    if not (chosen_format.document if stable is None else stable):
        return module, None
    from runner.report.stable.stabilise import stabilise

    return module, stabilise


class _Whole:
    """A format that is written when the run is over."""

    def __init__(self, name: str, to: Path | TextIO, stable: bool | None) -> None:
        self.name, self.to, self.stable = name, to, stable
        self._loaded = False

    def add(self, event: Event) -> None:
        """Nothing is written before the end; but while the engine is at work, there is time to load what writes."""
        if not self._loaded and isinstance(event, RequestSent):
            self._loaded = True
            _load(self.name, self.stable)

    def write(self, report: Report) -> None:
        text = render(self.name, report, stable=self.stable)
        if isinstance(self.to, Path):
            write_text(self.to, text)
        else:
            write_stream(self.to, text)


def _writer(name: str, to: Path | TextIO, stable: bool | None) -> Writer:
    if name == "ndjson":
        from runner.report.ndjson import EventWriter

        return EventWriter(to)
    return _Whole(name, to, stable)


def _format_of(file: str) -> str:
    suffix = Path(file).suffix.lower()
    for name, known in FORMATS.items():
        if known.suffix == suffix:
            return name
    known_suffixes = " ".join(known.suffix for known in FORMATS.values())
    hint = f"the suffix chooses the format: {known_suffixes}"
    raise UsageError("unknown-format", f"'{file}' does not say which format it is to have", hint=hint)
