"""Parses the heads of HTTP/1.1 requests and responses (RFC 9112) that others wrote."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from runner.engine.http.framing import Body, ChunkedBody, OpenBody, SizedBody
from runner.engine.transport import Headers

MAX_HEAD: Final = 256 * 1024
"""Bytes. An ``X-Registry-Config`` with many registries makes heads large."""

_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP/1\.([01])")
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: (.*))?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HIJACKING = re.compile(r"(?:/v[0-9.]+)?(?:/libpod)?/(?:containers/[^/]+/attach|exec/[^/]+/start|session|grpc)")
_NO_BODY: Final = frozenset((204, 304))


class NotHttpError(ValueError):
    """The bytes are not HTTP/1.1."""


class RequestHead(NamedTuple):
    """A request up to its body. ``target`` is the path with its query, as the client wrote it."""

    method: str
    target: str
    headers: Headers
    keep: bool = True

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def upgrade(self) -> str | None:
        """The protocol that the client asks to switch to."""
        if "upgrade" not in self.headers.get("connection", "").lower():
            return None
        return self.headers.get("upgrade") or None

    @property
    def may_hijack(self) -> bool:
        """Whether bytes behind this request may be no further request: an upgrade was asked for, or the operation
        takes over the connection without (attach and exec start before API 1.42)."""
        return self.upgrade is not None or (self.method == "POST" and _HIJACKING.fullmatch(self.path) is not None)

    def body(self) -> Body:
        """Return the framing of the request's body.

        Raises:
            NotHttpError: it can't be known.
        """
        return _framed(self.headers) or SizedBody(0)


class ResponseHead(NamedTuple):
    """A response up to its body."""

    status: int
    reason: str
    headers: Headers

    @property
    def interim(self) -> bool:
        """Whether another response to the same request follows (``100 Continue``)."""
        return self.status < 200 and self.status != 101

    def body(self, method: str) -> Body:
        """Return the framing of the response's body to a request of this method (RFC 9112, 6.3).

        Raises:
            NotHttpError: it can't be known.
        """
        if self.status == 101:
            return OpenBody()
        if method == "HEAD" or self.status in _NO_BODY:
            return SizedBody(0)
        return _framed(self.headers) or OpenBody()


def parse_request(block: bytes) -> RequestHead:
    """Parse the bytes before the empty line.

    Raises:
        NotHttpError: they are no request.
    """
    first, *lines = block.decode("latin-1").split("\r\n")
    match = _REQUEST_LINE.fullmatch(first)
    if not match:
        raise NotHttpError(f"not a request line: {first[:80]!r}")
    headers = _headers(lines)
    options = headers.get("connection", "").lower()
    keep = "close" not in options and (match[3] == "1" or "keep-alive" in options)
    return RequestHead(match[1], match[2], headers, keep)


def parse_response(block: bytes) -> ResponseHead:
    """Parse the bytes before the empty line.

    Raises:
        NotHttpError: they are no response.
    """
    first, *lines = block.decode("latin-1").split("\r\n")
    match = _STATUS_LINE.fullmatch(first)
    if not match:
        raise NotHttpError(f"not a status line: {first[:80]!r}")
    return ResponseHead(int(match[2]), match[3] or "", _headers(lines))


def take_head(buffer: bytearray) -> bytes | None:
    """Remove and return a head from the beginning of ``buffer``, without its empty line; None if it is not complete.

    Raises:
        NotHttpError: it is too long for a head.
    """
    while buffer[:2] == b"\r\n":  # RFC 9112, 2.2: some clients send one after a body
        del buffer[:2]
    end = buffer.find(b"\r\n\r\n")
    if end > MAX_HEAD or (end < 0 and len(buffer) > MAX_HEAD):
        raise NotHttpError("a head without an end")
    if end < 0:
        return None
    block = bytes(buffer[:end])
    del buffer[: end + 4]
    return block


def _headers(lines: list[str]) -> Headers:
    pairs = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise NotHttpError(f"not a header: {line[:80]!r}")
        pairs.append((name, value.strip(" \t")))
    return Headers(pairs)


def _framed(headers: Headers) -> Body | None:
    coding = headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked":
            raise NotHttpError(f"an unknown transfer encoding: {coding[:80]!r}")
        return ChunkedBody()
    length = headers.get("content-length")
    if length is None:
        return None
    if not (length.isascii() and length.isdigit() and len(length) < 20):
        raise NotHttpError(f"not a length: {length[:80]!r}")
    return SizedBody(int(length))
