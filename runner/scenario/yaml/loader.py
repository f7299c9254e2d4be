"""Parses YAML 1.2 into nodes with positions, within limits that hold for malicious files.

The parser's events are composed here, without recursion: the limits hold before memory is used, and every node keeps
its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from runner.errors import Diagnostic, InvalidScenario
from runner.scenario.yaml.nodes import Mapping, Node, Scalar, Sequence, SourceFile, Span
from runner.scenario.yaml.scalars import resolve

MAX_DEPTH = 64
MAX_NODES = 100_000
MAX_FOUND = 100
"""Unknown tags and merge keys of one file that are reported."""


def load(source: SourceFile) -> Node:
    """Parse the single document of a file.

    Raises:
        InvalidScenario: not YAML, more than one document, a duplicate key, tags other than ``!raw``, merge keys, or
            beyond the limits (depth 64, 100,000 nodes after aliases are expanded).
    """
    found: list[Diagnostic] = []
    try:
        root = _read(source, found)
    except InvalidScenario as error:
        raise InvalidScenario((*found, *error.diagnostics)) from None
    if found:
        raise InvalidScenario(tuple(found))
    return root


def _read(source: SourceFile, found: list[Diagnostic]) -> Node:
    import yaml

    loader_class: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    parser = composer = None
    try:
        parser = loader_class(source.text)
        composer = _Composer(source, parser, found)
        return composer.document()
    except yaml.MarkedYAMLError as error:
        from runner.scenario.yaml.errors import syntax_error

        raise syntax_error(source, error, composer and composer.quoted) from None
    except yaml.reader.ReaderError as error:
        from runner.scenario.yaml.errors import bad_character

        raise bad_character(source, error) from None
    finally:
        if parser is not None:
            parser.dispose()


class _Open:
    """A list or mapping whose end has not been read yet. ``size`` and ``height`` include expanded aliases."""

    __slots__ = ("anchor", "entries", "height", "items", "key", "mapping", "positions", "size", "start")

    def __init__(self, mapping: bool, start: Any, anchor: str | None) -> None:
        self.mapping = mapping
        self.start = start
        self.anchor = anchor
        self.key: Scalar | None = None
        self.entries: list[tuple[Scalar, Node]] = []
        self.positions: dict[str, int] = {}
        self.items: list[Node] = []
        self.size = 1
        self.height = 1


class _Composer:
    """Composes events into nodes. An alias shares its node; its expanded size counts against the limits.

    What doesn't end the reading, unknown tags and merge keys, is added to ``found``.
    """

    def __init__(self, source: SourceFile, parser: Any, found: list[Diagnostic]) -> None:
        self.found = found
        self.quoted: Any = None
        self.source = source
        self.parser = parser
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int, int]] = {}
        self.root: Node | None = None
        self.documents = 0

    def document(self) -> Node:
        import yaml

        handlers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._start_mapping,
            yaml.SequenceStartEvent: self._start_sequence,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.DocumentStartEvent: self._document,
        }
        next_event = self.parser.get_event
        while (event := next_event()) is not None:
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)
        if self.root is None:
            hint = "a scenario has at least 'title' and 'steps'"
            raise InvalidScenario((Diagnostic("empty-file", "the file is empty", self.source.place(1, 1), hint),))
        return self.root

    def _error(self, code: str, message: str, mark: Any, hint: str | None = None, length: int = 1) -> InvalidScenario:
        place = self.source.place(mark.line + 1, mark.column + 1, length)
        return InvalidScenario((Diagnostic(code, message, place, hint),))

    def _report(self, error: InvalidScenario) -> None:
        """Keep an error that doesn't end the reading; those after the hundredth are left out."""
        if len(self.found) < MAX_FOUND:
            self.found.extend(error.diagnostics)

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            message = "a second document begins here; a scenario is a single one"
            raise self._error("several-documents", message, event.start_mark, "move it to another file", 3)

    def _scalar(self, event: Any) -> None:
        text, tag, start, end = event.value, event.tag, event.start_mark, event.end_mark
        raw = tag is not None and self._is_raw(event)
        if end.line > start.line and event.style in ("'", '"'):
            self.quoted = event
        value = text if event.style or tag is not None else resolve(text)
        span = Span(self.source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        self._add(Scalar(value, span, text, raw), event, event.anchor, 1, 1)

    def _is_raw(self, event: Any) -> bool:
        if event.tag in ("!", "!raw"):
            return bool(event.tag == "!raw")
        self._unknown_tag(event, "the only tag is !raw")
        return False

    def _unknown_tag(self, event: Any, hint: str) -> None:
        shown = event.tag.replace("tag:yaml.org,2002:", "!!")
        error = self._error("unknown-tag", f"the tag {shown} is not allowed here", event.start_mark, hint, len(shown))
        self._report(error)

    def _start_mapping(self, event: Any) -> None:
        self._start(event, mapping=True)

    def _start_sequence(self, event: Any) -> None:
        self._start(event, mapping=False)

    def _start(self, event: Any, *, mapping: bool) -> None:
        if event.tag is not None and event.tag != "!":
            self._unknown_tag(event, "!raw goes before a single value, not before a list or a mapping")
        if len(self.stack) + 1 > MAX_DEPTH:
            raise self._too_deep(event)
        self._refuse_collection_key(event)
        self.stack.append(_Open(mapping, event.start_mark, event.anchor))

    def _too_deep(self, event: Any) -> InvalidScenario:
        return self._error("too-deep", f"nested deeper than {MAX_DEPTH} levels", event.start_mark)

    def _refuse_collection_key(self, event: Any) -> None:
        if not (self.stack and self.stack[-1].mapping and self.stack[-1].key is None):
            return
        place = self.source.place(event.start_mark.line + 1, event.start_mark.column + 1)
        braces = re.match(r"\{\{.*?(\}\}|$)", place.text[max(0, place.column - 2) :])
        if braces:
            place = self.source.place(place.line, place.column - 1, len(braces[0]))
            message = "a '{{' at the beginning of a value needs quotes around it"
            hint = f"write \"{braces[0]}\": YAML reads a bare '{{' as a mapping"
            raise InvalidScenario((Diagnostic("unquoted-template", message, place, hint),))
        message = "a key must be a single value, not a list or a mapping"
        raise InvalidScenario((Diagnostic("bad-key", message, place),))

    def _end(self, event: Any) -> None:
        done = self.stack.pop()
        start, end = done.start, event.end_mark
        span = Span(self.source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        node: Node = Sequence(tuple(done.items), span)
        if done.mapping:
            node = Mapping(tuple(done.entries), span, done.positions)
        self._add(node, event, done.anchor, done.size, done.height)

    def _alias(self, event: Any) -> None:
        known = self.anchors.get(event.anchor)
        if known is None:
            message = f"there is no anchor &{event.anchor} before this"
            hint = "a text that begins with '*' needs quotes"
            raise self._error("unknown-alias", message, event.start_mark, hint, len(event.anchor) + 1)
        node, size, height = known
        if len(self.stack) + height > MAX_DEPTH:
            raise self._too_deep(event)
        if not isinstance(node, Scalar):
            self._refuse_collection_key(event)
        self._add(node, event, None, size, height)

    def _add(self, node: Node, event: Any, anchor: str | None, size: int, height: int) -> None:
        if anchor:
            self.anchors[anchor] = (node, size, height)
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.size += size
        if height >= parent.height:
            parent.height = height + 1
        if parent.size > MAX_NODES:
            raise self._error("too-many-nodes", f"more than {MAX_NODES:,} values, aliases expanded", event.start_mark)
        if not parent.mapping:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = self._as_key(parent, node, event)
        else:
            parent.positions[parent.key.text] = len(parent.entries)
            parent.entries.append((parent.key, node))
            parent.key = None

    def _as_key(self, parent: _Open, node: Node, event: Any) -> Scalar:
        assert isinstance(node, Scalar)
        name = node.text
        if name == "<<" and isinstance(node.value, str) and not getattr(event, "style", None):
            hint = "YAML 1.2 has no merge keys: give an alias to a whole value instead, or write the fields out"
            self._report(self._error("merge-key", "'<<' merges nothing", event.start_mark, hint, 2))
        elif name in parent.positions:
            hint = f"it is already in line {parent.entries[parent.positions[name]][0].span.line}"
            mark = event.start_mark
            raise self._error("duplicate-key", f"duplicate key '{name}'", mark, hint, max(1, len(name)))
        return node if node.value == name else node._replace(value=name)
