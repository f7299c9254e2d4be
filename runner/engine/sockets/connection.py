"""One connection to an engine: a channel of bytes, what was read ahead of need, and the deadline of every wait.

A :class:`Channel` is whatever carries bytes both ways (a unix or tcp socket, TLS over one, the near end of an ssh
child). It is full duplex: one thread may read while another writes.
"""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Callable
from typing import Final, Protocol

from runner.engine.transport import Deadline
from runner.errors import DeadlineExceeded, EngineError

RECEIVE_SIZE: Final = 64 * 1024
"""Bytes asked for at a time: below the size from which malloc maps fresh pages for every call."""


class Channel(Protocol):
    """Bytes both ways. Failures are :class:`OSError`, a wait that took too long :class:`TimeoutError`."""

    def settimeout(self, seconds: float | None) -> None:
        """How long each later wait may last."""

    def recv(self, size: int) -> bytes:
        """What has arrived, at most ``size`` bytes; ``b""`` once the far side has properly ended."""

    def sendall(self, data: bytes) -> None:
        """Send everything."""

    def half_close(self) -> None:
        """Tell the far side that no more will be sent; reading goes on."""

    def readable(self) -> bool:
        """Whether bytes, or the end, wait to be read."""

    def interrupt(self) -> None:
        """Break the connection, so that every thread that waits on it wakes. Safe from any thread; never raises."""

    def error_output(self) -> str | None:
        """What the far side said outside the connection (an ssh client's own words), once it has ended."""

    def close(self) -> None:
        """Let go; never raises."""


Dial = Callable[[Deadline], Channel]
"""Opens a new channel by the deadline. Raises ``EngineError`` ``engine-unreachable``, or ``TimeoutError``."""


class SocketChannel:
    """A channel over a plain stream socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.settimeout = sock.settimeout
        self.recv: Callable[[int], bytes] = sock.recv
        self.sendall: Callable[[bytes], None] = sock.sendall

    def half_close(self) -> None:
        self._sock.shutdown(socket.SHUT_WR)

    def readable(self) -> bool:
        return readable(self._sock)

    def interrupt(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def error_output(self) -> str | None:
        return None

    def close(self) -> None:
        self.interrupt()
        with contextlib.suppress(OSError):
            self._sock.close()


def readable(sock: socket.socket) -> bool:
    """Whether a read of this socket would return at once. ``poll`` has no limit on descriptor numbers; a closed
    socket counts as readable, since its end is what there is to read."""
    if sock.fileno() < 0:
        return True
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))


class Connection:
    """A channel in use. Its errors are the runner's own; whoever gets one must :meth:`close` it."""

    __slots__ = ("_ahead", "_channel", "closed", "deadline", "interrupted", "received", "reused")

    def __init__(self, channel: Channel, deadline: Deadline) -> None:
        self._channel = channel
        self._ahead = b""
        self.interrupted = False
        self.closed = False
        self.deadline = deadline
        self.received = 0
        self.reused = False

    def receive(self) -> bytes:
        """The next bytes, waiting for some; ``b""`` where the far side ended.

        Raises:
            DeadlineExceeded: the deadline passed.
            EngineError: ``connection-broken``.
        """
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        try:
            self._channel.settimeout(self.deadline.remaining())
            data = self._channel.recv(RECEIVE_SIZE)
        except TimeoutError:
            raise DeadlineExceeded from None
        except OSError as error:
            raise self.broken(f"the connection to the engine broke: {reason(error)}") from None
        if not data and self.interrupted:
            raise self.broken("")
        self.received += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Put back what was read too far; the next :meth:`receive` returns it first."""
        self._ahead = data + self._ahead

    def send(self, data: bytes) -> None:
        """Send everything.

        Raises:
            DeadlineExceeded: the deadline passed.
            EngineError: ``connection-broken``.
        """
        try:
            self._channel.settimeout(self.deadline.remaining())
            self._channel.sendall(data)
        except TimeoutError:
            raise DeadlineExceeded from None
        except OSError as error:
            raise self.broken(f"the connection broke while the request was sent: {reason(error)}") from None

    def half_close(self) -> None:
        """Send no more, go on reading. A far side that is gone already is no error: the reader will meet its end."""
        with contextlib.suppress(OSError):
            self._channel.half_close()

    def idle(self) -> bool:
        """Whether this connection rests: nothing read ahead, nothing waiting, not ended by the far side."""
        return not (self.closed or self._ahead or self._channel.readable())

    def interrupt(self) -> None:
        """Wake whoever waits on this connection with an error; from any thread."""
        self.interrupted = True
        self._channel.interrupt()

    def broken(self, message: str) -> EngineError:
        """The error for a connection that broke, with the reason that is known best."""
        if self.interrupted:
            return EngineError("connection-broken", "the exchange was interrupted")
        error_output = self._channel.error_output()
        if error_output:
            return EngineError("connection-broken", f"{message}; ssh says: {error_output}")
        return EngineError("connection-broken", message)

    def close(self) -> None:
        self.closed = True
        self._channel.close()


def reason(error: OSError) -> str:
    """An operating system's error in its own words, without the number."""
    return error.strerror or str(error) or type(error).__name__
