"""What a YAML document is made of, each part with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from runner.errors import Place

PlainScalar: TypeAlias = str | int | float | bool | None


_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class Source(NamedTuple):
    """The text of one file, for showing its lines. ``name`` is the path as the user gave it."""

    name: str
    text: str
    lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, text: str) -> Source:
        """Lines end where libyaml, whose positions these are, sees them end."""
        return cls(name, text, tuple(_LINE_BREAK.split(text)))

    def place(self, line: int, column: int, length: int = 1) -> Place:
        """A place by its 1-based line and column; one behind the end of the file is its end."""
        line = max(1, min(line, len(self.lines)))
        text = self.lines[line - 1]
        return Place(self.name, line, max(1, min(column, len(text) + 1)), max(1, length), text)

    def place_at(self, index: int) -> Place:
        """A place by its index in the text."""
        before = _LINE_BREAK.split(self.text[:index])
        return self.place(len(before), len(before[-1]) + 1)


class Span(NamedTuple):
    """Where a node begins and ends; lines and columns count from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Scalar(NamedTuple):
    """A single value. ``raw`` marks one tagged ``!raw``, which is never a template; ``text`` is how it was written."""

    value: PlainScalar
    span: Span
    text: str = ""
    raw: bool = False


class Sequence(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    span: Span


class Mapping(NamedTuple):
    """Keys are unique and text (``80:`` is the key ``"80"``); their order is the file's."""

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span
    positions: dict[str, int]

    def get(self, key: str) -> Node | None:
        at = self.positions.get(key)
        return None if at is None else self.entries[at][1]

    def key(self, name: str) -> Scalar | None:
        """The key's own node, for pointing at it."""
        at = self.positions.get(name)
        return None if at is None else self.entries[at][0]

    def items(self) -> Iterator[tuple[str, Node]]:
        return ((str(key.value), value) for key, value in self.entries)


Node: TypeAlias = Scalar | Sequence | Mapping


def plain(node: Node) -> Any:
    """The node as plain Python data, as JSON knows it."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {str(key.value): plain(value) for key, value in node.entries}


def node_at(node: Node, path: tuple[str | int, ...]) -> Node:
    """The node at a path of keys and indexes, or the deepest one on the way that exists."""
    for part in path:
        inner: Node | None = None
        if isinstance(node, Mapping) and isinstance(part, str):
            inner = node.get(part)
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            inner = node.items[part]
        if inner is None:
            return node
        node = inner
    return node


def place_of(source: Source, node: Node, word: str | None = None) -> Place:
    """Where a node stands, or, given a word of it, where that word first stands inside it."""
    span = node.span
    if word:
        found = _find_word(source, span, word)
        if found:
            return source.place(found[0], found[1], len(word))
    length = span.end_column - span.column if span.end_line == span.line else 1
    if not isinstance(node, Scalar):
        length = 1
    return source.place(span.line, span.column, length)


def _find_word(source: Source, span: Span, word: str) -> tuple[int, int] | None:
    pattern = re.compile(rf"(?<![\w]){re.escape(word)}(?![\w])" if word.isidentifier() else re.escape(word))
    for line in range(span.line, min(span.end_line, len(source.lines)) + 1):
        text = source.lines[line - 1]
        start = span.column - 1 if line == span.line else 0
        end = span.end_column - 1 if line == span.end_line else len(text)
        match = pattern.search(text, start, max(start, end))
        if match:
            return line, match.start() + 1
    return None
