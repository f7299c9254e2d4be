"""Keeps the beginning of a byte stream, in bounded memory."""

from __future__ import annotations

from typing import Final

KEPT_BYTES: Final = 1024 * 1024
"""How much of a stream is kept, in bytes; the rest is read, counted and dropped."""


class HeadBuffer:
    """The first :data:`KEPT_BYTES` of a stream."""

    __slots__ = ("_parts", "_room", "truncated")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._room = KEPT_BYTES
        self.truncated = False

    def add(self, data: bytes) -> None:
        if self._room >= len(data):
            self._room -= len(data)
            self._parts.append(data)
        elif data:
            self.truncated = True
            if self._room:
                self._parts.append(data[: self._room])
                self._room = 0

    def text(self) -> str:
        """Return it as text: bytes that are not UTF-8 are replaced, and a character that the limit has cut in two is
        left out."""
        data = b"".join(self._parts)
        if self.truncated and _only_end_is_invalid(data):
            return data.decode("utf-8", "ignore")
        return data.decode("utf-8", "replace")


def _only_end_is_invalid(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(data) - 3
    return True
