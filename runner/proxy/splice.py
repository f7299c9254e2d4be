"""Passes the bytes of a connection untouched, both ways, and gives a copy to a conversation.

Two threads for each connection, one a direction: nothing is scheduled that could be collected in mid-stream, memory is
a buffer for each direction, and a slow reader slows down only its own sender.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from typing import Final, Protocol

from runner.engine.sockets.connection import Channel, Dial
from runner.engine.transport import Deadline
from runner.errors import RunnerError

BUFFER: Final = 120 * 1024
"""Bytes that are taken from a socket at a time: below the size from which malloc maps fresh pages for every call."""
CONNECT_SECONDS: Final = 10.0


class Copy(Protocol):
    """Takes a copy of what passes (:class:`~runner.proxy.conversation.Conversation`)."""

    def sent(self, data: bytes) -> None: ...

    def received(self, data: bytes) -> None: ...

    def client_ended(self) -> None: ...

    def engine_ended(self) -> None: ...

    def close(self) -> None: ...


class Splice:
    """Connects each client to the engine. ``copies`` makes what reads a connection; ``note`` is told why the engine
    could not be reached."""

    def __init__(self, dial: Dial, copies: Callable[[], Copy], note: Callable[[RunnerError], None]) -> None:
        self._dial = dial
        self._copies = copies
        self._note = note

    def serve(self, client: socket.socket) -> None:
        """Pass one connection to its end."""
        try:
            channel = self._dial(Deadline.after(CONNECT_SECONDS))
        except RunnerError as error:
            self._note(error)
            _refuse(client, error.message)
            return
        except TimeoutError:
            _refuse(client, f"no connection to the engine within {CONNECT_SECONDS:g} s")
            return
        channel.settimeout(None)
        pump(client, channel, self._copies())


def pump(client: socket.socket, channel: Channel, copy: Copy, ahead: bytes = b"") -> None:
    """Pass everything both ways until both sides have ended, and close the channel; ``ahead`` goes to the engine before
    what the client sends."""
    up = threading.Thread(target=_up, args=(client, channel, copy, ahead), name="to the engine", daemon=True)
    up.start()
    try:
        _down(client, channel, copy)
        up.join()
    finally:
        _hang_up(client)
        copy.close()
        channel.close()


def _up(client: socket.socket, channel: Channel, copy: Copy, ahead: bytes) -> None:
    """From the client to the engine. The end of the client's side is passed on alone: it may go on reading. Once it is
    gone altogether, the engine is not waited for."""
    try:
        while data := ahead or client.recv(BUFFER):
            ahead = b""
            copy.sent(data)
            if not _passed(channel.sendall, data):
                _hang_up(client)
                return
        if not _hung_up(client, wait=False):
            copy.client_ended()
            _passed(lambda _: channel.half_close(), b"")
            _hung_up(client, wait=True)
        copy.close()
    except OSError:
        _hang_up(client)
        copy.close()
    finally:
        channel.interrupt()


def _down(client: socket.socket, channel: Channel, copy: Copy) -> None:
    """From the engine to the client."""
    try:
        while data := channel.recv(BUFFER):
            copy.received(data)
            if not _passed(client.sendall, data):
                copy.close()
                _hang_up(client)
                return
    except OSError:
        copy.engine_ended()
        _hang_up(client)
        return
    copy.engine_ended()
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_WR)


def _passed(send: Callable[[bytes], None], data: bytes) -> bool:
    """Send; False says that the receiver is gone."""
    try:
        send(data)
    except OSError:
        return False
    return True


def _hung_up(client: socket.socket, *, wait: bool) -> bool:
    """Return whether both directions of the client's socket have ended, now or after waiting for it. Over tcp a
    client that is gone looks like one that has ended its side, until something is sent to it."""
    poller = select.poll()
    poller.register(client, 0)
    return bool(poller.poll(None if wait else 0))


def _hang_up(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)


def _refuse(client: socket.socket, message: str) -> None:
    """Answer the first request with the reason, so that a client shows more than a broken connection."""
    import json

    body = json.dumps({"message": message}).encode()
    head = f"HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    with contextlib.suppress(OSError):
        client.settimeout(CONNECT_SECONDS)
        client.recv(BUFFER)
        client.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)
