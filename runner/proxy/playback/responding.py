"""Writes HTTP/1.1 responses to a client, whole or as they come, and breaks them where a fault says so."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Protocol

from runner.proxy.playback.faults import GARBAGE, Fault

_FRAMING: Final = frozenset(("content-length", "transfer-encoding", "connection", "upgrade"))


class Gone(Exception):
    """The connection is to end here."""


class Wire(Protocol):
    """Sends and receives for a server (:class:`~runner.proxy.playback.breaker.Breaker`)."""

    def send(self, client: socket.socket, data: bytes) -> None: ...

    def receive(self, client: socket.socket) -> bytes: ...


class Responder:
    """Writes the response to one request."""

    def __init__(self, wire: Wire, client: socket.socket, method: str = "GET", *, keep: bool = False) -> None:
        self._wire = wire
        self._client = client
        self._method = method
        self._keep = keep
        self._chunked = False
        self._sent = 0
        self.fault: Fault | None = None

    def simple(self, status: int, message: str) -> bool:
        """Respond with an engine's error; returns whether the connection goes on."""
        body = json.dumps({"message": message}).encode() + b"\n"
        return self.whole(status, {"Content-Type": "application/json"}, body)

    def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        """Respond with a body that is known; returns whether the connection goes on."""
        bodyless = status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        framing = {} if bodyless else {"Content-Length": str(len(body))}
        self._head(status, "", {**headers, **framing})
        if body and self._method != "HEAD" and not bodyless:
            self.write(body)
        return self._keep

    def begin(self, status: int, reason: str, headers: Mapping[str, str], *, chunked: bool) -> None:
        """Begin a response whose body comes piece by piece, in chunks or up to the end of the connection."""
        self._chunked = chunked
        self._keep = self._keep and chunked
        framing = {"Transfer-Encoding": "chunked"} if chunked else {}
        self._head(status, reason, {**headers, **framing})

    def switch(self, headers: Mapping[str, str], protocol: str) -> None:
        """Switch protocols: what is written from now on is raw."""
        self._keep = True  # not to say otherwise; the connection ends with the stream
        self._head(101, "UPGRADED", {**headers, "Connection": "Upgrade", "Upgrade": protocol})
        self._keep = False

    def write(self, data: bytes) -> None:
        """Write a piece of the body.

        Raises:
            Gone: a fault ends the connection here.
        """
        if self.fault is not None and self.fault.kind in ("cut", "stall", "garbage"):
            self._break(self.fault, data)
        else:
            self._piece(data)

    def end(self) -> bool:
        """End a body that came piece by piece; returns whether the connection goes on."""
        if self._chunked:
            self._wire.send(self._client, b"0\r\n\r\n")
        return self._keep

    def hold(self) -> None:
        """Send no more, and stay until the client goes."""
        while self._client.recv(4096):
            pass
        raise Gone

    def _break(self, fault: Fault, data: bytes) -> None:
        room = int(fault.amount) - self._sent
        if len(data) < room:
            self._piece(data)
            return
        if room > 0:
            self._piece(data[:room])
        if fault.kind == "garbage":
            self._wire.send(self._client, GARBAGE)
        if fault.kind == "stall":
            self.hold()
        raise Gone

    def _piece(self, data: bytes) -> None:
        self._sent += len(data)
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self._wire.send(self._client, data)

    def _head(self, status: int, reason: str, headers: Mapping[str, str]) -> None:
        kept = {name: value for name, value in headers.items() if name.lower() not in _FRAMING or name in _OURS}
        lines = [f"HTTP/1.1 {status} {reason or _reason(status)}"]
        lines += [f"{name}: {value}" for name, value in kept.items()]
        if not self._keep:
            lines.append("Connection: close")
        self._wire.send(self._client, "\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))


_OURS: Final = frozenset(("Content-Length", "Transfer-Encoding", "Connection", "Upgrade"))


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def wait(seconds: float) -> None:
    """Wait."""
    if seconds > 0:
        threading.Event().wait(seconds)
