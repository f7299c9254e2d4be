"""Writes generated pages in reStructuredText
(https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html)."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Final

from runner.report.markdown.convert import MarkupWriter
from runner.report.markdown.heading_style import Style

_SPECIAL: Final = re.compile(r"[\\*`|_]")
_ADORNMENTS: Final = "=-~^\"'#*+.:<>"


class RstWriter(MarkupWriter):
    """Writes headings in the ``styles`` of the page around, which are in the order of their levels."""

    def __init__(self, styles: Sequence[Style]) -> None:
        own = [Style(character, overlined=False) for character in _ADORNMENTS]
        self._styles = [*styles, *(style for style in own if style not in styles)]

    def heading(self, level: int, title: str) -> str:
        style = self._styles[min(level, len(self._styles)) - 1]
        wide = sum(unicodedata.east_asian_width(character) in "WF" for character in title)
        line = style.character * (len(title) + wide)
        return f"{line}\n{title}\n{line}" if style.overlined else f"{title}\n{line}"

    def code(self, language: str, text: str) -> str:
        return f".. code-block:: {language or 'text'}\n\n{_indented(text, '   ')}"

    def items(self, items: Sequence[str], numbered: bool) -> str:
        marks = [f"{number}. " if numbered else "- " for number in range(1, len(items) + 1)]
        rows = [mark + _indented(item, " " * len(mark)).lstrip() for mark, item in zip(marks, items, strict=True)]
        return "\n".join(rows) if not any("\n\n" in item for item in items) else "\n\n".join(rows)

    def quote(self, content: str) -> str:
        return _indented(content, "   ")

    def rule(self) -> str:
        return "----"

    def folded(self, summary: str, content: str) -> str:
        return f".. admonition:: {self.text(summary)}\n   :class: dropdown\n\n{_indented(content, '   ')}"

    def text(self, text: str) -> str:
        return _SPECIAL.sub(r"\\\g<0>", text)

    def code_span(self, text: str) -> str:
        return f"``{text}``" if text.strip() == text and "``" not in text else f":literal:`{self.text(text)}`"

    def emphasis(self, inner: str, *, strong: bool) -> str:
        # Markup can't be nested: around code there is none.
        if "``" in inner or "`__" in inner:
            return inner
        return f"**{inner}**" if strong else f"*{inner}*"

    def link(self, text: str, address: str, *, code: bool) -> str:  # noqa: ARG002 - a link can't hold code
        shown = self.text(text).replace("<", r"\<")
        if address.startswith("#"):
            title = self.headings.get(address[1:], text)
            return f"`{shown} <{self.text(title)}_>`__"
        return f"`{shown} <{address}>`__"


def _indented(text: str, indent: str) -> str:
    return textwrap.indent(text, indent)
