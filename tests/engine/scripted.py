"""A server that says exactly what a test makes it say, and keeps what it was told.

A script is a function of one connection. The first connection runs the first script, and so on; one that no script
is left for is closed at once.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runner.engine.docker_config.endpoint import Endpoint


@dataclass
class Peer:
    """The server's side of one connection."""

    sock: socket.socket
    requests: list[bytes]
    released: threading.Event
    _ahead: bytes = b""

    def head(self) -> bytes:
        """Read and keep the head of a request."""
        while b"\r\n\r\n" not in self._ahead:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("the client went")
            self._ahead += data
        head, _, self._ahead = self._ahead.partition(b"\r\n\r\n")
        self.requests.append(head + b"\r\n\r\n")
        return head

    def request(self) -> bytes:
        """Read and keep a request with its body."""
        head = self.head()
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                self.requests[-1] += self.exactly(int(value))
            if name.lower() == b"transfer-encoding":
                while not self.requests[-1].endswith(b"\r\n0\r\n\r\n"):
                    self.requests[-1] += self.exactly(1)
        return self.requests[-1]

    def exactly(self, size: int) -> bytes:
        while len(self._ahead) < size:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("the client went")
            self._ahead += data
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return data

    def some(self) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        return self.sock.recv(65536)

    def rest(self) -> bytes:
        """Everything until the client has ended its side."""
        data = b""
        while piece := self.some():
            data += piece
        return data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def hold(self) -> None:
        """Say nothing, and stay, until the test is over."""
        self.released.wait(30)

    def reset(self) -> None:
        """Break the connection off hard (over tcp: a reset)."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Script = Callable[[Peer], None]


def replies(*answers: bytes) -> Script:
    """Answers one request with each, then closes."""

    def run(peer: Peer) -> None:
        for answer in answers:
            peer.request()
            peer.send(answer)

    return run


def ok(body: bytes = b"", *headers: str) -> bytes:
    lines = [b"HTTP/1.1 200 OK", *(header.encode() for header in headers), b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass
class Server:
    endpoint: Endpoint
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    errors: list[BaseException] = field(default_factory=list)


@contextlib.contextmanager
def serving(*scripts: Script, unix: Path | None = None) -> Iterator[Server]:
    """Run the scripts behind a socket: tcp on the loopback, or the unix socket ``unix``."""
    if unix:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(unix))
        endpoint = Endpoint(f"unix://{unix}", "unix", "a test", path=str(unix))
    else:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        endpoint = Endpoint(f"tcp://127.0.0.1:{port}", "tcp", "a test", host="127.0.0.1", port=port)
    listener.listen(16)
    server = Server(endpoint)
    released = threading.Event()
    workers: list[threading.Thread] = []

    def work(sock: socket.socket, script: Script) -> None:
        with sock:
            try:
                script(Peer(sock, server.requests, released))
            except OSError:
                pass  # the client may go whenever it likes
            except Exception as error:  # noqa: BLE001 - shown at the end of the test
                server.errors.append(error)

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            script = scripts[server.connections] if server.connections < len(scripts) else lambda peer: None
            server.connections += 1
            workers.append(threading.Thread(target=work, args=(sock, script)))
            workers[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield server
    finally:
        released.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)
        for worker in workers:
            worker.join(5)
        assert not server.errors
