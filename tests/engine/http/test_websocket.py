"""WebSockets against a server that says exactly what it is told to."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator

import pytest

from runner.engine.http.client import HttpTransport
from runner.engine.sockets.dial import dialer
from runner.engine.transport import Deadline, Request, Response
from runner.errors import DeadlineExceeded, EngineError
from tests.engine.scripted import Peer, Script, Server, ok, replies, serving

ATTACH = Request("GET", "/v1.41/containers/c/attach/ws", (("stream", "1"),), upgrade="websocket")
CLOSE = b"\x88\x02\x03\xe8"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accepts(then: Callable[[Peer], None] = lambda peer: None, *, at_once: bytes = b"") -> Script:
    """Shakes hands, sends ``at_once`` in the same packet, and goes on with ``then``."""

    def run(peer: Peer) -> None:
        found = re.search(rb"Sec-WebSocket-Key: (\S+)", peer.head())
        assert found is not None
        accept = base64.b64encode(hashlib.sha1(found[1] + GUID).digest())
        peer.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + at_once
        )
        then(peer)

    return run


def frame(peer: Peer) -> tuple[int, bytes]:
    """The next frame of the client, which must be masked: its opcode and its payload."""
    first, second = peer.exactly(2)
    assert first & 0x80 and second & 0x80
    size = second & 0x7F
    if size == 126:
        size = int.from_bytes(peer.exactly(2), "big")
    elif size == 127:
        size = int.from_bytes(peer.exactly(8), "big")
    mask = peer.exactly(4)
    return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(peer.exactly(size)))


@contextlib.contextmanager
def opened(server: Server, seconds: float = 5) -> Iterator[Response]:
    transport = HttpTransport(dialer(server.endpoint))
    with contextlib.closing(transport), contextlib.closing(transport.send(ATTACH, Deadline.after(seconds))) as response:
        yield response


def everything(response: Response) -> bytes:
    return b"".join(iter(response.read1, b""))


def test_the_handshake() -> None:
    with serving(accepts(at_once=CLOSE)) as server, opened(server) as response:
        assert (response.status, response.upgraded) == (101, True)
        assert everything(response) == b""
        assert response.read1() == b"", "the end stays the end"
    head = server.requests[0].decode().lower()
    assert "connection: upgrade\r\nupgrade: websocket\r\n" in head
    assert "sec-websocket-version: 13\r\n" in head


def test_frames_cut_anywhere_and_behind_the_head() -> None:
    data = b"\x82\x05hello" + b"\x01\x02\xc3\xa4" + b"\x80\x02, " + b"\x82\x00" + b"\x82\x7e\x01\x00" + b"x" * 256

    def bytewise(peer: Peer) -> None:
        for byte in data[3:] + CLOSE:
            peer.send(bytes([byte]))

    with serving(accepts(bytewise, at_once=data[:3])) as server, opened(server) as response:
        assert everything(response) == "helloä, ".encode() + b"x" * 256


def test_stdin_ends_with_a_close_and_output_goes_on() -> None:
    heard: list[tuple[int, bytes]] = []

    def echo(peer: Peer) -> None:
        heard.extend(frame(peer) for _ in range(3))
        peer.send(b"\x82\x04done" + CLOSE)

    with serving(accepts(echo)) as server, opened(server) as response:
        response.write(b"one")
        response.write(b"x" * 70_000)
        response.close_write()
        assert everything(response) == b"done"
    assert heard == [(2, b"one"), (2, b"x" * 70_000), (8, b"\x03\xe8")]


def test_a_ping_is_answered() -> None:
    heard: list[tuple[int, bytes]] = []

    def ping(peer: Peer) -> None:
        peer.send(b"\x89\x02hi")
        heard.append(frame(peer))
        peer.send(CLOSE)
        heard.append(frame(peer))

    with serving(accepts(ping)) as server, opened(server) as response:
        assert everything(response) == b""
    assert heard == [(10, b"hi"), (8, b"\x03\xe8")]


def test_a_refusal_is_an_ordinary_answer() -> None:
    refusal = ok(b'{"message":"no"}').replace(b"200 OK", b"404 Not Found")
    with serving(replies(refusal)) as server, opened(server) as response:
        assert (response.status, response.upgraded) == (404, False)
        assert everything(response) == b'{"message":"no"}'


def test_an_answer_that_is_none_to_this_handshake() -> None:
    switch = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: abc=\r\n\r\n"
    with (
        serving(replies(switch)) as server,
        pytest.raises(EngineError, match="handshake is wrong") as caught,
        opened(server),
    ):
        pass
    assert caught.value.code == "broken-websocket"


@pytest.mark.parametrize(
    ("sent", "code", "message"),
    [
        (b"\x82\x05hel", "connection-broken", "without closing the WebSocket"),
        (b"", "connection-broken", "without closing the WebSocket"),
        (b"\xf2\x01x", "broken-websocket", "the WebSocket ended badly: Reserved bit"),
        (b"\x81\x02\xff\xff", "broken-websocket", "the WebSocket ended badly: .*can't decode"),
        (b"\x88\x07\x03\xf3sorry", "broken-websocket", "the WebSocket ended badly: sorry"),
    ],
)
def test_ends_that_are_none(sent: bytes, code: str, message: str) -> None:
    with (
        serving(accepts(at_once=sent)) as server,
        opened(server) as response,
        pytest.raises(EngineError, match=message) as caught,
    ):
        everything(response)
    assert caught.value.code == code


def test_silence_lasts_until_the_deadline() -> None:
    with serving(accepts(Peer.hold)) as server, opened(server, 0.3) as response, pytest.raises(DeadlineExceeded):
        everything(response)


def test_what_can_not_be_sent_any_more() -> None:
    with serving(accepts(Peer.hold, at_once=CLOSE)) as server, opened(server) as response:
        assert everything(response) == b""
        with pytest.raises(EngineError, match="before everything was sent"):
            response.write(b"late")
        response.close_write()
