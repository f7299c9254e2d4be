"""Serves a playback over HTTP/1.1: a thread for each connection, streams with their frames."""

from __future__ import annotations

import contextlib
import hashlib
import json
import select
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from runner.engine.http.framing import ProtocolError
from runner.engine.http.parser import RequestHead, RequestParser
from runner.proxy.matching import split_version
from runner.proxy.playback import builtin
from runner.proxy.playback.breaker import Breaker
from runner.proxy.playback.faults import Fault, fault_for
from runner.proxy.playback.playback import Choice, Miss, Playback
from runner.proxy.playback.responding import Gone, Responder, Wire

MAX_JSON: Final = 64 * 1024 * 1024
"""Bytes of a request's body that are looked into; of a larger one, and of every tar, only its digest is known."""


class Served(NamedTuple):
    """One line of the log: a request and what it was answered with."""

    method: str
    path: str
    status: int
    remark: str = ""
    miss: Miss | None = None


class Incoming(NamedTuple):
    """A request that has arrived whole. ``body`` is as a recording keeps it, ``content`` its bytes where they are
    needed again and are not too many."""

    head: RequestHead
    body: Mapping[str, Any]
    content: bytes | None

    @property
    def path(self) -> str:
        """The path without a version."""
        return split_version(self.head.target.partition("?")[0])[1]


OnMiss = Callable[[socket.socket, Incoming], bool]
"""Answers a request that was not recorded some other way; False: it can't. The connection ends with it."""


@dataclass
class PlaybackServer:
    """Serves a recording. ``speed`` is how many times faster than recorded streams go, 0 for at once; ``minimum`` is
    the oldest API version that the engine claims to speak. ``log`` is called with each request, from any thread."""

    playback: Playback
    log: Callable[[Served], None]
    speed: float = 1.0
    minimum: str | None = None
    faults: Sequence[Fault] = ()
    on_miss: OnMiss | None = None
    breaker: Breaker = field(default_factory=Breaker)
    misses: int = 0
    requests: int = 0
    applied: set[Fault] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, client: socket.socket) -> None:
        """Serve one connection to its end."""
        reader = _Reader(self.breaker, client, keep_raw=self.on_miss is not None)
        with contextlib.suppress(Gone, OSError):
            self.breaker.accept(client)
            while True:
                try:
                    incoming = reader.next()
                except ProtocolError as error:
                    Responder(self.breaker, client).simple(400, f"not a request: {error}")
                    return
                if incoming is None or not self._answer(client, incoming, reader):
                    return

    def _answer(self, client: socket.socket, incoming: Incoming, reader: _Reader) -> bool:
        """Answer a request; returns whether the connection goes on."""
        head = incoming.head
        responder = Responder(self.breaker, client, head.method, keep=head.keep)
        version, path = split_version(head.target.partition("?")[0])
        fault = fault_for(self.faults, head.method, path)
        if fault is not None:
            self.applied.add(fault)
            if fault.kind == "delay":
                threading.Event().wait(fault.amount)
            if fault.kind == "status":
                self._count(Served(head.method, path, int(fault.amount), "a fault on purpose"))
                return responder.simple(int(fault.amount), "a fault on purpose")
            responder.fault = fault
        refusal = builtin.refusal(self.playback.recording, version, self.minimum)
        if refusal is not None:
            self._count(Served(head.method, path, 400, "API version"))
            return responder.simple(400, refusal)
        answer = builtin.answer(self.playback, head.method, path, self.minimum)
        if answer is not None:
            self._count(Served(head.method, path, 200))
            return responder.whole(200, answer.headers, answer.body)
        choice = self.playback.choose(head.method, head.target, incoming.body)
        if isinstance(choice, Miss):
            return self._miss(client, responder, incoming, choice)
        return self._play(choice, responder, incoming, reader)

    @property
    def unreached(self) -> tuple[str, ...]:
        """Return the rules that have broken nothing so far, as text."""
        faults = (fault for fault in self.faults if fault not in self.applied)
        return tuple(str(rule) for rule in (*faults, *self.breaker.unreached))

    def _play(self, choice: Choice, responder: Responder, incoming: Incoming, reader: _Reader) -> bool:
        from runner.proxy.playback.streaming import Stream

        stream = Stream(
            self.playback, choice.entry, self.speed, builtin.api_version(self.playback.recording, self.minimum)
        )
        self._count(Served(incoming.head.method, incoming.path, stream.status, choice.remark))
        try:
            return stream.play(responder, incoming.head, reader)
        finally:
            if stream.unlike is not None:
                miss = Miss(stream.unlike, choice.entry)
                self._count(Served(incoming.head.method, incoming.path, stream.status, miss=miss))

    def _miss(self, client: socket.socket, responder: Responder, incoming: Incoming, miss: Miss) -> bool:
        known = self.playback.knows(incoming.head.target)
        if self.on_miss is not None and not known and self.on_miss(client, incoming):
            return False
        self._count(Served(incoming.head.method, incoming.path, 501, miss=miss))
        nearest = miss.nearest.exchange.request if miss.nearest else None
        hint = f"; the nearest is {nearest.method} {split_version(nearest.target)[1]}" if nearest else ""
        differences = f" ({'; '.join(miss.differences)})" if miss.differences else ""
        return responder.simple(501, f"{miss.message}{hint}{differences}")

    def _count(self, served: Served) -> None:
        with self._lock:
            if served.miss is not None:
                self.misses += 1
            else:
                self.requests += 1
        self.log(served)


class _Reader:
    """Reads requests from a connection, and raw input behind one that takes it over."""

    def __init__(self, wire: Wire, client: socket.socket, *, keep_raw: bool) -> None:
        self._wire = wire
        self._client = client
        self._ahead = b""
        self._keep_raw = keep_raw

    def next(self) -> Incoming | None:
        """Return the next request; None at the end of the connection.

        Raises:
            Gone: a fault ended it.
            ProtocolError: it is none.
        """
        parser = RequestParser()
        content, digest, size = bytearray(), hashlib.sha256(), 0
        invited = False
        while not parser.ended:
            received = self.input()
            if not received:
                return None
            data = parser.feed(received)
            head = parser.head
            if head is not None and head.expects_continue and not parser.ended and not invited:
                invited = True
                self._wire.send(self._client, b"HTTP/1.1 100 Continue\r\n\r\n")
            digest.update(data)
            size += len(data)
            if size <= MAX_JSON:
                content += data
        self._ahead = parser.rest
        assert parser.head is not None
        kept = bytes(content) if size <= MAX_JSON else None
        body = _described(parser.head, kept, size, digest.hexdigest())
        return Incoming(parser.head, body, kept if self._keep_raw else None)

    def input(self) -> bytes:
        """Return the next raw bytes, waiting for some; empty at the client's end.

        Raises:
            Gone: a fault ended it.
        """
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        try:
            return self._wire.receive(self._client)
        except OSError:
            return b""

    def hung_up(self) -> bool:
        """Return whether the client is gone."""
        poller = select.poll()
        poller.register(self._client, 0)
        return bool(poller.poll(0))


def _described(head: RequestHead, content: bytes | None, size: int, digest: str) -> Mapping[str, Any]:
    """Return a body as a recording keeps it."""
    if size == 0:
        return {}
    content_type = head.headers.get("content-type", "")
    try:
        if content is not None and ("json" in content_type or not content_type):  # some clients do not say it
            return {"json": json.loads(content)}
    except (ValueError, RecursionError):
        pass
    return {"upload": content_type, "size": size, "sha256": digest}
