"""Turns generated Markdown into the markup of another kind of page: the frame that its writers share."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from runner.report.markdown.markup import slug

_SUMMARY = re.compile(r"<details>\s*<summary>(?P<summary>.*?)</summary>\s*\Z", re.DOTALL)
_ENTITIES = {"&quot;": '"', "&lt;": "<", "&gt;": ">", "&amp;": "&"}


class MarkupWriter(ABC):
    """Writes the blocks of CommonMark in another markup; a subclass has one method for each kind of block."""

    headings: dict[str, str]
    """The titles of the text's headings by their anchors."""

    def write(self, markdown: str) -> str:
        """Return the text."""
        root = SyntaxTreeNode(MarkdownIt("commonmark").parse(markdown))
        titles = [_text(node) for node in root.walk() if node.type == "heading"]
        self.headings = {slug(title): title for title in titles}
        return self.blocks(root.children)

    def blocks(self, nodes: Sequence[SyntaxTreeNode]) -> str:
        """Return blocks with an empty line between them. What is between the tags of ``details`` is folded."""
        parts: list[str] = []
        index = 0
        while index < len(nodes):
            summary = _SUMMARY.match(nodes[index].content) if nodes[index].type == "html_block" else None
            if summary is None:
                parts.append(self.block(nodes[index]))
                index += 1
                continue
            end = index + 1
            while end < len(nodes) and nodes[end].content.strip() != "</details>":
                end += 1
            parts.append(self.folded(_plain(summary["summary"]), self.blocks(nodes[index + 1 : end])))
            index = end + 1
        return "\n\n".join(part for part in parts if part)

    def block(self, node: SyntaxTreeNode) -> str:
        """Return one block."""
        match node.type:
            case "heading":
                return self.heading(int(node.tag[1:]), self.line(node))
            case "fence" | "code_block":
                return self.code(node.info.strip(), node.content.removesuffix("\n"))
            case "bullet_list" | "ordered_list":
                start = node.attrs.get("start", 1) if node.type == "ordered_list" else None
                return self.items([self.blocks(item.children) for item in node.children], start is not None)
            case "blockquote":
                return self.quote(self.blocks(node.children))
            case _:
                return self.rule() if node.type == "hr" else self._paragraph(node)

    def _paragraph(self, node: SyntaxTreeNode) -> str:
        return self.text(node.content.strip()) if node.type == "html_block" else self.line(node)

    def line(self, node: SyntaxTreeNode) -> str:
        """Return the text inside of a paragraph or a heading."""
        inline = [child for child in node.children if child.type == "inline"]
        return "".join(self.inline(child) for parent in inline for child in parent.children)

    def inline(self, node: SyntaxTreeNode) -> str:
        """Return a piece of a line."""
        match node.type:
            case "code_inline":
                return self.code_span(node.content)
            case "strong" | "em":
                return self.emphasis(
                    "".join(self.inline(child) for child in node.children), strong=node.type == "strong"
                )
            case "link":
                return self.link(_text(node), str(node.attrs.get("href", "")), code=_is_code(node))
            case "image":
                return self.link(node.content, str(node.attrs.get("src", "")), code=False)
            case "softbreak" | "hardbreak":
                return "\n"
            case _:
                return self.text(node.content)

    @abstractmethod
    def heading(self, level: int, title: str) -> str: ...

    @abstractmethod
    def code(self, language: str, text: str) -> str: ...

    @abstractmethod
    def items(self, items: Sequence[str], numbered: bool) -> str: ...

    @abstractmethod
    def quote(self, content: str) -> str: ...

    @abstractmethod
    def rule(self) -> str: ...

    @abstractmethod
    def folded(self, summary: str, content: str) -> str: ...

    @abstractmethod
    def text(self, text: str) -> str: ...

    @abstractmethod
    def code_span(self, text: str) -> str: ...

    @abstractmethod
    def emphasis(self, inner: str, *, strong: bool) -> str: ...

    @abstractmethod
    def link(self, text: str, address: str, *, code: bool) -> str: ...


def _text(node: SyntaxTreeNode) -> str:
    """Return the text of a node, without its markup."""
    return "".join(child.content if not child.children else _text(child) for child in node.children)


def _is_code(node: SyntaxTreeNode) -> bool:
    return [child.type for child in node.children] == ["code_inline"]


def _plain(html: str) -> str:
    for entity, character in _ENTITIES.items():
        html = html.replace(entity, character)
    return html
