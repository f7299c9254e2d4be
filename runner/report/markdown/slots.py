"""Pages of Markdown with places that a run fills: ``<!-- run: scenario.yaml [options] -->`` to ``<!-- /run -->``.

What a code block or a code span shows is not a mark. Everything outside the places stays as it is, to the byte.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from runner.errors import Diagnostic, InvalidScenario, Place
from runner.report.markdown.heading_style import Style, style_of
from runner.report.markdown.mark_syntax import SYNTAXES, MarkSyntax, syntax_of
from runner.report.markdown.markup import slug
from runner.report.markdown.syntax import CODE_SPAN, FENCE, closes

_MARKDOWN = SYNTAXES[".md"]
_HEADING = re.compile(r" {0,3}(?P<signs>#{1,6})(?=[ \t]|\Z)")
_UNDERLINE = re.compile(r" {0,3}(?:(?P<first>=+)|-+)[ \t]*\Z")
_CONTAINER = re.compile(r"[ \t>]*")
_LIST_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?=\S)")
_ASCIIDOC_HEADING = re.compile(r"(?P<signs>={1,6})[ \t]+\S")
_CONTENTS_LINE = re.compile(r"^(?P<before>\d+\. \[.*\]\(#)(?P<anchor>[^)\n]*)\)$", re.MULTILINE)
_DEEPEST = 6
_CODE_INDENT = 4
"""Columns of indentation from which on a line is code (CommonMark, 4.4)."""


class Slot(NamedTuple):
    """A place to fill: the text of its mark, where that stands, the offsets of what is between the marks, the level
    of the heading that it is under (0: none), and how its lines end. ``prefix`` is what its lines begin with: the
    indentation of a list's item, or the marks of a quote. ``styles`` are those of the headings of reStructuredText so
    far, in the order of their levels."""

    words: str
    place: Place
    start: int
    end: int
    level: int
    newline: str
    prefix: str = ""
    styles: tuple[Style, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    name: str
    text: str = field(repr=False)
    slots: tuple[Slot, ...]

    def filled(self, contents: Sequence[str], duplicate: str = "-") -> str:
        """Return the page with a text (lines end in ``\\n``) in each of its places.

        Where a heading is there already, the site gives the next one's anchor a number behind ``duplicate``; links of
        a text to its own headings are made to fit.

        Raises:
            InvalidScenario: ``bad-mark``, a text holds a mark itself.
        """
        parts: list[str] = []
        done = 0
        anchors = Anchors(duplicate)
        for slot, content in zip(self.slots, contents, strict=True):
            anchors.add(self.text[done : slot.start])
            lines = ["", *anchors.linked(content).strip("\n").split("\n"), ""]
            own = (f"{slot.prefix}{line}".rstrip(" \t") if slot.prefix else line for line in lines)
            parts += [self.text[done : slot.start], *(f"{line}{slot.newline}" for line in own)]
            done = slot.end
        text = "".join([*parts, self.text[done:]])
        if len(parse(self.name, text).slots) != len(self.slots):
            raise InvalidScenario((Diagnostic("bad-mark", f"what is to fill {self.name} holds a mark itself"),))
        return text


def parse(name: str, text: str) -> Page:
    """Find the places of a page.

    Raises:
        InvalidScenario: ``bad-mark``; every mark that is wrong, each with its line.
    """
    slots: list[Slot] = []
    wrong: list[Diagnostic] = []
    opened: Slot | None = None

    syntax = syntax_of(name)

    def refuse(message: str, place: Place) -> None:
        wrong.append(Diagnostic("bad-mark", message, place, syntax.form))

    for line in _lines(text, syntax):
        found = syntax.some.search(_without_code(line.text)) if line.plain else None
        if found is None:
            continue
        place = Place(name, line.number, found.start() + 1, len(line.text.rstrip()) - found.start(), line.text)
        begin, is_end = syntax.begin.match(line.inner), syntax.end.match(line.inner) is not None
        if begin is None and not is_end:
            in_table = "|" in line.text[: found.start()]
            message = "a table's cell can't hold a place" if in_table else "a mark stands on a line of its own"
            refuse(message if in_table else f"{message}, from its beginning to its end", place)
        elif line.is_indented_code:
            refuse("a mark that is indented this far is code", place)
        elif begin is not None:
            if opened is not None:
                refuse(f"this place begins inside the one of line {opened.place.line}", place)
            newline = "\r\n" if text[line.start : line.end].endswith("\r\n") else "\n"
            words = begin["words"].strip()
            opened = Slot(words, place, line.end, line.end, line.level, newline, line.prefix, line.styles)
        elif opened is None:
            refuse("this ends a place that did not begin", place)
        else:
            slots.append(opened._replace(end=line.start))
            opened = None
    if opened is not None:
        refuse("this place does not end", opened.place)
    if wrong:
        raise InvalidScenario(tuple(wrong))
    return Page(name, text, tuple(slots))


def nested(markdown: str, level: int, *, title: bool) -> str:
    """Return generated Markdown below a heading of that level; without its own first heading, if that is not wanted."""
    lines = list(_lines(markdown))
    texts = [line.text for line in lines]
    deeper = level if title else max(level - 1, 0)
    for index, line in enumerate(lines):
        heading = _HEADING.match(line.text) if line.plain else None
        if heading is None:
            continue
        if not title and index == 0:
            texts[0] = ""
            continue
        start, end = heading.span("signs")
        signs = "#" * min(end - start + deeper, _DEEPEST)
        texts[index] = line.text[:start] + signs + line.text[end:]
    return "\n".join(texts).strip("\n")


class _Line(NamedTuple):
    """A line without its end; ``plain`` says that it is not a part of a code block, ``level`` is that of the page's own
    last heading before it. ``prefix`` is what it has from the quotes and lists that it is in, ``inner`` the rest."""

    number: int
    text: str
    start: int
    end: int
    plain: bool
    level: int
    prefix: str
    inner: str
    is_indented_code: bool
    styles: tuple[Style, ...]


def _lines(text: str, syntax: MarkSyntax = _MARKDOWN) -> Iterator[_Line]:
    start, level = 0, 0
    fence: str | None = None
    headings = _HEADINGS[syntax.headings]()
    inside = False
    items: list[int] = []
    """The columns where the contents of the list's items begin that a line may be in."""
    front_matter = text.startswith(("---\n", "---\r\n"))
    for number, whole in enumerate(re.findall(r"[^\n]*\n|[^\n]+\Z", text), 1):
        bare = whole.rstrip("\n").removesuffix("\r")
        if number == 1:
            bare = bare.removeprefix("\ufeff")
        container = _CONTAINER.match(bare)
        prefix = container[0] if container is not None else ""
        inner = bare[len(prefix) :]
        column = len(prefix.expandtabs(_CODE_INDENT))
        if inner and not inside:
            items = [item for item in items if item <= column]
        beyond = column - max([*items, len(prefix.rstrip(" \t").expandtabs(_CODE_INDENT)) + (">" in prefix)])
        plain = fence is None and not front_matter
        line = bare if beyond >= _CODE_INDENT else inner
        mark = FENCE.match(line) if syntax.has_fences and not front_matter else None
        if fence is not None:
            if closes(line, fence):
                fence = None
        elif mark is not None:
            fence, plain = mark["fence"], False
        is_code = beyond >= _CODE_INDENT
        yield _Line(number, bare, start, start + len(whole), plain, level, prefix, inner, is_code, headings.styles)
        if plain and syntax.begin.match(inner):
            inside = True
        elif plain and syntax.end.match(inner):
            inside = False
        elif plain and not inside:
            level = headings.level(bare) or level
            item = _LIST_ITEM.match(bare)
            if item is not None:
                items.append(len(item[0].expandtabs(_CODE_INDENT)))
        front_matter = front_matter and not (number > 1 and bare.rstrip() in ("---", "..."))
        headings.add(bare if plain else "")
        start += len(whole)


