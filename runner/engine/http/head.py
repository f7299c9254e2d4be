"""Writes the head of an HTTP/1.1 request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from runner.engine.transport import Request
from runner.errors import StepError

_TARGET = re.compile(r"/[\x21-\x7e]*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OWN_HEADERS: Final = frozenset(("host", "content-length", "transfer-encoding", "connection", "upgrade"))


def request_head(
    request: Request, host: str, user_agent: str, prefix: str = "", headers: Sequence[tuple[str, str]] = ()
) -> bytes:
    """Return the request line and the headers, up to and with the empty line.

    ``prefix`` comes before the target; ``headers`` are sent too, unless the request has one of that name.

    Raises:
        StepError: ``invalid-request``, a name or value that would break the request apart.
    """
    target = prefix + request.target
    if not _TOKEN.fullmatch(request.method) or not _TARGET.fullmatch(target):
        raise StepError(
            "invalid-request",
            f"not a request line: {f'{request.method} {target}'[:200]!r}",
            hint="a method is a word; a path begins with '/' and has no blanks: percent-encode what is special",
        )
    lines = [f"{request.method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {user_agent}\r\n"]
    pairs = request.headers
    if headers:
        names = {name.lower() for name, _ in pairs}
        pairs += tuple(pair for pair in headers if pair[0].lower() not in names)
    for name, value in pairs:
        if name.lower() in _OWN_HEADERS:
            raise StepError("invalid-request", f"the header {name!r} belongs to the connection and can't be set")
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise StepError("invalid-request", f"the header {name[:100]!r} has characters that no header can have")
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
