"""Delimits the body of an HTTP/1.1 message (RFC 9112, sections 6 and 7), without any input or output."""

from __future__ import annotations

import re
from typing import Final, Protocol

MAX_FIELDS: Final = 256
"""Header lines of one message, and trailer lines."""
MAX_FIELD_BYTES: Final = 64 * 1024
"""Bytes of a whole head, and of all trailers."""

_MAX_SIZE_LINE: Final = 4096
_MAX_CHUNK: Final = 1 << 62
_MAX_SIZES: Final = 4096
_FIELD_LINES = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*\r\n)*")
_SIZE = re.compile(rb"[0-9A-Fa-f]+")

Fields = tuple[tuple[str, str], ...]
"""Header or trailer lines: names as they were sent, in order, repeated ones too."""


class ProtocolError(ValueError):
    """The bytes are not what HTTP/1.1 says; ``before`` is the part of the body that came right before the place."""

    before = b""


class Body(Protocol):
    """Takes received bytes and returns those of the body. ``rest`` is what was received beyond the end."""

    ended: bool
    rest: bytes

    def feed(self, data: bytes) -> bytes:
        """Return the body's bytes within ``data``.

        Raises:
            ProtocolError: the framing is wrong.
        """

    def missing(self) -> str | None:
        """Return what is missing if the connection ends here; None where that is how this body ends."""


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

    def missing(self) -> str | None:
        return f"{self._size - self._left} of {self._size} bytes arrived"


class OpenBody:
    """A body that lasts as long as the connection."""

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        return data

    def missing(self) -> str | None:
        return None


class ChunkedBody:
    """A body in chunks, each with its size before it, and trailers behind the last."""

    def __init__(self) -> None:
        self._left = 0
        self._pending = b""
        self._after_chunk = False
        self._in_trailers = False
        self._count = 0
        self._sizes: dict[bytes, int] = {}
        self.trailers: Fields = ()
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
        except ProtocolError as error:
            error.before = b"".join(pieces)
            raise
        out = b"".join(pieces)
        self._count += len(out)
        return out

    def _chunks(self, data: bytes, position: int, pieces: list[bytes]) -> None:
        """Take what is complete from ``data``; an unfinished line is kept in ``_pending``."""
        while not self._in_trailers:
            if self._after_chunk:
                ending = data[position : position + 2]
                if ending != b"\r\n":
                    if not b"\r\n".startswith(ending):
                        raise ProtocolError("a chunk does not end where its size says")
                    break
                position += 2
                self._after_chunk = False
            position = self._whole_chunks(data, position, pieces)
            line_end = data.find(b"\r\n", position)
            if line_end < 0:
                if len(data) - position > _MAX_SIZE_LINE + 1:
                    raise ProtocolError("a chunk's size line is too long")
                break
            if line_end - position > _MAX_SIZE_LINE:
                raise ProtocolError("a chunk's size line is too long")
            size = self._size(data[position:line_end])
            position = line_end + 2
            if size == 0:
                self._in_trailers = True
                break
            stop = position + size
            pieces.append(data[position:stop])
            if stop > len(data):
                self._left = stop - len(data)
                return
            position = stop
            self._after_chunk = True
        if self._in_trailers:
            self._end(data, position)
        else:
            self._pending = data[position:]

    def _whole_chunks(self, data: bytes, position: int, pieces: list[bytes]) -> int:
        """Take the chunks that lie in ``data`` as a whole, the fast way; return where the first other thing begins."""
        find, append, size_of = data.find, pieces.append, self._sizes.get
        while (line_end := find(b"\r\n", position)) >= 0:
            size = size_of(data[position:line_end])
            if size is None:
                break
            start = line_end + 2
            stop = start + size
            if data[stop : stop + 2] != b"\r\n":
                break
            append(data[start:stop])
            position = stop + 2
        return position

    def _size(self, line: bytes) -> int:
        """Parse a size line, and keep it for :meth:`_whole_chunks`: the same few sizes come again and again."""
        size = self._sizes[line] if line in self._sizes else _chunk_size(line)
        if size and len(self._sizes) < _MAX_SIZES:
            self._sizes[line] = size
        return size

    def _end(self, data: bytes, position: int) -> None:
        """Read the trailers, up to the empty line."""
        if data[position : position + 2] == b"\r\n":
            end, stop = position, position + 2
        else:
            end = data.find(b"\r\n\r\n", position)
            stop = end + 4
        if (end if end >= 0 else len(data) - 3) - position > MAX_FIELD_BYTES:
            raise ProtocolError(f"the trailers are larger than {MAX_FIELD_BYTES // 1024} KiB")
        if end < 0:
            self._pending = data[position:]
            return
        if end > position:
            self.trailers = read_fields(data[position : end + 2].decode("latin-1"))
        self.ended = True
        self.rest = data[stop:]

    def missing(self) -> str | None:
        if self._left:
            return f"a chunk lacks {self._left} bytes after {self._count} bytes of the body"
        return f"the last chunk is missing after {self._count} bytes of the body"


def read_fields(lines: str) -> Fields:
    """Return the names and values of header or trailer lines, each with its line break.

    Raises:
        ProtocolError: one is not a field, or there are too many.
    """
    if not _FIELD_LINES.fullmatch(lines):
        raise ProtocolError(f"there is a line that is not a header: {_first_wrong(lines)[:80]!r}")
    fields = [line.partition(":") for line in lines.split("\r\n")[:-1]]
    if len(fields) > MAX_FIELDS:
        raise ProtocolError(f"there are more than {MAX_FIELDS} headers")
    return tuple([(name, value.strip(" \t")) for name, _, value in fields])


def _first_wrong(lines: str) -> str:
    return next((line for line in lines.split("\r\n") if not _FIELD_LINES.fullmatch(f"{line}\r\n")), lines)


def encode_chunk(data: bytes) -> bytes:
    """Return ``data``, which is not empty, as a chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK: Final = b"0\r\n\r\n"


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].rstrip(b" \t")
    if not _SIZE.fullmatch(digits):
        raise ProtocolError("a chunk's size is not a number")
    size = int(digits, 16)
    if size >= _MAX_CHUNK:
        raise ProtocolError("a chunk's size makes no sense")
    return size
