"""Pieces of Markdown that nothing inside them can break: GitHub, MkDocs and MyST read them alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from runner.report.markdown.syntax import CODE_SPAN, FENCE, closes
from runner.report.wording import cut
from runner.text import visible

FOLD = 60
"""Lines from which on a block is folded."""
MAX_LINES = 1000
"""What is longer is cut, and says so."""

_SPECIAL = re.compile(r"[\\`*_{}\[\]#|~!$]")
_OPENS_A_BLOCK = re.compile(r"\d{1,9}(?=[.)])|(?=[-+=])")
_OPENS_HTML = re.compile(r"<(?=[A-Za-z/!?])(?!(?:https?|mailto):[^\s<>]*>)")


def inline(text: str) -> str:
    """Text that stands as it is in a line, except that code between backticks stays code."""
    line = cut(" ".join(visible(part) for part in text.split()))
    parts, end = [], 0
    for match in CODE_SPAN.finditer(line):
        parts += [_escaped(line[end : match.start()]), match[0]]
        end = match.end()
    parts.append(_escaped(line[end:]))
    shown = "".join(parts)
    start = _OPENS_A_BLOCK.match(shown)
    return shown if start is None else f"{start[0]}\\{shown[start.end() :]}"


def code(text: str) -> str:
    """Return a code span."""
    line = cut(visible(text))
    ticks = "`" * (_longest_run(line, "`") + 1)
    padding = " " if line.startswith("`") or line.endswith("`") or not line.strip() else ""
    return f"{ticks}{padding}{line}{padding}{ticks}"


def block(text: str, language: str) -> str:
    """Return a fenced block with what doesn't print made visible; overlong lines and texts are cut."""
    lines = list(_lines(text))
    more = len(lines) - MAX_LINES
    if more > 0:
        lines = [*lines[:MAX_LINES], f"… {more} more lines"]
    body = "\n".join(lines)
    ticks = "`" * max(3, _longest_run(body, "`") + 1)
    return f"{ticks}{language}\n{body}\n{ticks}"


def prose(text: str) -> str:
    """Return an author's Markdown: HTML is shown rather than obeyed, and a fence left open is closed."""
    return outside_code(visible_lines(text.strip("\n")), lambda part: _OPENS_HTML.sub("&lt;", part)).rstrip()


def visible_lines(text: str) -> str:
    """Return lines with what doesn't print made visible."""
    return "\n".join(visible(line) for line in text.split("\n"))


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """Return Markdown with all changed that is neither in a code block nor in a code span; a fence left open is
    closed."""
    lines: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        match = FENCE.match(line)
        if fence:
            fence = "" if closes(line, fence) else fence
            lines.append(line)
            continue
        if match:
            fence = match["fence"]
        lines.append(line if fence else _outside_spans(line, change))
    return "\n".join([*lines, fence] if fence else lines)


def html_text(text: str) -> str:
    """Text inside of HTML."""
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\g<0>", text)


def _outside_spans(line: str, change: Callable[[str], str]) -> str:
    parts, end = [], 0
    for match in CODE_SPAN.finditer(line):
        parts += [change(line[end : match.start()]), match[0]]
        end = match.end()
    return "".join([*parts, change(line[end:])])


def _lines(text: str) -> Iterator[str]:
    for line in text.removesuffix("\n").split("\n"):
        yield cut(visible(line.removesuffix("\r")))


def _longest_run(text: str, character: str) -> int:
    return max((len(match[0]) for match in re.finditer(re.escape(character) + "+", text)), default=0)
