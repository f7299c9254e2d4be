"""Keeps the beginning of an output, in bounded memory, and counts the rest."""

from __future__ import annotations

from typing import Final

from runner.executor.response.watch import TextWatch
from runner.results.records import MARK, WHOLE, LeftOut

KEPT_BYTES: Final = 1024 * 1024
"""How much of a stream is kept, in bytes; the rest is read, counted and dropped."""
LAST_LINE: Final = 64 * 1024
"""The longest unfinished line at the end that is left out as a whole, in bytes."""


class HeadBuffer:
    """The first :data:`KEPT_BYTES` of an output. ``watch`` sees all of one that is longer."""

    __slots__ = ("_parts", "_room", "_total", "_watch")

    def __init__(self, watch: TextWatch | None = None) -> None:
        self._parts: list[bytes] = []
        self._room = KEPT_BYTES
        self._total = 0
        self._watch = watch

    def add(self, data: bytes) -> None:
        if self._room >= len(data):
            self._room -= len(data)
            self._parts.append(data)
        else:
            if self._watch is not None:
                if not self._is_cut:
                    self._watch.feed(b"".join(self._parts))
                self._watch.feed(data)
            if self._room:
                self._parts.append(data[: self._room])
                self._room = 0
        self._total += len(data)

    @property
    def _is_cut(self) -> bool:
        return self._total > KEPT_BYTES

    def text(self) -> str:
        """Return it as text, in which bytes that are not UTF-8 are replaced. A text that was cut ends with a whole
        line, or with :data:`~runner.results.records.MARK`."""
        return self.kept()[0]

    def kept(self) -> tuple[str, LeftOut]:
        """Return the text, and how much was left out of it."""
        data = b"".join(self._parts)
        if not self._is_cut:
            return data.decode("utf-8", "replace"), WHOLE
        end = data.rfind(b"\n", len(data) - LAST_LINE) + 1
        mark = "" if end else MARK
        data = data[:end] if end else _without_broken_character(data)
        text = data.decode("utf-8", "replace")
        left_out = LeftOut(self._total - len(data))
        if self._watch is not None:
            self._watch.end()
            left_out = left_out._replace(characters=self._watch.length - len(text))
        return text + mark, left_out


def _without_broken_character(data: bytes) -> bytes:
    """Return the bytes without a character that is incomplete at their end."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return data[: error.start] if error.start >= len(data) - 3 else data
    return data
