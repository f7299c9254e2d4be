"""Checks that a tar archive is complete while it is streamed, without buffering it.

An engine that fails in the middle of an export has sent its 200 already: the tar just ends, or JSON with the reason
follows its last byte. The format: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from runner.api.error_message import bounded
from runner.errors import EngineError

BLOCK: Final = 512
_TAIL: Final = 16 * 1024
"""Bytes of the end that are kept, since an error may be in them."""
_MAX_RECORDS: Final = 1024 * 1024
"""Bytes of extended records (pax) that are read."""
_WITHOUT_CONTENT: Final = frozenset(b"123456")
"""Links, devices, folders, pipes: a size in their header has no meaning."""
_PAX: Final = ord("x")


class TarWatch:
    """Watches a tar that is fed to it piece by piece."""

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
        """Take the next bytes, in pieces of any size."""
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
        """Take the end of the tar; return the error that the engine wrote behind it, if any.

        Raises:
            EngineError: ``truncated-tar`` or ``broken-tar``.
        """
        if self._zeros and not (self._broken or self._behind or self._held.strip(b"\0")):
            return None
        error = _error_at_end(self._tail)
        if error or self._behind or (self._zeros and not self._broken):
            return error
        if self._broken:
            where = f" after the first {self.entries} entries" if self.entries else ""
            raise EngineError("broken-tar", f"the engine's response is not a tar{where}")
        raise EngineError("truncated-tar", f"the tar ends too early, after {self.entries} entries")

    def _walk(self, data: bytes, position: int) -> int:
        """Go from header to header; return where the first incomplete one begins."""
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
        if kind == _PAX and 0 < size <= _MAX_RECORDS:
            self._pax_size = size
            return
        self.entries += kind not in b"xgLK"
        if self._next_size is not None and kind not in b"gLK":
            size, self._next_size = self._next_size, None
        self._skip = 0 if kind in _WITHOUT_CONTENT else _padded(size)

    def _records(self, data: bytes, position: int) -> int:
        """Read the next entry's size from extended records, once they are complete; return their length."""
        length = _padded(self._pax_size)
        if len(data) - position < length:
            return 0
        match = re.search(rb"(?:^|\n)\d+ size=(\d{1,20})\n", data[position : position + self._pax_size])
        self._next_size = int(match[1]) if match else None
        self._pax_size = 0
        return length


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _is_header(block: bytes) -> bool:
    """Return whether the checksum is right: the sum of all bytes, with its own as spaces."""
    return _number(block[148:156]) == sum(block) - sum(block[148:156]) + 8 * 0x20


def _number(text: bytes) -> int:
    """Return a number from octal digits, or binary if its first bit is set; -1 for anything else."""
    if text[0] & 0x80:
        return int.from_bytes(bytes((text[0] & 0x7F,)) + text[1:], "big")
    try:
        return int(text.strip(b"\0 ") or b"0", 8)
    except ValueError:
        return -1


def _error_at_end(tail: bytes) -> str | None:
    """Return the engine's message in a JSON object at the very end."""
    text = tail.decode("utf-8", "replace").rstrip("\0\r\n ")
    for match in reversed(list(re.finditer(r"\{\s*\"", text))):
        try:
            value = json.loads(text[match.start() :])
        except (ValueError, RecursionError):
            continue
        detail = value.get("errorDetail")
        message = value.get("error") or (detail.get("message") if isinstance(detail, Mapping) else None)
        message = message or value.get("message") or value.get("cause")
        if isinstance(message, str) and message:
            return bounded(message)
    return None
