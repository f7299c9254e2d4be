"""The head of an HTTP/1.1 request and of its answer, as bytes and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from runner.engine.http.framing import Body, ChunkedBody, OpenBody, SizedBody
from runner.engine.sockets.connection import Connection
from runner.engine.transport import Headers, Request
from runner.errors import EngineError, StepError

LARGEST_HEAD: Final = 64 * 1024
MOST_HEADERS: Final = 256

_TARGET = re.compile(r"/[\x21-\x7e]*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: (.*))?")
_OWN_HEADERS: Final = frozenset(("host", "content-length", "transfer-encoding", "connection", "upgrade"))


def request_head(
    request: Request, host: str, user_agent: str, prefix: str = "", headers: Sequence[tuple[str, str]] = ()
) -> bytes:
    """Return the request line and the headers, up to and with the empty line. ``prefix`` comes before the target,
    ``headers`` are sent too unless the request has one of that name.

    Raises:
        StepError: ``invalid-request``, a name or value that would break the request apart.
    """
    target = prefix + request.target
    if not _TOKEN.fullmatch(request.method) or not _TARGET.fullmatch(target):
        raise StepError(
            "invalid-request",
            f"not a request line: {f'{request.method} {target}'[:200]!r}",
            hint="a method is a word, a path begins with '/' and holds no spaces; percent-encode what is special",
        )
    lines = [f"{request.method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {user_agent}\r\n"]
    names = {name.lower() for name, _ in request.headers}
    for name, value in (*request.headers, *(pair for pair in headers if pair[0].lower() not in names)):
        if name.lower() in _OWN_HEADERS:
            raise StepError("invalid-request", f"the header {name!r} belongs to the connection and can't be set")
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise StepError("invalid-request", f"the header {name[:100]!r} holds characters that no header can have")
        lines.append(f"{name}: {value}\r\n")
    if request.upgrade:
        lines.append(f"Connection: Upgrade\r\nUpgrade: {request.upgrade}\r\n")
    lines.append(_body_header(request))
    return "".join(lines).encode("latin-1")


def _body_header(request: Request) -> str:
    body = request.body
    if body is None:
        return "Content-Length: 0\r\n\r\n" if request.method in ("POST", "PUT", "PATCH") else "\r\n"
    size = len(body) if isinstance(body, bytes) else body.size
    return "Transfer-Encoding: chunked\r\n\r\n" if size is None else f"Content-Length: {size}\r\n\r\n"


class AnswerHead(NamedTuple):
    """What an answer says before its body. ``keep`` tells whether the connection outlives it."""

    status: int
    reason: str
    headers: Headers
    body: Body
    keep: bool

    @property
    def upgraded(self) -> bool:
        return self.status == 101


def read_head(connection: Connection, method: str) -> AnswerHead:
    """Wait for the head of the answer; what came behind it stays in the connection.

    Raises:
        DeadlineExceeded: it did not come in time.
        EngineError: ``connection-broken`` or ``not-http``.
    """
    while True:
        status, reason, headers, version = _parse(_read_block(connection))
        if status >= 200 or status == 101:
            break
    body = _body(status, method, headers)
    options = headers.get("connection", "").lower()
    keep = version == 1 and status != 101 and "close" not in options and not isinstance(body, OpenBody)
    return AnswerHead(status, reason, headers, body, keep)


def _read_block(connection: Connection) -> bytes:
    """The bytes up to the empty line."""
    block = b""
    while True:
        data = connection.receive()
        if not data:
            if block:
                raise connection.broken("the engine closed the connection in the middle of an answer's head")
            raise connection.broken("the engine closed the connection without an answer")
        searched = max(0, len(block) - 3)
        block = block + data if block else data
        end = block.find(b"\r\n\r\n", searched)
        if end >= 0 and end <= LARGEST_HEAD:
            if end + 4 < len(block):
                connection.unread(block[end + 4 :])
            return block[:end]
        if not block.startswith(b"HTTP/"[: len(block)]):
            raise _not_http(block)
        if len(block) > LARGEST_HEAD:
            raise EngineError("not-http", f"the head of the answer is larger than {LARGEST_HEAD // 1024} KiB")


def _parse(block: bytes) -> tuple[int, str, Headers, int]:
    first, *lines = block.decode("latin-1").split("\r\n")
    found = _STATUS_LINE.fullmatch(first)
    if not found:
        raise _not_http(block)
    if len(lines) > MOST_HEADERS:
        raise EngineError("not-http", f"the answer has more than {MOST_HEADERS} headers")
    pairs = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name):
            raise EngineError("not-http", f"the answer has a line that is no header: {line[:80]!r}")
        pairs.append((name, value.strip(" \t")))
    return int(found[2]), found[3] or "", Headers(pairs), int(found[1])


def _body(status: int, method: str, headers: Headers) -> Body:
    """How the body is delimited (RFC 9112, 6.3)."""
    if status == 101:
        return OpenBody()
    if method == "HEAD" or status in (204, 304):
        return SizedBody(0)
    coding = headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked":
            raise EngineError("not-http", f"the answer has a transfer encoding that was not asked for: {coding[:80]!r}")
        return ChunkedBody()
    length = headers.get("content-length")
    if length is None:
        return OpenBody()
    if not (length.isascii() and length.isdigit() and len(length) < 20):
        raise EngineError("not-http", f"the answer has a length that is no number: {length[:80]!r}")
    return SizedBody(int(length))


def _not_http(data: bytes) -> EngineError:
    if data[:1] == b"\x15" or data[:2] == b"\x16\x03":
        return EngineError("not-http", "what answers there speaks TLS", hint="use --tlsverify, or an https:// address")
    return EngineError(
        "not-http",
        f"what answers there does not speak HTTP; it says {data[:60]!r}",
        hint="is this the address of a Docker or Podman API?",
    )
