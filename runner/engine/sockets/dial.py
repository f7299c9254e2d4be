"""Opening a connection to an endpoint: one function per kind of address."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import Final

from runner.engine.docker_config.endpoint import Endpoint
from runner.engine.sockets.connection import Channel, Dial, SocketChannel, reason
from runner.engine.transport import Deadline
from runner.errors import EngineError


def dialer(endpoint: Endpoint) -> Dial:
    """What opens connections to this endpoint."""
    if endpoint.scheme == "unix":
        return lambda deadline: _dial_unix(endpoint, deadline)
    if endpoint.scheme == "ssh":
        from runner.engine.sockets.ssh import SshDialer

        return SshDialer(endpoint)
    if endpoint.tls is None:
        return lambda deadline: SocketChannel(dial_tcp(endpoint, deadline))
    from runner.engine.sockets.tls import TlsDialer

    return TlsDialer(endpoint)


def _dial_unix(endpoint: Endpoint, deadline: Deadline) -> Channel:
    """Dialed by hand: loading requests-unixsocket takes longer than everything else between the start of the command
    and its first request, and of all it brings, a hijacked stream could use no more than these few lines."""
    path = endpoint.path or ""
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.settimeout(deadline.remaining())
        sock.connect(path)
    except OSError as error:
        sock.close()
        if isinstance(error, TimeoutError):
            raise
        raise _unreachable(endpoint, error, _unix_hint(path, error)) from None
    return SocketChannel(sock)


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
