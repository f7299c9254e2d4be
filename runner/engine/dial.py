"""Opening a connection to an endpoint: one function per kind of address."""

from __future__ import annotations

import errno
import socket
import traceback
from pathlib import Path
from typing import Final
from urllib.parse import quote

from runner.engine.connection import Channel, Dial, SocketChannel, reason
from runner.engine.endpoint import Endpoint
from runner.engine.message import Deadline
from runner.errors import EngineError


def dialer(endpoint: Endpoint) -> Dial:
    """What opens connections to this endpoint."""
    if endpoint.scheme == "unix":
        return lambda deadline: _dial_unix(endpoint, deadline)
    if endpoint.scheme == "ssh":
        from runner.engine.ssh import SshDialer

        return SshDialer(endpoint)
    if endpoint.tls is None:
        return lambda deadline: SocketChannel(dial_tcp(endpoint, deadline))
    from runner.engine.tls import TlsDialer

    return TlsDialer(endpoint)


def _dial_unix(endpoint: Endpoint, deadline: Deadline) -> Channel:
    """Unix sockets are requests-unixsocket's: its connection dials and sends. Its pool and requests' session stay out
    of it, since they cost more per call than the engine does; importing it is left until a socket is dialed."""
    from requests_unixsocket.adapters import UnixHTTPConnection

    path = endpoint.path or ""
    connection = UnixHTTPConnection(f"http+unix://{quote(path, safe='')}", timeout=deadline.remaining())
    try:
        connection.connect()
    except OSError as error:
        _close_forgotten(error)
        if isinstance(error, TimeoutError):
            raise
        raise _unreachable(endpoint, error, _unix_hint(path, error)) from None
    return SocketChannel(connection.sock, send=connection.send)


def _close_forgotten(error: OSError) -> None:
    """requests-unixsocket 0.4.1 lets go of a socket that it could not connect without closing it; only the frame of
    its ``connect`` still knows it."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        sock = frame.f_locals.get("sock")
        if isinstance(sock, socket.socket):
            sock.close()


def dial_tcp(endpoint: Endpoint, deadline: Deadline) -> socket.socket:
    """A connected tcp socket, without Nagle's delay: a request is one write.

    Raises:
        EngineError: ``engine-unreachable``.
        TimeoutError: the deadline passed.
    """
    try:
        sock = socket.create_connection((endpoint.host, endpoint.port or 0), timeout=deadline.remaining())
    except TimeoutError:
        raise
    except OSError as error:
        raise _unreachable(endpoint, error, _tcp_hint(endpoint, error)) from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _unreachable(endpoint: Endpoint, error: OSError, hint: str) -> EngineError:
    return EngineError(
        "engine-unreachable",
        f"no engine answers at {endpoint.url} (from {endpoint.source}): {reason(error)}",
        hint=hint,
    )


_NAME_ANOTHER: Final = "name another engine with -H, DOCKER_HOST or a context"


def _unix_hint(path: str, error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"members of the socket's group may use {path} (sudo usermod -aG docker $USER, then log in again)"
    if error.errno == errno.ENOENT:
        return f"is it running? Start it (sudo systemctl start docker), or {_NAME_ANOTHER}"
    if error.errno == errno.ECONNREFUSED:
        return f"the socket is there, but no engine listens on it: start it, or {_NAME_ANOTHER}"
    if not Path(path).is_socket():
        return f"is {path} a socket? Or {_NAME_ANOTHER}"
    return _NAME_ANOTHER


def _tcp_hint(endpoint: Endpoint, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"does the name {endpoint.host!r} resolve?"
    if error.errno == errno.ECONNREFUSED:
        return f"does an engine listen on port {endpoint.port} there? Or {_NAME_ANOTHER}"
    return f"can {endpoint.host} be reached from here? Or {_NAME_ANOTHER}"
