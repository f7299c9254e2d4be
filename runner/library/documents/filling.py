"""Fills the marked places of pages with the results of scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import Diagnostic, InvalidScenario, UsageError
from runner.files import write_bytes
from runner.library.documents.marks import Mark, Part, RunKey
from runner.report.markdown import slots
from runner.report.markdown.mark_syntax import SYNTAXES

if TYPE_CHECKING:
    from runner.report.markdown.flavours import PageOptions
    from runner.report.markdown.page import ScenarioPage
    from runner.results.records import Report


def page_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield pages, and of folders the pages below them; hidden folders are passed over.

    Raises:
        UsageError: ``no-such-file``, a folder has no page.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SYNTAXES and file.is_file())
        shown = [file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts)]
        if not shown:
            kinds = " ".join(SYNTAXES)
            raise UsageError("no-such-file", f"there is no page in {path}", hint=f"pages are: {kinds}")
        yield from shown


def read_pages(paths: Iterable[Path]) -> list[slots.Page]:
    """Read pages and find their marks.

    Raises:
        UsageError: ``no-such-file``.
        InvalidScenario: ``bad-mark``, with all that is wrong with any.
    """
    pages: list[slots.Page] = []
    wrong: list[Diagnostic] = []
    for path in dict.fromkeys(page_files(paths)):
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


def write_page(page: slots.Page, text: str) -> None:
    """Write a page anew, unless it was changed since it was read.

    Raises:
        UsageError: ``page-changed``; ``cannot-write``.
    """
    path = Path(page.name).resolve()
    try:
        now = path.read_bytes()
    except OSError:
        now = b""
    if now != page.text.encode("utf-8", "surrogateescape"):
        message = f"{page.name} was changed while its scenarios ran; it is left as it is"
        raise UsageError("page-changed", message, hint="call the command again")
    write_bytes(path, text.encode("utf-8", "surrogateescape"))


Marks = Mapping[slots.Page, Sequence[Mark]]


def stale_pages(marks: Marks, reports: Mapping[RunKey, Report]) -> dict[slots.Page, str]:
    """Return the new text of each page whose text differs from it."""
    from runner.report.markdown.flavours import FLAVOURS

    stale: dict[slots.Page, str] = {}
    for page, row in marks.items():
        contents = _Contents(row, reports)
        duplicate = next((FLAVOURS[mark.options.flavour].duplicate for mark in row), "-")
        text = page.filled([contents.of(mark, slot) for mark, slot in zip(row, page.slots, strict=True)], duplicate)
        if text != page.text:
            stale[page] = text
    return stale


class _Contents:
    """Makes what fills the places of one page. The parts of one run share their variables: a reader pastes them one
    after the other."""

    def __init__(self, marks: Sequence[Mark], reports: Mapping[RunKey, Report]) -> None:
        self._reports = reports
        self._stable: dict[RunKey, Report] = {}
        self._parts: dict[tuple[RunKey, bool, PageOptions], list[Part]] = {}
        self._pages: dict[tuple[RunKey, bool, PageOptions], ScenarioPage] = {}
        for mark in marks:
            if mark.part is not None:
                self._parts.setdefault((mark.key, mark.stable, mark.options), []).append(mark.part)

    def of(self, mark: Mark, slot: slots.Slot) -> str:
        """Return the text for a place."""
        from runner.report.markdown.page import joined, render

        if mark.part is None:
            text = render(self._report(mark), mark.options)
            nested = slots.nested(text, slot.level, title=mark.title)
        else:
            page = self._page(mark)
            scenario = self._report(mark).scenarios[0]
            sections = list(page.steps(*mark.part.range(scenario)))
            sections += page.afterwards() if mark.part.last is None else ()
            nested = slots.nested(joined(["# ", *sections]), slot.level, title=False)
        return _in_markup(nested, mark.options.flavour, slot)

    def _report(self, mark: Mark) -> Report:
        """Return the report of a mark's run, in the form that it wants."""
        from runner.report.stable.stabilise import stabilise

        if not mark.stable:
            return self._reports[mark.key]
        if mark.key not in self._stable:
            self._stable[mark.key] = stabilise(self._reports[mark.key])
        return self._stable[mark.key]

    def _page(self, mark: Mark) -> ScenarioPage:
        """Return the page that all parts of a run on this page come from."""
        from runner.report.markdown.page import ScenarioPage

        key = (mark.key, mark.stable, mark.options)
        if key not in self._pages:
            report = self._report(mark)
            scenario = report.scenarios[0]
            ids = [step.id for step in scenario.steps if step.phase == "steps"]
            shown = {step_id for part in self._parts[key] for step_id in ids[slice(*part.range(scenario))]}
            if any(part.last is None for part in self._parts[key]):
                shown |= {step.id for step in scenario.steps if step.phase != "steps"}
            self._pages[key] = ScenarioPage(scenario, scenario.engine or report.engine, mark.options, shown)
        return self._pages[key]


def _in_markup(markdown: str, flavour: str, slot: slots.Slot) -> str:
    """Return generated Markdown in the markup of a flavour; most are Markdown themselves."""
    match flavour:
        case "rst":
            from runner.report.markdown.rst import RstWriter

            return RstWriter(slot.styles).write(markdown)
        case "asciidoc":
            from runner.report.markdown.asciidoc import AsciiDocWriter

            return AsciiDocWriter().write(markdown)
        case _:
            return markdown
