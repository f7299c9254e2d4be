"""Wraps one connection to an engine: a channel of bytes, and the deadline of every wait.

A :class:`Channel` is what carries bytes both ways (a unix or tcp socket, TLS over one, the near end of an ssh
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
    """Carries bytes both ways. Failures are :class:`OSError`, a wait that took too long :class:`TimeoutError`."""

    def settimeout(self, seconds: float | None) -> None:
        """Set how long each later wait may last."""

    def recv(self, size: int) -> bytes:
        """Return what has arrived, at most ``size`` bytes; ``b""`` once the peer has properly ended."""

    def sendall(self, data: bytes) -> None:
        """Send everything."""

    def half_close(self) -> None:
        """Send no more, so that the peer's reading ends; reading here goes on."""

    def readable(self) -> bool:
        """Return whether bytes, or the end, wait to be read."""

    def interrupt(self) -> None:
        """Break the connection, so that every thread that waits on it wakes up. Thread-safe; never raises."""

    def error_output(self) -> str | None:
        """Return the transport's own error output (ssh's stderr), once the peer has closed; None if there is none."""

    def close(self) -> None:
        """Close; never raises."""


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
    """Return whether a read of this socket would return at once. ``poll`` has no limit on descriptor numbers; a closed
    socket counts as readable, since its end is what there is to read."""
    if sock.fileno() < 0:
        return True
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))


class Connection:
    """A channel in use. Its errors are the runner's own; after one it must be closed."""

    __slots__ = ("_channel", "_on_close", "_sending", "closed", "deadline", "interrupted", "received", "reused")

    def __init__(self, channel: Channel, deadline: Deadline, on_close: Callable[[], None]) -> None:
        self._channel = channel
        self._on_close = on_close
        self._sending = False
        self.interrupted = False
        self.closed = False
        self.deadline = deadline
        self.received = 0
        self.reused = False

    def receive(self) -> bytes:
        """Return the next bytes, waiting for some; ``b""`` where the peer ended.

        Raises:
            DeadlineExceeded: the deadline passed.
            EngineError: ``connection-broken``.
        """
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

    def send(self, data: bytes) -> None:
        """Send everything.

        Raises:
            DeadlineExceeded: the deadline passed.
            EngineError: ``connection-broken``.
        """
        self._sending = True
        try:
            self._channel.settimeout(self.deadline.remaining())
            self._channel.sendall(data)
        except TimeoutError:
            raise DeadlineExceeded from None
        except OSError as error:
            raise self.broken(f"the connection broke while the request was sent: {reason(error)}") from None
        finally:
            self._sending = False

    def half_close(self) -> None:
        """Send no more, go on reading. A peer that is gone is not an error here: the reader gets it."""
        with contextlib.suppress(OSError):
            self._channel.half_close()

    def hang_up(self) -> None:
        """Send no more, so that the engine ends its work; from any thread. In the middle of sending that breaks the
        connection, since the request is not complete."""
        if self._sending:
            self.interrupt()
        else:
            self.half_close()

    def idle(self) -> bool:
        """Return whether the connection can be used again: nothing to read, and not closed by the peer."""
        return not (self.closed or self._channel.readable())

    def interrupt(self) -> None:
        """Make every wait on this connection fail; from any thread."""
        self.interrupted = True
        self._channel.interrupt()

    def broken(self, message: str) -> EngineError:
        """Return the error for a connection that broke, with what the transport says of it."""
        if self.interrupted:
            return EngineError("connection-broken", "the exchange was interrupted")
        error_output = self._channel.error_output()
        if error_output:
            return EngineError("connection-broken", f"{message}; ssh reports: {error_output}")
        return EngineError("connection-broken", message)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._channel.close()
            self._on_close()


def reason(error: OSError) -> str:
    """Return an operating system's error message, without the number."""
    return error.strerror or str(error) or type(error).__name__
