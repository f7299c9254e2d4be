"""Represents a YAML document as nodes, each with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from runner.errors import Place

PlainScalar: TypeAlias = str | int | float | bool | None


_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class SourceFile(NamedTuple):
    """The text of one file, for showing its lines. ``name`` is the path as the user gave it."""

    name: str
    text: str
    lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, text: str) -> SourceFile:
        """Split a text into lines where libyaml, whose positions the nodes have, ends them."""
        return cls(name, text, tuple(_LINE_BREAK.split(text)))

    def __repr__(self) -> str:
        return f"SourceFile({self.name!r})"

    def place(self, line: int, column: int, length: int = 1) -> Place:
        """Return the place at a 1-based line and column; one behind the end of the file becomes the end."""
        line = max(1, min(line, len(self.lines)))
        text = self.lines[line - 1]
        return Place(self.name, line, max(1, min(column, len(text) + 1)), max(1, length), text)

    def place_at(self, index: int) -> Place:
        """Return the place at an index into the text."""
        before = _LINE_BREAK.split(self.text[:index])
        return self.place(len(before), len(before[-1]) + 1)


class Span(NamedTuple):
    """Locates a node in a file, from its beginning to its end; lines and columns count from 1, the end is exclusive."""

    file: SourceFile
    line: int
    column: int
    end_line: int
    end_column: int


class Scalar(NamedTuple):
    """A single value. ``text`` is the value as written; ``raw`` marks one tagged ``!raw``: never a template."""

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
        """Return the node of the key itself, for pointing at it."""
        at = self.positions.get(name)
        return None if at is None else self.entries[at][0]

    def items(self) -> Iterator[tuple[str, Node]]:
        return ((str(key.value), value) for key, value in self.entries)


Node: TypeAlias = Scalar | Sequence | Mapping


def plain(node: Node) -> Any:
    """Convert a node to the Python data that JSON would give."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {str(key.value): plain(value) for key, value in node.entries}


def node_at(node: Node, path: tuple[str | int, ...]) -> Node:
    """Return the node at a path of keys and indexes, or the deepest one on the way that exists."""
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


def place_of(node: Node, word: str | None = None) -> Place:
    """Return a node's place, or that of the first occurrence of ``word`` inside it."""
    span = node.span
    if word:
        position = _find_word(span, word)
        if position:
            return span.file.place(*position, len(word))
    length = span.end_column - span.column if span.end_line == span.line else 1
    if not isinstance(node, Scalar):
        length = 1
    return span.file.place(span.line, span.column, length)


def _find_word(span: Span, word: str) -> tuple[int, int] | None:
    pattern = re.compile(rf"(?<![\w]){re.escape(word)}(?![\w])" if word.isidentifier() else re.escape(word))
    for line in range(span.line, min(span.end_line, len(span.file.lines)) + 1):
        text = span.file.lines[line - 1]
        start = span.column - 1 if line == span.line else 0
        end = span.end_column - 1 if line == span.end_line else len(text)
        match = pattern.search(text, start, max(start, end))
        if match:
            return line, match.start() + 1
    return None
