"""Parses HTTP/1.1 messages (RFC 9112) without any input or output: responses for a client, requests for a server.

A parser is fed what arrives, cut anywhere, and returns the bytes of the body. ``head`` is there as soon as it is
complete, ``ended`` says that the message is, ``trailers`` are the fields behind its chunks, and ``rest`` is what was
received beyond it: the next message of a pipeline, or raw bytes after an upgrade. One parser reads one message.

Why not h11, which wsproto brings along: engines send each line of a log as a chunk of its own, and h11 makes several
objects of each chunk, where this makes one look-up in a dictionary. ``python -m tests.benchmarks http`` measured 0.09
of h11's time for a million chunks of 40 bytes (1.5 against 16.6 s) and 0.26 for ten thousand small responses (0.7
against 2.6 s), start of the process included. A property test holds that both read the same.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import ClassVar, Final, Generic, NamedTuple, TypeVar

from runner.engine.http.framing import (
    MAX_FIELD_BYTES,
    Body,
    ChunkedBody,
    Fields,
    OpenBody,
    ProtocolError,
    SizedBody,
    read_fields,
)
from runner.engine.transport import Headers

_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([^\r\n\0]*))?")
_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP/1\.([01])")
_LENGTH = re.compile(r"[0-9]{1,19}")
_STATUS_START: Final = b"HTTP/1."
_METHOD_START: Final = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class NotHttpError(ProtocolError):
    """The bytes do not begin like an HTTP/1.1 message; ``data`` are the first of them."""

    def __init__(self, data: bytes) -> None:
        super().__init__(f"not HTTP/1.1: {data[:60]!r}")
        self.data = data


class IncompleteError(ProtocolError):
    """The connection ended before the message did."""


class ResponseHead(NamedTuple):
    """A response before its body. ``keep`` says whether the connection can be used again behind it."""

    status: int
    reason: str
    headers: Headers
    fields: Fields
    keep: bool

    @property
    def upgraded(self) -> bool:
        """Return whether the protocol was switched: the body is raw bytes then, to the end of the connection."""
        return self.status == 101


class RequestHead(NamedTuple):
    """A request before its body. ``upgrade`` is the protocol that it asks to switch to, in lower case."""

    method: str
    target: str
    headers: Headers
    fields: Fields
    keep: bool
    upgrade: str | None = None

    @property
    def expects_continue(self) -> bool:
        """Return whether the client waits for ``100 Continue`` before it sends the body."""
        return self.headers.get("expect", "").lower() == "100-continue"


Head = TypeVar("Head", ResponseHead, RequestHead)


class _Parser(ABC, Generic[Head]):
    """Parses what both kinds have in common: the head's bytes are collected, then the body is delimited."""

    _noun: ClassVar[str]

    def __init__(self) -> None:
        self.head: Head | None = None
        self._block = b""
        self._body: Body | None = None

    @property
    def ended(self) -> bool:
        return self._body is not None and self._body.ended

    @property
    def rest(self) -> bytes:
        return self._body.rest if self._body is not None else b""

    @property
    def trailers(self) -> Fields:
        return self._body.trailers if isinstance(self._body, ChunkedBody) else ()

    @property
    def until_close(self) -> bool:
        """Return whether the body lasts as long as the connection."""
        return isinstance(self._body, OpenBody)

    def feed(self, data: bytes) -> bytes:
        """Return the bytes of the body within ``data``.

        Raises:
            NotHttpError: this is not the beginning of such a message.
            ProtocolError: the head or the framing is wrong.
        """
        body = self._body
        while body is None:
            text = self._text(data)
            if text is None:
                return b""
            data, self._block = self._block, b""
            first, _, lines = text.partition("\r\n")
            body = self._body = self._begin(first, lines)
        if body.ended:
            body.rest += data
            return b""
        return body.feed(data)

    def end(self) -> None:
        """Take the end of the connection.

        Raises:
            IncompleteError: the message does not end here.
        """
        body = self._body
        if body is None:
            where = f"in the middle of a {self._noun}'s head" if self._block else f"without a {self._noun}"
            raise IncompleteError(where)
        missing = None if body.ended else body.missing()
        if missing is not None:
            raise IncompleteError(f"in the middle of a {self._noun}: {missing}")
        body.ended = True

    def _text(self, data: bytes) -> str | None:
        """Return the head once its empty line has arrived, without that; what is behind it stays in ``_block``."""
        searched = max(0, len(self._block) - 3)
        block = self._block = self._start(self._block + data if self._block else data)
        end = block.find(b"\r\n\r\n", searched)
        if (end if end >= 0 else len(block) - 3) > MAX_FIELD_BYTES:
            raise ProtocolError(f"the head is larger than {MAX_FIELD_BYTES // 1024} KiB")
        if end < 0:
            return None
        self._block = block[end + 4 :]
        return block[: end + 2].decode("latin-1")

    @abstractmethod
    def _start(self, block: bytes) -> bytes:
        """Return the bytes of a head, without what may be before it.

        Raises:
            NotHttpError: it does not begin like one.
        """

    @abstractmethod
    def _begin(self, first: str, lines: str) -> Body | None:
        """Set the head, and return how the body is delimited; None for a head that another one follows."""


