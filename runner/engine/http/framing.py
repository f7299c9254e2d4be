"""Where the body of an HTTP/1.1 answer ends (RFC 9112, section 6), without any input or output.

Written for streams of very many tiny chunks: an engine sends each line of a log as a chunk of its own, and
``http.client`` would spend a call per chunk where this spends one per received block.
"""

from __future__ import annotations

from typing import Final, Protocol

_LONGEST_SIZE_LINE: Final = 4096
_LARGEST_CHUNK: Final = 1 << 62


class BrokenBodyError(ValueError):
    """The bytes do not follow HTTP's framing; ``before`` are the body's bytes that stood before the place."""

    before = b""


class Body(Protocol):
    """Takes received bytes, gives the body's."""

    ended: bool
    rest: bytes
    """After the end: what was received beyond it."""

    def feed(self, data: bytes) -> bytes:
        """The body's bytes within ``data``.

        Raises:
            BrokenBodyError: this is no body.
        """

    def cut(self) -> str | None:
        """The connection ended here: what is missing, or None where that is how this body ends."""


class SizedBody:
    """A body with a Content-Length."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._left = size
        self.ended = size == 0
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        if len(data) > self._left:
            data, self.rest = data[: self._left], data[self._left :]
        self._left -= len(data)
        self.ended = self._left == 0
        return data

    def cut(self) -> str | None:
        return f"{self._size - self._left} of {self._size} bytes came"


class OpenBody:
    """A body that lasts as long as the connection."""

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        return data

    def cut(self) -> str | None:
        return None


class ChunkedBody:
    """A body in chunks, each with its size before it."""

    def __init__(self) -> None:
        self._left = 0
        self._pending = b""
        self._after_chunk = False
        self._in_trailer = False
        self._count = 0
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        left = self._left
        if left > len(data):
            self._left = left - len(data)
            self._count += len(data)
            return data
        if self._pending:
            data, self._pending = self._pending + data, b""
        pieces: list[bytes] = []
        position = 0
        if left:
            pieces.append(data[:left])
            position = left
            self._after_chunk = True
        self._left = 0
        try:
            self._chunks(data, position, pieces)
        except BrokenBodyError as error:
            error.before = b"".join(pieces)
            raise
        out = b"".join(pieces)
        self._count += len(out)
        return out

    def _chunks(self, data: bytes, position: int, pieces: list[bytes]) -> None:
        """Take what is complete from ``data``; an unfinished line waits in ``_pending`` for more."""
        while not self._in_trailer:
            if self._after_chunk:
                ending = data[position : position + 2]
                if ending != b"\r\n":
                    if not b"\r\n".startswith(ending):
                        raise BrokenBodyError("a chunk does not end where its size says")
                    break
                position += 2
                self._after_chunk = False
            position = _whole_chunks(data, position, pieces)
            line_end = data.find(b"\r\n", position)
            if line_end < 0:
                break
            size = _chunk_size(data[position:line_end])
            position = line_end + 2
            if size == 0:
                self._in_trailer = True
                break
            stop = position + size
            pieces.append(data[position:stop])
            if stop > len(data):
                self._left = stop - len(data)
                return
            position = stop
            self._after_chunk = True
        if self._in_trailer:
            position = self._skip_trailer(data, position)
        if not self.ended:
            self._pending = data[position:]
            if len(self._pending) > _LONGEST_SIZE_LINE:
                raise BrokenBodyError("a chunk's size line has no end")

    def _skip_trailer(self, data: bytes, position: int) -> int:
        while (line_end := data.find(b"\r\n", position)) >= 0:
            if line_end == position:
                self.ended = True
                self.rest = data[line_end + 2 :]
                break
            position = line_end + 2
        return position

    def cut(self) -> str | None:
        if self._left:
            return f"a chunk lacks {self._left} bytes after {self._count} bytes of the body"
        return f"the last chunk is missing after {self._count} bytes of the body"


def _whole_chunks(data: bytes, position: int, pieces: list[bytes]) -> int:
    """The fast way over chunks that lie in ``data`` with all that belongs to them; where the first other thing is."""
    find, append = data.find, pieces.append
    while (line_end := find(b"\r\n", position)) >= 0:
        try:
            size = int(data[position:line_end], 16)
        except ValueError:
            break
        start = line_end + 2
        stop = start + size
        if size <= 0 or data[stop : stop + 2] != b"\r\n":
            break
        append(data[start:stop])
        position = stop + 2
    return position


def _chunk_size(line: bytes) -> int:
    try:
        size = int(line, 16)
    except ValueError:
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            raise BrokenBodyError("a chunk's size is not a number") from None
    if not 0 <= size < _LARGEST_CHUNK:
        raise BrokenBodyError("a chunk's size makes no sense")
    return size
