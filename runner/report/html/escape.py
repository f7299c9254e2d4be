"""Text that stays text in HTML."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from runner.report.wording import cut
from runner.text import visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def text(value: str) -> str:
    """Text on one line, also as the value of an attribute."""
    return visible(value).translate(_ENTITIES)


def lines(value: str) -> str:
    """Text that keeps its lines."""
    return "\n".join(text(line.removesuffix("\r")) for line in value.removesuffix("\n").split("\n"))


def output(value: str) -> str:
    """Text that keeps its lines, as far as anybody would read them."""
    return "\n".join(text(cut(line.removesuffix("\r"))) for line in value.removesuffix("\n").split("\n"))


def inline(value: str) -> str:
    """Text on one line in which backticks mark code."""
    value = cut(value)
    parts, end = [], 0
    for match in _CODE_SPAN.finditer(value):
        parts += [text(value[end : match.start()]), f"<code>{text(match[2].strip())}</code>"]
        end = match.end()
    return "".join([*parts, text(value[end:])])


def prose(value: str) -> str:
    """An author's Markdown. HTML in it is shown, not obeyed; images are left as text, because a page loads nothing."""
    rendered: str = _markdown().render("\n".join(visible(line) for line in value.split("\n")))
    return rendered.strip()


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
