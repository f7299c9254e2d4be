"""Counts what a client does with its connections, and breaks one of them where a rule says so."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import threading
from collections.abc import Iterable
from typing import Final

from runner.proxy.playback.faults import GARBAGE, Break, BreakKind, Event
from runner.proxy.playback.responding import Gone

_PIECE: Final = 64 * 1024
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time (socket(7))."""


class Breaker:
    """Stands between the server and its clients' sockets. Thread-safe. ``counts`` are the connects, reads and writes of
    all clients so far, ``broken`` the rules that have done their work."""

    def __init__(self, rules: Iterable[Break] = ()) -> None:
        self._rules: Final = {(rule.event, rule.number): rule for rule in rules}
        self._lock = threading.Lock()
        self.counts: Final[dict[Event, int]] = {"connect": 0, "read": 0, "write": 0}
        self.broken: Final[list[Break]] = []

    @property
    def unreached(self) -> tuple[Break, ...]:
        """Return the rules that broke nothing."""
        with self._lock:
            return tuple(rule for rule in self._rules.values() if rule not in self.broken)

    def accept(self, client: socket.socket) -> None:
        """Count a client's connect.

        Raises:
            Gone: it was broken.
        """
        if rule := self._rule_for("connect"):
            self._break(client, rule.kind)

    def send(self, client: socket.socket, data: bytes) -> None:
        """Send what the client reads in one piece.

        Raises:
            Gone: the connection was broken before or in it.
            OSError: the client is gone.
        """
        if rule := self._rule_for("read"):
            client.sendall(data[: rule.after])
            self._break(client, rule.kind)
        client.sendall(data)

    def receive(self, client: socket.socket) -> bytes:
        """Return what the client has written, waiting for some; empty at its end.

        Raises:
            Gone: the connection was broken, and what the client has written is lost.
            OSError: the client is gone.
        """
        data = client.recv(_PIECE)
        if data and (rule := self._rule_for("write")):
            self._break(client, rule.kind)
        return data

    def _rule_for(self, event: Event) -> Break | None:
        with self._lock:
            self.counts[event] += 1
            rule = self._rules.get((event, self.counts[event]))
            if rule is not None:
                self.broken.append(rule)
            return rule

    def _break(self, client: socket.socket, kind: BreakKind) -> None:
        with contextlib.suppress(OSError):
            match kind:
                case "reset":
                    _reset(client)
                case "end":
                    client.shutdown(socket.SHUT_RDWR)
                case "stall":
                    _await_end(client)
                case "garbage":
                    client.sendall(GARBAGE)
                    client.shutdown(socket.SHUT_RDWR)
        raise Gone


def _reset(client: socket.socket) -> None:
    """Reset a tcp connection. Another socket takes the place of its descriptor, so that threads that still use it are
    at their end too. Unix sockets have no resets: such a connection just ends."""
    if client.family != socket.AF_UNIX:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    ended, other = socket.socketpair()
    other.close()
    with ended:
        client.shutdown(socket.SHUT_RD)  # wakes a thread that reads, and sends nothing
        os.dup2(ended.fileno(), client.fileno())


def _await_end(client: socket.socket) -> None:
    """Read nothing and send nothing until the client has gone."""
    poller = select.poll()
    poller.register(client, getattr(select, "POLLRDHUP", 0))  # without it, only an end of both directions is seen
    poller.poll()
