"""Reads a copy of one connection's bytes, without any input or output: which requests, which responses, what in them.

Both directions of a connection are parsed together, because each decides how the other one is read: a ``101`` turns
both into raw bytes, and so does an attach that is answered ``200`` without a length (before API 1.42); the response to
a ``HEAD`` has no body. What is not HTTP/1.1 makes the rest of the connection opaque, never the proxy fail.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Literal, Protocol

from runner.engine.http.framing import ProtocolError
from runner.engine.http.parser import IncompleteError, RequestHead, RequestParser, ResponseHead, ResponseParser
from runner.proxy.matching import split_version

End = Literal["complete", "left", "cut"]
"""How a response ended: as it should, because the client left before, or because the engine did."""

MAX_HELD: Final = 8 * 1024 * 1024
"""Bytes that a client sends behind a request that may take over the connection, before its response."""

_HIJACKING = re.compile(r"(?:/libpod)?/(?:containers/[^/]+/attach|exec/[^/]+/start|session|grpc)")
_REDIRECTION: Final = 300
"""Statuses from here on say that the request failed."""


class Listener(Protocol):
    """Is told what one exchange consists of, in order. Its methods are called under the conversation's lock, so they
    must not wait."""

    def sent_body(self, data: bytes) -> None:
        """Take a part of the request's body."""

    def answered(self, head: ResponseHead) -> None:
        """Take the response's head."""

    def hijacked(self) -> None:
        """From now on bytes flow raw both ways."""

    def received(self, data: bytes) -> None:
        """Take a part of the response's body, or of the raw bytes from the engine."""

    def sent_input(self, data: bytes) -> None:
        """Take raw bytes from the client."""

    def closed_input(self) -> None:
        """Note that the client has ended its side of a hijacked connection."""

    def ended(self, end: End) -> None:
        """Note the end of the exchange."""


Begin = Callable[[RequestHead], Listener]
"""Makes the listener of a new exchange."""


class _Exchange:
    """One request whose response is not complete yet."""

    __slots__ = ("answered", "head", "listener", "parser")

    def __init__(self, head: RequestHead, listener: Listener) -> None:
        self.head = head
        self.listener = listener
        self.parser = ResponseParser(head.method)
        self.answered = False


class Conversation:
    """One connection between a client and an engine. Thread-safe: each direction may be fed by a thread of its own.

    ``note`` is called with the reason where the bytes can't be understood.
    """

    def __init__(self, begin: Begin, note: Callable[[str], None]) -> None:
        self._begin = begin
        self._note = note
        self._lock = threading.Lock()
        self._request = RequestParser()
        self._held = b""
        self._pending: deque[_Exchange] = deque()
        self._latest: _Exchange | None = None
        self._hold = False
        self._raw: _Exchange | None = None
        self._client_ended = False
        self._opaque = False

    def sent(self, data: bytes) -> None:
        """Take bytes from the client."""
        with self._lock:
            if not self._opaque:
                self._guarded(self._take_sent, data)

    def received(self, data: bytes) -> None:
        """Take bytes from the engine."""
        with self._lock:
            if not self._opaque:
                self._guarded(self._take_received, data)

    def client_ended(self) -> None:
        """Note that the client sends no more."""
        with self._lock:
            self._client_ended = True
            if self._raw is not None:
                self._raw.listener.closed_input()

    def engine_ended(self) -> None:
        """Note that the engine sends no more."""
        with self._lock:
            while self._pending:
                try:
                    self._pending[0].parser.end()
                except IncompleteError:
                    self._end("cut")
                else:
                    self._end("complete")

    def close(self) -> None:
        """Note that the connection is gone: what is not complete was left."""
        with self._lock:
            while self._pending:
                self._end("left")

    def _guarded(self, take: Callable[[bytes], None], data: bytes) -> None:
        try:
            take(data)
        except ProtocolError as error:
            self._opaque = True
            self._held = b""
            self._note(str(error))

    def _take_sent(self, data: bytes) -> None:
        while data:
            if self._raw is not None:
                self._raw.listener.sent_input(data)
                return
            if self._hold:
                self._held += data
                if len(self._held) > MAX_HELD:
                    raise ProtocolError("too much was sent behind a request before its response")
                return
            data = self._take_request(data)

    def _take_request(self, data: bytes) -> bytes:
        """Feed a request; returns what is behind it. What is behind one that may take over the connection is held,
        because only the response tells what it is."""
        parser = self._request
        began = parser.head is None
        body = parser.feed(data)
        if began and parser.head is not None:
            self._latest = _Exchange(parser.head, self._begin(parser.head))
            self._pending.append(self._latest)
        latest = self._latest
        if body and latest is not None:
            latest.listener.sent_body(body)
        if not parser.ended:
            return b""
        self._request = RequestParser()
        self._hold = latest is not None and latest in self._pending and may_hijack(latest.head)
        return parser.rest

    def _take_received(self, data: bytes) -> None:
        while data:
            if not self._pending:
                raise ProtocolError(f"a response without a request: {data[:60]!r}")
            exchange = self._pending[0]
            body = exchange.parser.feed(data)
            if exchange.parser.head is not None and not exchange.answered:
                exchange.answered = True
                self._take_response(exchange, exchange.parser.head)
            if body:
                exchange.listener.received(body)
            if not exchange.parser.ended:
                return
            data = exchange.parser.rest
            self._end("complete")

    def _take_response(self, exchange: _Exchange, head: ResponseHead) -> None:
        exchange.listener.answered(head)
        if exchange is not self._latest:
            return
        if exchange.parser.until_close and head.status < _REDIRECTION and may_hijack(exchange.head):
            exchange.listener.hijacked()
            self._raw = exchange
        self._release()
        if self._raw is not None and self._client_ended:
            exchange.listener.closed_input()

    def _release(self) -> None:
        """Take what was held: it is known now what it is."""
        self._hold = False
        held, self._held = self._held, b""
        self._take_sent(held)

    def _end(self, end: End) -> None:
        exchange = self._pending.popleft()
        exchange.listener.ended(end)


def may_hijack(head: RequestHead) -> bool:
    """Return whether bytes behind a request may be no further request: an upgrade was asked for, or the operation
    takes over the connection without (attach and exec start before API 1.42)."""
    path = split_version(head.target.partition("?")[0])[1]
    return head.upgrade is not None or (head.method == "POST" and _HIJACKING.fullmatch(path) is not None)
