"""Whatever an engine sends, the transport gives its bytes or one of the documented errors, and keeps nothing open."""

from __future__ import annotations

import contextlib
import socket

from hypothesis import given
from hypothesis import strategies as st

from runner.engine.http.client import HttpTransport
from runner.engine.sockets.connection import Channel, SocketChannel
from runner.engine.transport import Deadline, Request
from runner.errors import DeadlineExceeded, EngineError
from tests.engine.http.test_parser import HOSTILE

HEADS = st.sampled_from(
    [
        *[b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 101 UPGRADED\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b""],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    ]
)
REQUESTS = st.sampled_from(
    [
        Request("GET", "/x"),
        Request("HEAD", "/x"),
        Request("POST", "/x", body=b"{}"),
        Request("POST", "/x", upgrade="tcp"),
    ]
)


@given(HEADS, st.lists(HOSTILE | st.binary(max_size=8), max_size=8).map(b"".join), REQUESTS, st.booleans())
def test_any_bytes_are_a_response_or_a_documented_error(head: bytes, tail: bytes, request: Request, ends: bool) -> None:
    near, far = socket.socketpair()
    far.sendall(head + tail)
    if ends:
        far.shutdown(socket.SHUT_WR)

    def dial(deadline: Deadline) -> Channel:
        return SocketChannel(near)

    transport = HttpTransport(dial)
    body = b""
    with far:
        try:
            response = transport.send(request, Deadline.after(0.05))
            with contextlib.closing(response):
                while data := response.read1():
                    body += data
        except EngineError as error:
            assert error.code in ("connection-broken", "not-http")
        except DeadlineExceeded:
            assert not ends
        assert len(body) <= len(head + tail)
        assert not transport._busy
        transport.close()
        assert near.fileno() == -1
