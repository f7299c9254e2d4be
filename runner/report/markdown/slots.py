"""Pages of Markdown with places that a run fills: ``<!-- run: scenario.yaml [options] -->`` to ``<!-- /run -->``.

What a code block or a code span shows is not a mark. Everything outside the places stays as it is, to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from runner.errors import Diagnostic, InvalidScenario, Place
from runner.report.markdown.syntax import CODE_SPAN, FENCE, closes

_BEGIN = re.compile(r" {0,3}<!--[ \t]*run:(?P<words>.*?)-->[ \t]*\Z")
_END = re.compile(r" {0,3}<!--[ \t]*/run[ \t]*-->[ \t]*\Z")
_SOME_MARK = re.compile(r"<!--\s*(?:run\s*:|/\s*run\b)", re.IGNORECASE)
_HEADING = re.compile(r" {0,3}(?P<signs>#{1,6})(?=[ \t]|\Z)")
_UNDERLINE = re.compile(r" {0,3}(?:(?P<first>=+)|-+)[ \t]*\Z")
_DEEPEST = 6
_FORM = "it is written: <!-- run: scenario.yaml [options] -->, and the place ends with: <!-- /run -->"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place to fill: the text of its mark, where that stands, the offsets of what is between the marks, the level
    of the heading that it is under (0: none), and how its lines end."""

    words: str
    place: Place
    start: int
    end: int
    level: int
    newline: str


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    name: str
    text: str = field(repr=False)
    slots: tuple[Slot, ...]

    def filled(self, contents: Sequence[str]) -> str:
        """Return the page with a text (lines end in ``\\n``) in each of its places.

        Raises:
            InvalidScenario: ``bad-mark``, a text holds a mark itself.
        """
        parts: list[str] = []
        done = 0
        for slot, content in zip(self.slots, contents, strict=True):
            lines = ["", *content.strip("\n").split("\n"), "", ""]
            parts += [self.text[done : slot.start], slot.newline.join(lines)]
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

    def refuse(message: str, place: Place, hint: str = _FORM) -> None:
        wrong.append(Diagnostic("bad-mark", message, place, hint))

    for line in _lines(text):
        found = _SOME_MARK.search(CODE_SPAN.sub(lambda span: " " * len(span[0]), line.text)) if line.plain else None
        if found is None:
            continue
        place = Place(name, line.number, found.start() + 1, len(line.text.rstrip()) - found.start(), line.text)
        begin = _BEGIN.match(line.text)
        if begin is None and not _END.match(line.text):
            refuse("a mark stands on a line of its own, from <!-- to -->", place)
        elif begin is not None:
            if opened is not None:
                refuse(f"this place begins inside the one of line {opened.place.line}", place)
            newline = "\r\n" if text[line.start : line.end].endswith("\r\n") else "\n"
            opened = Slot(begin["words"].strip(), place, line.end, line.end, line.level, newline)
        elif opened is None:
            refuse("this ends a place that did not begin", place)
        else:
            slots.append(Slot(opened.words, opened.place, opened.start, line.start, opened.level, opened.newline))
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


@dataclass(frozen=True, slots=True)
class _Line:
    """A line without its end; ``plain`` says that it is not a part of a code block, ``level`` is that of the page's own
    last heading before it."""

    number: int
    text: str
    start: int
    end: int
    plain: bool
    level: int


def _lines(text: str) -> Iterator[_Line]:
    start, level = 0, 0
    fence: str | None = None
    previous = ""
    inside = False
    front_matter = text.startswith(("---\n", "---\r\n"))
    for number, whole in enumerate(re.findall(r"[^\n]*\n|[^\n]+\Z", text), 1):
        bare = whole.rstrip("\n").removesuffix("\r")
        if number == 1:
            bare = bare.removeprefix("\ufeff")
        plain = fence is None and not front_matter
        mark = FENCE.match(bare) if not front_matter else None
        if fence is not None:
            if closes(bare, fence):
                fence = None
        elif mark is not None:
            fence, plain = mark["fence"], False
        yield _Line(number, bare, start, start + len(whole), plain, level)
        if plain and _BEGIN.match(bare):
            inside = True
        elif plain and _END.match(bare):
            inside = False
        elif plain and not inside:
            level = _level(bare, previous) or level
        front_matter = front_matter and not (number > 1 and bare.rstrip() in ("---", "..."))
        previous = bare if plain else ""
        start += len(whole)


def _level(line: str, previous: str) -> int:
    """Return the level of the heading that a line is, or underlines; else 0."""
    heading = _HEADING.match(line)
    if heading is not None:
        return len(heading["signs"])
    underline = _UNDERLINE.match(line) if previous.strip() and not _HEADING.match(previous) else None
    if underline is None:
        return 0
    return 1 if underline["first"] else 2
