"""Whether a tar came whole, watched while it flows by, without holding it.

An engine that fails in the middle of an export has sent its 200 already: the tar just ends, or JSON with the reason
stands behind its last byte. The format: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from runner.errors import EngineError

BLOCK: Final = 512
_TAIL: Final = 16 * 1024
"""Bytes of the end that are kept, in which an error may stand."""
_LARGEST_RECORDS: Final = 1024 * 1024
_WITHOUT_CONTENT: Final = frozenset(b"123456")
"""Links, devices, folders, pipes: a size in their header counts nothing."""
_PAX: Final = ord("x")


class TarWatch:
    """Is fed a tar piece by piece."""

    def __init__(self) -> None:
        self._held = b""
        self._tail = b""
        self._skip = 0
        self._zeros = 0
        self._pax_size = 0
        self._next_size: int | None = None
        self._broken = False
        self._behind = False
        self.entries = 0

    def feed(self, data: bytes) -> None:
        """The next bytes, in pieces of any size."""
        self._tail = data[-_TAIL:] if len(data) >= _TAIL else (self._tail + data)[-_TAIL:]
        if self._broken:
            return
        position = min(self._skip, len(data))
        self._skip -= position
        if self._skip:
            return
        if self._held:
            data, self._held = self._held + data[position:], b""
            position = 0
        position = self._walk(data, position)
        if not self._broken:
            self._held = data[position:]

    def problem(self) -> str | None:
        """The tar is over: the error that the engine put behind it, if any.

        Raises:
            EngineError: ``truncated-tar`` or ``broken-tar``.
        """
        if self._zeros and not (self._broken or self._behind or self._held.strip(b"\0")):
            return None
        found = _error_at_end(self._tail)
        if found or self._behind or (self._zeros and not self._broken):
            return found
        if self._broken:
            where = f" behind its first {self.entries} entries" if self.entries else ""
            raise EngineError("broken-tar", f"the engine's answer is no tar{where}")
        raise EngineError("truncated-tar", f"the tar ends too early, behind {self.entries} entries")

    def _walk(self, data: bytes, position: int) -> int:
        """Go from header to header; where the first one that is not complete begins."""
        while len(data) - position >= BLOCK:
            if self._zeros >= 2:
                self._behind = self._behind or bool(data[position:].strip(b"\0"))
                return len(data)
            block = data[position : position + BLOCK]
            if not any(block):
                self._zeros += 1
                position += BLOCK
                continue
            if self._pax_size:
                taken = self._records(data, position)
                if not taken:
                    return position
                position += taken
                continue
            if self._zeros or not _is_header(block):
                self._broken = True
                return len(data)
            position += BLOCK
            self._enter(block)
            step = min(self._skip, len(data) - position)
            self._skip -= step
            position += step
        return position

    def _enter(self, header: bytes) -> None:
        kind, size = header[156], _number(header[124:136])
        if kind == _PAX and 0 < size <= _LARGEST_RECORDS:
            self._pax_size = size
            return
        self.entries += kind not in b"xgLK"
        if self._next_size is not None and kind not in b"gLK":
            size, self._next_size = self._next_size, None
        self._skip = 0 if kind in _WITHOUT_CONTENT else _padded(size)

    def _records(self, data: bytes, position: int) -> int:
        """Read the size of the next entry out of extended records, once they are complete; how long they are."""
        length = _padded(self._pax_size)
        if len(data) - position < length:
            return 0
        found = re.search(rb"(?:^|\n)\d+ size=(\d{1,20})\n", data[position : position + self._pax_size])
        self._next_size = int(found[1]) if found else None
        self._pax_size = 0
        return length


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _is_header(block: bytes) -> bool:
    """Whether the checksum is right: the sum of all bytes, with its own as spaces."""
    return _number(block[148:156]) == sum(block) - sum(block[148:156]) + 8 * 0x20


def _number(text: bytes) -> int:
    """Octal digits, or where the first bit is set a binary number; -1 for anything else."""
    if text[0] & 0x80:
        return int.from_bytes(bytes((text[0] & 0x7F,)) + text[1:], "big")
    try:
        return int(text.strip(b"\0 ") or b"0", 8)
    except ValueError:
        return -1


def _error_at_end(tail: bytes) -> str | None:
    """The engine's words in a JSON object at the very end."""
    text = tail.decode("utf-8", "replace").rstrip("\0\r\n ")
    for found in reversed(list(re.finditer(r"\{\s*\"", text))):
        try:
            value = json.loads(text[found.start() :])
        except (ValueError, RecursionError):
            continue
        detail = value.get("errorDetail")
        said = value.get("error") or (detail.get("message") if isinstance(detail, Mapping) else None)
        said = said or value.get("message") or value.get("cause")
        if isinstance(said, str) and said:
            return said
    return None
