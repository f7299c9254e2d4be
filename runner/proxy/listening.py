"""Listens where a client program is sent to: a private unix socket, or tcp on the loopback."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import shutil
import socket
import stat
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final
from urllib.parse import urlsplit

from runner.errors import UsageError

BACKLOG: Final = 512
"""Connections that wait for their turn; 200 clients may connect at the same moment."""
DRAIN_SECONDS: Final = 2.0
"""How long connections that are still open may go on when listening ends."""

Serve = Callable[[socket.socket], None]
"""Serves one connection to its end and closes it. It runs in a thread of its own and raises nothing."""


class Server:
    """Accepts connections while entered, each in a thread of its own; ``url`` is where.

    With no address it makes a unix socket with mode 0600 in a folder with mode 0700, both gone afterwards.

    Raises:
        UsageError: ``bad-address``, there can't be listened at.
    """

    def __init__(self, address: str | None, serve: Serve) -> None:
        self._serve = serve
        self._folder: Path | None = None
        self._path: Path | None = None
        self._socket, self.url = self._listen(address)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._idle = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._accept, name="accept", daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more, wait a moment for the connections to end, break those that don't, remove the socket."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        self._remove()
        with self._lock:
            for seconds in (DRAIN_SECONDS, DRAIN_SECONDS):
                self._idle.wait_for(lambda: not self._open, seconds)
                for connection in self._open:
                    with contextlib.suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                if self._closed:
                    return
                threading.Event().wait(0.05)  # out of descriptors: some come back when a connection ends
                continue
            if connection.family != socket.AF_UNIX:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a body must not wait for an ACK
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._handle, args=(connection,), name="connection", daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        try:
            self._serve(connection)
        finally:
            with self._lock:
                self._open.discard(connection)
                self._idle.notify_all()
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # wakes a thread that still reads it
            connection.close()

    def _listen(self, address: str | None) -> tuple[socket.socket, str]:
        if address is None:
            self._folder = Path(tempfile.mkdtemp(prefix="engine-recipes-", dir=_runtime_folder()))
            return self._listen_unix(self._folder / "engine.sock")
        url = urlsplit(address)
        if url.scheme == "unix" and url.path:
            return self._listen_unix(Path(url.path))
        if url.scheme == "tcp" and url.hostname and _port(address) is not None:
            return _listen_tcp(address, url.hostname, _port(address) or 0)
        raise _bad(address, "an address is unix:///PATH or tcp://127.0.0.1:PORT")

    def _listen_unix(self, path: Path) -> tuple[socket.socket, str]:
        listener = socket.socket(socket.AF_UNIX)
        address = f"unix://{path}"
        try:
            _remove_dead(path)
            mask = os.umask(0o177)
            try:
                listener.bind(str(path))
            finally:
                os.umask(mask)
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            raise _bad(address, error.strerror or str(error)) from None
        self._path = path
        return listener, address

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            if self._path is not None:
                self._path.unlink()
            if self._folder is not None:
                self._folder.rmdir()


def _listen_tcp(address: str, host: str, port: int) -> tuple[socket.socket, str]:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        hint = "who can connect there has the power of the engine, so only the loopback is listened on"
        raise UsageError("bad-address", f"{address} is not on the loopback", hint=hint)
    try:
        listener = socket.create_server((host, port), family=_family(host), backlog=BACKLOG)
    except OSError as error:
        raise _bad(address, error.strerror or str(error)) from None
    shown = f"[{host}]" if ":" in host else host
    return listener, f"tcp://{shown}:{listener.getsockname()[1]}"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _port(address: str) -> int | None:
    try:
        return urlsplit(address).port
    except ValueError:
        return None


def _remove_dead(path: Path) -> None:
    """Remove a socket that no process listens on any more. Anything else there stays, and binding fails."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return
    except OSError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def _runtime_folder() -> str | None:
    """Return the user's own folder for sockets, or None for the usual folder of temporary files. A socket's path may
    have 107 bytes at most (unix(7))."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return folder if folder and len(folder) < 60 and os.access(folder, os.W_OK) else "/tmp"  # noqa: S108


def _bad(address: str, why: str) -> UsageError:
    return UsageError("bad-address", f"can't listen at {address}: {why}", hint="name another one with --listen")
