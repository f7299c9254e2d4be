"""Opens plain connections: unix sockets and tcp."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from pathlib import Path
from typing import Final

from runner.engine.docker_config.endpoint import Endpoint
from runner.engine.sockets.connection import Channel, SocketChannel, reason
from runner.engine.sockets.descriptors import refuse_if_exhausted
from runner.engine.transport import Deadline
from runner.errors import EngineError

_RETRY_PAUSE: Final = 0.01


def dial_unix(endpoint: Endpoint, deadline: Deadline) -> Channel:
    """Connect to a unix socket.

    By hand: loading requests-unixsocket takes longer than everything else between the start of the command and its
    first request, and a hijacked stream could use no more of it than these few lines.

    Raises:
        EngineError: ``engine-unreachable``.
        StepError: ``too-many-open-files``.
        TimeoutError: the deadline passed.
    """
    path = endpoint.path or ""
    with contextlib.ExitStack() as opened:
        try:
            sock = opened.enter_context(socket.socket(socket.AF_UNIX))
            _connect(sock, path, deadline)
        except TimeoutError:
            raise
        except OSError as error:
            refuse_if_exhausted(error)
            raise _no_unix_engine(endpoint, path, error) from None
        opened.pop_all()
    return SocketChannel(sock)


def _connect(sock: socket.socket, path: str, deadline: Deadline) -> None:
    while True:
        sock.settimeout(deadline.remaining())
        try:
            sock.connect(path)
        except BlockingIOError:  # the engine's backlog is full: EAGAIN in unix(7)
            time.sleep(_RETRY_PAUSE)
        else:
            return


def dial_tcp(endpoint: Endpoint, deadline: Deadline) -> socket.socket:
    """Return a connected tcp socket, without Nagle's delay: a request is one write.

    Raises:
        EngineError: ``engine-unreachable``.
        StepError: ``too-many-open-files``.
        TimeoutError: the deadline passed.
    """
    try:
        sock = socket.create_connection((endpoint.host, endpoint.port or 0), timeout=deadline.remaining())
    except TimeoutError:
        raise
    except OSError as error:
        refuse_if_exhausted(error)
        if isinstance(error, socket.gaierror):
            _refuse_if_no_socket_is_left()
        raise _no_tcp_engine(endpoint, error) from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def unreachable(endpoint: Endpoint, why: str, hint: str) -> EngineError:
    """Return the error for an engine that no connection can be opened to."""
    message = f"no engine answers at {endpoint.url} (from {endpoint.source}): {why}"
    return EngineError("engine-unreachable", message, hint=hint)


def _refuse_if_no_socket_is_left() -> None:
    """Raise the error of :func:`refuse_if_exhausted`, which the resolver of names hides behind one of its own."""
    try:
        socket.socket().close()
    except OSError as error:
        refuse_if_exhausted(error)


_ANOTHER: Final = "select another engine with -H, DOCKER_HOST or a context"


def _no_unix_engine(endpoint: Endpoint, path: str, error: OSError) -> EngineError:
    why, hint = reason(error), _ANOTHER
    if error.errno in (errno.EACCES, errno.EPERM):
        hint = f"members of the socket's group may use {path} (sudo usermod -aG docker $USER, then log in again)"
    elif error.errno == errno.ENOENT:
        hint = f"is it running? Start it (sudo systemctl start docker), or {_ANOTHER}"
    elif Path(path).is_dir():
        why, hint = "it is a folder, not a socket", f"name the socket in it, or {_ANOTHER}"
    elif not Path(path).is_socket():
        why = "it is a file, not a socket"
    elif error.errno == errno.ECONNREFUSED:
        hint = f"the socket is there, but no engine listens on it: start it, or {_ANOTHER}"
    return unreachable(endpoint, why, hint)


def _no_tcp_engine(endpoint: Endpoint, error: OSError) -> EngineError:
    hint = f"can {endpoint.host} be reached from here? Or {_ANOTHER}"
    if isinstance(error, socket.gaierror):
        hint = f"does the name {endpoint.host!r} resolve?"
    elif error.errno == errno.ECONNREFUSED:
        hint = f"does an engine listen on port {endpoint.port} there? Or {_ANOTHER}"
    return unreachable(endpoint, reason(error), hint)
