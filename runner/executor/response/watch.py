"""Watches streams that are too long to be kept, so that expectations see all of them.

What is expected is asked for when a stream gets too long, and not before: most are short, and are judged as they were
kept.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from runner.errors import StepError
from runner.executor.response.probes import Probe, probe_for
from runner.results.records import ResponseRecord
from runner.scenario.expressions.functions.texts import as_text
from runner.scenario.matchers.compare import compare
from runner.scenario.matchers.operands import is_matcher
from runner.scenario.matchers.streamed import Finding, StreamedItems, StreamedText, TextQuestion

Ask = Callable[[str], list[Any]]
"""Returns what is expected of a part of the result (``stdout``), as far as that is known while it arrives."""


class Watched(NamedTuple):
    """The streams of a response that were too long to be kept, by the part of the result that they are."""

    streams: Mapping[str, StreamedText | StreamedItems]


NOTHING_WATCHED: Final = Watched({})


class StreamWatch:
    """Watches the streams of one response."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._texts: dict[str, TextWatch] = {}
        self._items: ItemWatch | None = None

    def text(self, name: str) -> TextWatch:
        """Return what watches an output."""
        return self._texts.setdefault(name, TextWatch(lambda: self._ask(name)))

    def items(self) -> ItemWatch:
        """Return what watches the elements of a stream."""
        self._items = self._items or ItemWatch(lambda: self._ask("items"))
        return self._items

    def watched(self, record: ResponseRecord) -> Watched:
        """Return the findings, once the response has been read."""
        streams: dict[str, StreamedText | StreamedItems] = {}
        for name, watch in self._texts.items():
            if watch.length:
                streams[name] = StreamedText(getattr(record, name), watch.length, watch.findings())
        if self._items is not None and self._items.length and record.items is not None:
            length = len(record.items) + self._items.length
            streams["items"] = StreamedItems(record.items, length, self._items.findings())
        return Watched(streams) if streams else NOTHING_WATCHED


class TextWatch:
    """Watches one output from its beginning on; ``length`` is its length so far, in characters."""

    def __init__(self, ask: Callable[[], list[Any]]) -> None:
        self._ask = ask
        self._probes: dict[TextQuestion, Probe] | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._ended = False
        self.length = 0

    def feed(self, data: bytes, *, is_end: bool = False) -> None:
        """Look at the next bytes."""
        self._ended = is_end
        if self._probes is None:
            questions = (question for wanted in self._ask() for question in _text_questions(wanted))
            self._probes = {question: probe_for(question) for question in questions}
        text = self._decoder.decode(data, is_end)
        self.length += len(text)
        for probe in self._probes.values():
            probe.feed(text)

    def end(self) -> None:
        """Look at what the last bytes are: a character that is incomplete is replaced."""
        if not self._ended:
            self.feed(b"", is_end=True)

    def findings(self) -> dict[TextQuestion, Finding]:
        """Return the answers, after the last bytes."""
        self.end()
        return {question: probe.finish() for question, probe in (self._probes or {}).items()}


class ItemWatch:
    """Watches the elements of a stream that are not kept; ``length`` is their number."""

    def __init__(self, ask: Callable[[], list[Any]]) -> None:
        self._ask = ask
        self._found: list[tuple[Any, Finding]] | None = None
        self.length = 0

    def feed(self, item: Any) -> None:
        """Look at the next element."""
        if self._found is None:
            self._found = [(wanted, False) for expected in self._ask() for wanted in _item_questions(expected)]
        self.length += 1
        for index, (wanted, finding) in enumerate(self._found):
            if finding is False:
                self._found[index] = (wanted, _fits(wanted, item))

    def findings(self) -> list[tuple[Any, Finding]]:
        """Return which expected elements were among them."""
        return self._found or []


def _fits(wanted: Any, item: Any) -> Finding:
    try:
        return not compare(wanted, item)
    except StepError as error:
        return error


def _text_questions(wanted: Any) -> Iterator[TextQuestion]:
    """Yield what an expectation asks about a text."""
    if not is_matcher(wanted):
        if not isinstance(wanted, (Mapping, list)):
            yield "equals", as_text(wanted)
        return
    for name, operand in wanted.items():
        match name:
            case "not":
                yield from _text_questions(operand)
            case "one_of":
                for inner in operand:
                    yield from _text_questions(inner)
            case "equals" | "contains" | "matches" if not isinstance(operand, (Mapping, list)):
                yield name, as_text(operand)


def _item_questions(wanted: Any) -> Iterator[Any]:
    """Yield what an expectation asks of each element."""
    if is_matcher(wanted):
        for name, operand in wanted.items():
            match name:
                case "not":
                    yield from _item_questions(operand)
                case "one_of":
                    for inner in operand:
                        yield from _item_questions(inner)
                case "contains":
                    yield operand
