"""Lists the flavours of pages, one row each: how a site writes alternatives, folded parts and diagrams."""

from __future__ import annotations

import textwrap
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from runner.errors import UsageError
from runner.nearest import nearest
from runner.report.markdown.markup import block, html_text, outside_code, prose
from runner.report.snippets.languages import LANGUAGES, Language


class Code(NamedTuple):
    """A block of code in one language of snippets, with what leads to it."""

    language: Language
    text: str
    about: tuple[str, ...] = ()


class Flavour(ABC):
    """Writes what sites write differently. Everything else is CommonMark."""

    duplicate: str = "-"
    """What is before the number in the anchor of a heading that is there twice."""

    @abstractmethod
    def call(self, codes: Sequence[Code]) -> list[str]:
        """Return the parts that show a call in one or more languages, the first of which is open."""

    def hidden_call(self, codes: Sequence[Code]) -> str:
        """Return a call that the scenario hides, folded: who pastes the page needs it."""
        return self.fold("The call", "\n\n".join(self.call(codes)))

    @abstractmethod
    def fold(self, summary: str, content: str) -> str:
        """Return content that a reader opens."""

    def diagram(self, text: str) -> str:
        """Return a Mermaid diagram."""
        return block(text, "mermaid")

    def prose(self, text: str) -> str:
        """Return an author's Markdown."""
        return prose(text)

    def note(self, text: str) -> str:
        """Return a remark on the whole page."""
        return f"*{text}*"


def _block(code: Code) -> str:
    return "\n\n".join([*code.about, block(code.text, code.language.highlight)])


class GitHub(Flavour):
    """Details in HTML, which CommonMark takes too."""

    def call(self, codes: Sequence[Code]) -> list[str]:
        first, *others = codes
        parts = [_block(first)]
        if others:
            *labels, last = (code.language.phrase.replace("`", "") for code in others)
            summary = f"With {', '.join(labels)} or {last}" if labels else f"With {last}"
            parts.append(self._labelled(summary, others))
        return parts

    def hidden_call(self, codes: Sequence[Code]) -> str:
        return self._labelled("The call", codes)

    def _labelled(self, summary: str, codes: Sequence[Code]) -> str:
        blocks = [f"**{code.language.label}**\n\n{_block(code)}" if codes[1:] else _block(code) for code in codes]
        return self.fold(summary, "\n\n".join(blocks))

    def fold(self, summary: str, content: str) -> str:
        return f"<details>\n<summary>{html_text(summary)}</summary>\n\n{content}\n\n</details>"


class MkDocs(Flavour):
    """Tabs and admonitions of Material for MkDocs
    (https://squidfunk.github.io/mkdocs-material/reference/content-tabs/)."""

    duplicate = "_"

    def call(self, codes: Sequence[Code]) -> list[str]:
        if not codes[1:]:
            return [_block(codes[0])]
        return ["\n\n".join(f'=== "{code.language.label}"\n\n{_indented(_block(code))}' for code in codes)]

    def fold(self, summary: str, content: str) -> str:
        title = html_text(summary).replace("\\", "&#92;")
        return f'??? note "{title}"\n\n{_indented(content)}'

    def note(self, text: str) -> str:
        return f"!!! note\n\n{_indented(text)}"


class Myst(Flavour):
    """Directives of sphinx-design (https://sphinx-design.readthedocs.io/en/latest/tabs.html)."""

    def call(self, codes: Sequence[Code]) -> list[str]:
        if not codes[1:]:
            return [_block(codes[0])]
        tabs = "\n".join(
            f":::{{tab-item}} {code.language.label}\n:sync: {code.language.name}\n\n{_block(code)}\n:::"
            for code in codes
        )
        return [f"::::{{tab-set}}\n:sync-group: language\n\n{tabs}\n::::"]

    def fold(self, summary: str, content: str) -> str:
        return f":::::{{dropdown}} {summary}\n{content}\n:::::"

    def diagram(self, text: str) -> str:
        return block(text, "{mermaid}")

    def note(self, text: str) -> str:
        return f":::{{note}}\n{text}\n:::"


class Mdx(Flavour):
    """Tabs and admonitions of Docusaurus (https://docusaurus.io/docs/markdown-features/tabs), whose MDX knows ``Tabs``
    and ``TabItem`` once they are imported, or are global components."""

    def call(self, codes: Sequence[Code]) -> list[str]:
        if not codes[1:]:
            return [_block(codes[0])]
        items = "\n".join(
            f'<TabItem value="{code.language.name}" label="{code.language.label}">\n\n{_block(code)}\n\n</TabItem>'
            for code in codes
        )
        return [f'<Tabs groupId="language">\n{items}\n</Tabs>']

    def fold(self, summary: str, content: str) -> str:
        title = html_text(summary).replace("{", "&#123;").replace("}", "&#125;")
        return f"<details>\n<summary>{title}</summary>\n\n{content}\n\n</details>"

    def note(self, text: str) -> str:
        return f":::note\n\n{text}\n\n:::"

    def prose(self, text: str) -> str:
        """Return an author's Markdown, in which a brace opens nothing."""
        return outside_code(prose(text), lambda part: part.replace("{", r"\{").replace("}", r"\}"))


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")


FLAVOURS: Final[dict[str, type[Flavour]]] = {
    "github": GitHub,
    "mkdocs": MkDocs,
    "myst": Myst,
    "mdx": Mdx,
    "rst": GitHub,
    "asciidoc": GitHub,
}
"""The flavours by their names. Pages of reStructuredText and AsciiDoc are made of GitHub's."""
CONVERTED: Final = frozenset({"rst", "asciidoc"})


class PageOptions(NamedTuple):
    """Holds a page's options. ``contents`` puts a table of contents on top, ``diagram`` a diagram of the calls.
    ``languages`` are the names of the languages of snippets, of which the first is open."""

    contents: bool = False
    diagram: bool = False
    languages: tuple[str, ...] = tuple(LANGUAGES)
    flavour: str = "github"


def languages_named(text: str) -> tuple[str, ...]:
    """Return the names of a list with commas.

    Raises:
        UsageError: ``wrong-use``, there is no such language.
    """
    names = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for name in names:
        _known("language of snippets", name, LANGUAGES)
    if not names:
        raise UsageError("wrong-use", "--lang names no language", hint=f"there are: {', '.join(LANGUAGES)}")
    return names


def flavour_named(name: str) -> str:
    """Return the name of a flavour.

    Raises:
        UsageError: ``wrong-use``, there is none of that name.
    """
    _known("flavour", name, FLAVOURS)
    return name


def _known(what: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name not in names:
        near = nearest(name, names)
        hint = f"did you mean {near!r}?" if near else f"there are: {', '.join(names)}"
        raise UsageError("wrong-use", f"there is no {what} {name!r}", hint=hint)
