"""Reads a copy of one connection's bytes, without any input or output: which requests, which responses, what in them.

Both directions of a connection are parsed together, because each decides how the other one is read: a ``101`` turns
both into raw bytes, and so does an attach that is answered ``200`` without a length (before API 1.42); the response to
a ``HEAD`` has no body. What is not HTTP/1.1 makes the rest of the connection opaque, never the proxy fail.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Literal, Protocol

from runner.engine.http.framing import Body, OpenBody, ProtocolError
from runner.proxy.heads import NotHttpError, RequestHead, ResponseHead, parse_request, parse_response, take_head

End = Literal["complete", "left", "cut"]
"""How a response ended: as it should, because the client left before, or because the engine did."""

MAX_HELD: Final = 8 * 1024 * 1024
"""Bytes that a client sends behind a request that may take over the connection, before its response."""


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
        """The client has ended its side of a hijacked connection."""

    def ended(self, end: End) -> None:
        """The exchange is over."""


Begin = Callable[[RequestHead], Listener]
"""Makes the listener of a new exchange."""


class _Exchange:
    """One request whose response is not complete yet."""

    __slots__ = ("head", "hijacked", "listener", "response")

    def __init__(self, head: RequestHead, listener: Listener) -> None:
        self.head = head
        self.listener = listener
        self.response: Body | None = None
        self.hijacked = False


class Conversation:
    """One connection between a client and an engine. Thread-safe: each direction may be fed by a thread of its own.

    ``note`` is called with the reason where the bytes can't be understood.
    """

    def __init__(self, begin: Begin, note: Callable[[str], None]) -> None:
        self._begin = begin
        self._note = note
        self._lock = threading.Lock()
        self._from_client = bytearray()
        self._from_engine = bytearray()
        self._sending: Body | None = None
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
        """The client sends no more."""
        with self._lock:
            self._client_ended = True
            if self._raw is not None:
                self._raw.listener.closed_input()

    def engine_ended(self) -> None:
        """The engine sends no more."""
        with self._lock:
            if self._pending and (body := self._pending[0].response) is not None:
                self._end("complete" if body.missing() is None else "cut")
            while self._pending:
                self._end("cut")

    def close(self) -> None:
        """The connection is gone: what is not complete was left."""
        with self._lock:
            while self._pending:
                self._end("left")

    def _guarded(self, take: Callable[[bytes], None], data: bytes) -> None:
        try:
            take(data)
        except (NotHttpError, ProtocolError) as error:
            self._opaque = True
            self._from_client.clear()
            self._from_engine.clear()
            self._note(str(error))

    def _take_sent(self, data: bytes) -> None:
        while data or self._from_client:
            if self._raw is not None:
                held, self._from_client = bytes(self._from_client), bytearray()
                self._raw.listener.sent_input(held + data)
                return
            if self._sending is not None:
                data = self._take_body(self._sending, data)
                continue
            self._from_client += data
            data = b""
            if self._hold:
                if len(self._from_client) > MAX_HELD:
                    raise NotHttpError("too much was sent behind a request before its response")
                return
            block = take_head(self._from_client)
            if block is None:
                return
            self._take_request(parse_request(block))
            data, self._from_client = bytes(self._from_client), bytearray()

    def _take_body(self, body: Body, data: bytes) -> bytes:
        """Feed a request's body; returns what stands behind it."""
        out = body.feed(data)
        if out and self._latest is not None:
            self._latest.listener.sent_body(out)
        if not body.ended:
            return b""
        self._end_body()
        return body.rest

    def _take_request(self, head: RequestHead) -> None:
        body = head.body()
        self._latest = _Exchange(head, self._begin(head))
        self._pending.append(self._latest)
        self._sending = body
        if body.ended:
            self._end_body()

    def _end_body(self) -> None:
        """The request is complete; what follows is held where only the response tells what it is."""
        self._sending = None
        latest = self._latest
        self._hold = latest is not None and latest.head.may_hijack and latest in self._pending

    def _take_received(self, data: bytes) -> None:
        while data or self._from_engine:
            body = self._pending[0].response if self._pending else None
            if body is None:
                self._from_engine += data
                block = take_head(self._from_engine)
                if block is None:
                    return
                self._take_response(parse_response(block))
                data, self._from_engine = bytes(self._from_engine), bytearray()
                continue
            out = body.feed(data)
            if out:
                self._pending[0].listener.received(out)
            data = b""
            if body.ended:
                data = body.rest
                self._end("complete")

    def _take_response(self, head: ResponseHead) -> None:
        if not self._pending:
            raise NotHttpError(f"a response without a request: {head.status} {head.reason}")
        if head.interim:
            return
        exchange = self._pending[0]
        body = exchange.response = head.body(exchange.head.method)
        latest = exchange is self._latest
        open_ended = isinstance(body, OpenBody) and head.status < 300 and exchange.head.may_hijack
        exchange.hijacked = latest and open_ended
        exchange.listener.answered(head)
        if exchange.hijacked:
            exchange.listener.hijacked()
            self._raw = exchange
            self._sending = None
        if latest:
            self._hold = False
            if self._from_client:
                self._take_sent(b"")
        if exchange.hijacked and self._client_ended:
            exchange.listener.closed_input()
        if body.ended:
            self._end("complete")

    def _end(self, end: End) -> None:
        exchange = self._pending.popleft()
        exchange.listener.ended(end)
        if exchange is self._latest and self._hold:
            self._hold = False