class Anchors:
    """The anchors of a page's headings so far."""

    def __init__(self, duplicate: str) -> None:
        self._duplicate = duplicate
        self._seen: Counter[str] = Counter()

    def add(self, text: str) -> dict[str, str]:
        """Take note of the headings of a text, and return the anchor of each by what it would be alone."""
        anchors: dict[str, str] = {}
        for line in _lines(text):
            heading = _HEADING.match(line.text) if line.plain else None
            if heading is None:
                continue
            wanted = slug(line.text[heading.end("signs") :].strip())
            times = self._seen[wanted]
            self._seen[wanted] += 1
            anchors.setdefault(wanted, f"{wanted}{self._duplicate}{times}" if times else wanted)
        return anchors

    def linked(self, text: str) -> str:
        """Return a generated text with the links of its contents as the anchors will be."""
        anchors = self.add(text)

        def link(match: re.Match[str]) -> str:
            return f"{match['before']}{anchors.get(match['anchor'], match['anchor'])})"

        return _CONTENTS_LINE.sub(link, text)


def _without_code(line: str) -> str:
    """Return a line with blanks for its code spans."""
    return CODE_SPAN.sub(lambda span: " " * len(span[0]), line)


class _Headings:
    """Recognises the headings of a page of Markdown, line by line."""

    def __init__(self) -> None:
        self.before: tuple[str, str] = ("", "")
        """The two lines before the next one; a line of code is empty here."""
        self.styles: tuple[Style, ...] = ()

    def add(self, line: str) -> None:
        """Take a line that :meth:`level` has looked at."""
        self.before = (self.before[1], line)

    def level(self, line: str) -> int:
        """Return the level of the heading that a line is, or underlines; else 0."""
        heading = _HEADING.match(line)
        if heading is not None:
            return len(heading["signs"])
        previous = self.before[1]
        underline = _UNDERLINE.match(line) if previous.strip() and not _HEADING.match(previous) else None
        if underline is None:
            return 0
        return 1 if underline["first"] else 2


class _RstHeadings(_Headings):
    """Recognises those of reStructuredText, where a page decides which adornment has which level."""

    def level(self, line: str) -> int:
        style = style_of(*self.before, line)
        if style is None:
            return 0
        if style not in self.styles:
            self.styles = (*self.styles, style)
        return self.styles.index(style) + 1


class _AsciiDocHeadings(_Headings):
    def level(self, line: str) -> int:
        heading = _ASCIIDOC_HEADING.match(line)
        return len(heading["signs"]) if heading is not None else 0


_HEADINGS: Final = {"markdown": _Headings, "rst": _RstHeadings, "asciidoc": _AsciiDocHeadings}
