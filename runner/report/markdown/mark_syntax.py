"""Lists how marks are written in each kind of page: as a comment of its markup."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final, Literal, NamedTuple


class MarkSyntax(NamedTuple):
    """Describes a page's marks. ``begin`` and ``end`` match the whole line behind the indentation, ``some``
    finds what was meant as a mark. ``headings`` says how headings are written; ``flavour`` is that of the
    page unless its marks say another."""

    begin: re.Pattern[str]
    end: re.Pattern[str]
    some: re.Pattern[str]
    form: str
    flavour: str
    headings: Literal["markdown", "rst", "asciidoc"] = "markdown"

    @property
    def has_fences(self) -> bool:
        return self.headings == "markdown"


def _syntax(
    opening: str, closing: str, flavour: str, headings: Literal["markdown", "rst", "asciidoc"] = "markdown"
) -> MarkSyntax:
    first, last = re.escape(opening), re.escape(closing)
    ending = rf"{last}[ \t]*\Z" if closing else r"\Z"
    shown = f" {closing}" if closing else ""
    return MarkSyntax(
        begin=re.compile(rf"{first}[ \t]*run:(?P<words>.*?){ending}"),
        end=re.compile(rf"{first}[ \t]*/run[ \t]*{ending}"),
        some=re.compile(rf"{first}\s*(?:run\s*:|/\s*run\b)", re.IGNORECASE),
        form=f"it is written: {opening.strip()} run: scenario.yaml [options]{shown}, and the place ends with:"
        f" {opening.strip()} /run{shown}",
        flavour=flavour,
        headings=headings,
    )


_MARKDOWN: Final = _syntax("<!--", "-->", "github")
SYNTAXES: Final[dict[str, MarkSyntax]] = {
    ".md": _MARKDOWN,
    ".mdx": _syntax("{/*", "*/}", "mdx"),
    ".rst": _syntax(".. ", "", "rst", "rst"),
    ".adoc": _syntax("// ", "", "asciidoc", "asciidoc"),
}
"""By the suffixes of pages."""


def syntax_of(name: str) -> MarkSyntax:
    """Return how the marks of a page are written; a page of any other suffix is one of Markdown."""
    return SYNTAXES.get(PurePath(name).suffix.lower(), _MARKDOWN)
