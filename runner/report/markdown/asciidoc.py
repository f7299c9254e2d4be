"""Writes generated pages in AsciiDoc (https://docs.asciidoctor.org/asciidoc/latest/)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from runner.report.markdown.convert import MarkupWriter

_SPECIAL: Final = re.compile(r"[*_`#^~{}\[\]+|<>]")


class AsciiDocWriter(MarkupWriter):
    """Writes blocks and text of AsciiDoc; nothing in a text means anything to it."""

    def heading(self, level: int, title: str) -> str:
        return f"{'=' * min(level, 6)} {title}"

    def code(self, language: str, text: str) -> str:
        longest = max((len(match[0]) for match in re.finditer(r"^-{4,}", text, re.MULTILINE)), default=3)
        fence = "-" * max(4, longest + 1)
        return f"[source,{language or 'text'}]\n{fence}\n{text}\n{fence}"

    def items(self, items: Sequence[str], numbered: bool) -> str:
        mark = "." if numbered else "*"
        return "\n".join(f"{mark} " + item.replace("\n\n", "\n+\n") for item in items)

    def quote(self, content: str) -> str:
        return f"____\n{content}\n____"

    def rule(self) -> str:
        return "'''"

    def folded(self, summary: str, content: str) -> str:
        return f".{self.text(summary)}\n[%collapsible]\n====\n{content}\n===="

    def text(self, text: str) -> str:
        return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", text.replace("&", "&amp;"))

    def code_span(self, text: str) -> str:
        return f"`+{text}+`" if "+" not in text else f"`{self.text(text)}`"

    def emphasis(self, inner: str, *, strong: bool) -> str:
        return f"**{inner}**" if strong else f"__{inner}__"

    def link(self, text: str, address: str, *, code: bool) -> str:
        shown = f"`{self.text(text)}`" if code else self.text(text)
        if address.startswith("#"):
            return f"<<{self.text(self.headings.get(address[1:], text))},{shown}>>"
        return f"link:{address.replace('_', '%5F')}[{shown}]"