class ResponseParser(_Parser[ResponseHead]):
    """Parses the response to a request with ``method``. Interim responses (1xx, but not 101) are skipped."""

    _noun = "response"

    def __init__(self, method: str) -> None:
        super().__init__()
        self._method = method

    def _start(self, block: bytes) -> bytes:
        if not block.startswith(_STATUS_START[: len(block)]):
            raise NotHttpError(block)
        return block

    def _begin(self, first: str, lines: str) -> Body | None:
        match = _STATUS_LINE.fullmatch(first)
        if not match:
            raise NotHttpError(first.encode("latin-1"))
        fields = read_fields(lines)
        status = int(match[2])
        if status < 200 and status != 101:
            return None
        headers = Headers(fields)
        body = self._framing(status, headers)
        ambiguous = "transfer-encoding" in headers and "content-length" in headers
        closes = "connection" in headers and "close" in options(headers)
        keep = match[1] == "1" and not isinstance(body, OpenBody) and not ambiguous and not closes
        self.head = ResponseHead(status, match[3] or "", headers, fields, keep)
        return body

    def _framing(self, status: int, headers: Headers) -> Body:
        """Choose how the body is delimited (RFC 9112, 6.3)."""
        if status == 101:
            return OpenBody()
        if self._method == "HEAD" or status in (204, 304):
            return SizedBody(0)
        if "transfer-encoding" in headers:
            return _chunked(headers)
        return SizedBody(_length(headers)) if "content-length" in headers else OpenBody()


class RequestParser(_Parser[RequestHead]):
    """Parses a request. Empty lines before it are skipped (RFC 9112, 2.2)."""

    _noun = "request"

    def _start(self, block: bytes) -> bytes:
        block = block.lstrip(b"\r\n")
        if block and block[0] not in _METHOD_START:
            raise NotHttpError(block)
        return block

    def _begin(self, first: str, lines: str) -> Body:
        match = _REQUEST_LINE.fullmatch(first)
        if not match:
            raise NotHttpError(first.encode("latin-1"))
        fields = read_fields(lines)
        headers = Headers(fields)
        body: Body
        if "transfer-encoding" in headers:
            # Two parties that each choose the other one would see two different requests (RFC 9112, 11.2).
            if "content-length" in headers or match[3] == "0":
                raise ProtocolError("the length of the body is ambiguous")
            body = _chunked(headers)
        else:
            body = SizedBody(_length(headers) if "content-length" in headers else 0)
        words = options(headers)
        upgrade = headers.get("upgrade", "").lower() or None if "upgrade" in words else None
        keep = match[3] == "1" and "close" not in words
        self.head = RequestHead(match[1], match[2], headers, fields, keep, upgrade)
        return body


def options(headers: Headers) -> frozenset[str]:
    """Return the options of the Connection header, in lower case (RFC 9110, 7.6.1)."""
    return frozenset(word.strip() for word in headers.get("connection", "").lower().split(","))


def _chunked(headers: Headers) -> ChunkedBody:
    coding = headers["transfer-encoding"]
    if coding.lower() != "chunked":
        raise ProtocolError(f"the body has a transfer encoding that was not asked for: {coding[:80]!r}")
    return ChunkedBody()


def _length(headers: Headers) -> int:
    length = headers["content-length"]
    if not _LENGTH.fullmatch(length):
        raise ProtocolError(f"the length of the body is not a number: {length[:80]!r}")
    return int(length)
