"""The transport against a server that behaves badly in every way that could be thought of."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.engine.http.client import HttpTransport
from runner.engine.sockets.connection import Channel
from runner.engine.sockets.dial import dialer
from runner.engine.transport import Deadline, Request
from runner.errors import DeadlineExceeded, EngineError, RunnerError, StepError
from tests.engine.scripted import Peer, Script, Server, ok, replies, serving

SOON = 5.0
GET = Request("GET", "/_ping")
POST = Request("POST", "/things", body=b"{}")


def transport_to(server: Server) -> HttpTransport:
    return HttpTransport(dialer(server.endpoint))


def whole(transport: HttpTransport, request: Request, seconds: float | None = SOON) -> bytes:
    response = transport.send(request, Deadline.after(seconds))
    try:
        return b"".join(iter(response.read1, b""))
    finally:
        response.close()


def failure(script: Script, request: Request = GET, seconds: float = SOON) -> RunnerError:
    """Return what comes of one exchange with this script."""
    with serving(script) as server:
        transport = transport_to(server)
        with pytest.raises(RunnerError) as caught:
            whole(transport, request, seconds)
        assert not transport._busy
        assert not transport._idle
    return caught.value


@dataclass(frozen=True)
class Pieces:
    """An upload made of these pieces."""

    parts: tuple[bytes, ...]
    size: int | None = None
    label: str = "pieces"
    wait: threading.Event | None = None

    def chunks(self) -> Iterator[bytes]:
        for part in self.parts:
            yield part
            if self.wait:
                assert self.wait.wait(SOON)

    def recorded_chunks(self) -> Iterator[bytes]:
        return self.chunks()


def test_the_request_is_sent_byte_for_byte(tmp_path: Path) -> None:
    request = Request(
        "POST", "/v1.41/x", query=(("t", "a:1"), ("t", "b c")), headers=(("Accept", "text/plain"),), body=b'{"a":1}'
    )
    with serving(replies(ok(b"yes")), unix=tmp_path / "s") as server:
        transport = transport_to(server)
        assert whole(transport, request) == b"yes"
        transport.close()
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    assert first == "POST /v1.41/x?t=a%3A1&t=b+c HTTP/1.1"
    assert headers[0] == "Host: localhost"
    assert headers[1].startswith("User-Agent: engine-recipes/")
    assert headers[2:] == ["Accept: text/plain", "Content-Length: 7"]
    assert body == b'{"a":1}'


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/a b"),
        Request("GET", "/a\r\nX: y"),
        Request("GET", "http://elsewhere/"),
        Request("G T", "/"),
        Request("GET", "/", headers=(("X", "a\r\nY: b"),)),
        Request("GET", "/", headers=(("X Y", "a"),)),
        Request("GET", "/", headers=(("Host", "elsewhere"),)),
        Request("GET", "/", headers=(("X", "\u20ac"),)),
    ],
)
def test_a_request_that_would_break_out_of_its_line_is_refused(request_: Request) -> None:
    with serving() as server:
        with pytest.raises(StepError) as caught:
            transport_to(server).send(request_, Deadline.never())
        assert caught.value.code == "invalid-request"
    assert server.connections == 0


def test_connections_are_reused() -> None:
    with serving(replies(ok(b"1"), b"HTTP/1.1 204 No Content\r\n\r\n", ok(b"3"))) as server:
        transport = transport_to(server)
        assert [whole(transport, GET) for _ in range(3)] == [b"1", b"", b"3"]
        transport.close()
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1",
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n1",
        ok(b"1") + b"and something that nobody asked for",
    ],
)
def test_a_connection_that_is_over_is_not_reused(answer: bytes) -> None:
    with serving(replies(answer, ok(b"?")), replies(ok(b"2"))) as server:
        transport = transport_to(server)
        assert whole(transport, GET) == b"1"
        assert whole(transport, POST) == b"2"
        transport.close()
    assert server.connections == 2


def test_an_answer_that_was_not_read_to_its_end_closes_its_connection() -> None:
    with serving(replies(ok(b"1" * 100_000)), replies(ok(b"2"))) as server:
        transport = transport_to(server)
        response = transport.send(GET, Deadline.after(SOON))
        response.read1()
        response.close()
        assert whole(transport, GET) == b"2"
        transport.close()


def test_an_idle_connection_that_the_engine_closed_is_replaced() -> None:
    with serving(replies(ok(b"1")), replies(ok(b"2"))) as server:
        transport = transport_to(server)
        assert whole(transport, POST) == b"1"
        time.sleep(0.1)
        assert whole(transport, POST) == b"2"
        transport.close()


def _answers_then_takes_one_more_and_goes(peer: Peer) -> None:
    peer.request()
    peer.send(ok(b"1"))
    peer.request()


def _takes_and_goes(peer: Peer) -> None:
    peer.request()


def test_only_what_is_safe_to_repeat_is_repeated() -> None:
    with serving(_answers_then_takes_one_more_and_goes, replies(ok(b"2"))) as server:
        transport = transport_to(server)
        assert whole(transport, GET) == b"1"
        assert whole(transport, GET) == b"2"
        transport.close()
    with serving(_answers_then_takes_one_more_and_goes, replies(ok(b"2"))) as server:
        transport = transport_to(server)
        assert whole(transport, POST) == b"1"
        with pytest.raises(EngineError, match="without a response"):
            whole(transport, POST)
    assert server.connections == 1


def test_a_fresh_connection_is_never_tried_twice() -> None:
    with serving(_takes_and_goes, replies(ok())) as server, pytest.raises(EngineError, match="without a response"):
        whole(transport_to(server), GET)
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "3 of 10 bytes arrived"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "lacks 2 bytes after 3 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "last chunk is missing after 3 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "last chunk is missing after 0 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "last chunk is missing"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "not a number"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "not a number"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 20 + b"\r\n", "makes no sense"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "not end where its size says"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "in the middle of a response's head"),
        (b"", "without a response"),
    ],
)
def test_a_cut_answer_says_how_much_came(answer: bytes, says: str) -> None:
    error = failure(replies(answer))
    assert isinstance(error, EngineError)
    assert error.code == "connection-broken"
    assert says in error.message


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n",
        b"\x00\x01\x02",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000,
    ],
)
def test_what_is_not_http_is_called_so(answer: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer)
        peer.hold()

    assert failure(script).code == "not-http"


def test_a_server_that_speaks_tls_is_recognized() -> None:
    error = failure(replies(b"\x15\x03\x01\x00\x02\x02\x16"))
    assert error.code == "not-http"
    assert "--tlsverify" in (error.hint or "")


def test_continue_is_skipped() -> None:
    with serving(
        replies(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + ok(b"1"))
    ) as server:
        transport = transport_to(server)
        assert whole(transport, GET) == b"1"
        transport.close()


def test_redirects_are_not_followed() -> None:
    moved = b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with serving(replies(moved)) as server:
        transport = transport_to(server)
        response = transport.send(GET, Deadline.after(SOON))
        assert response.status == 301
        transport.close()
    assert server.connections == 1


def test_head_has_no_body() -> None:
    with serving(replies(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ok(b"2"))) as server:
        transport = transport_to(server)
        assert whole(transport, Request("HEAD", "/_ping")) == b""
        assert whole(transport, GET) == b"2"
        transport.close()
    assert server.connections == 1


def test_a_silent_engine_meets_the_deadline() -> None:
    start = time.monotonic()
    error = failure(Peer.hold, seconds=0.2)
    assert isinstance(error, DeadlineExceeded)
    assert time.monotonic() - start < 10


def test_silence_inside_an_answer_meets_the_deadline_and_the_connection_is_never_reused() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        peer.hold()

    with serving(script, replies(ok(b"2"))) as server:
        transport = transport_to(server)
        response = transport.send(GET, Deadline.after(60))
        assert response.read1() == b"abc"
        response.until(Deadline.after(0.2))
        with pytest.raises(DeadlineExceeded):
            response.read1()
        assert whole(transport, GET) == b"2"
        transport.close()


def test_a_passed_deadline_sends_nothing() -> None:
    with serving() as server, pytest.raises(DeadlineExceeded):
        transport_to(server).send(GET, Deadline.after(-1))
    assert server.connections == 0


def test_connecting_has_a_time_limit_of_its_own() -> None:
    def slow(deadline: Deadline) -> Channel:
        left = deadline.remaining()
        assert left is not None
        assert left <= 0.1
        time.sleep(left)
        raise TimeoutError

    with pytest.raises(EngineError, match=r"no connection within 0\.1 s") as caught:
        HttpTransport(slow, connect_timeout=0.1).send(GET, Deadline.never())
    assert caught.value.code == "engine-unreachable"
    with pytest.raises(DeadlineExceeded):
        HttpTransport(slow, connect_timeout=60).send(GET, Deadline.after(0.1))


def test_abort_wakes_whoever_waits() -> None:
    with serving(*[Peer.hold] * 3) as server:
        transport = transport_to(server)
        errors: list[BaseException] = []

        def wait() -> None:
            try:
                whole(transport, GET, None)
            except EngineError as error:
                errors.append(error)

        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        while len(transport._busy) < 3:
            time.sleep(0.01)
        transport.abort()
        for thread in threads:
            thread.join(SOON)
        assert [getattr(error, "code", None) for error in errors] == ["connection-broken"] * 3


def test_abort_never_looks_like_the_end_of_a_stream() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nfirst")
        peer.hold()

    with serving(script) as server:
        transport = transport_to(server)
        response = transport.send(GET, Deadline.never())
        assert response.read1() == b"first"
        threading.Timer(0.1, transport.abort).start()
        with pytest.raises(EngineError, match="interrupted"):
            response.read1()


def test_after_an_abort_the_transport_serves_on() -> None:
    with serving(Peer.hold, replies(ok(b"2"))) as server:
        transport = transport_to(server)
        threading.Timer(0.1, transport.abort).start()
        with pytest.raises(EngineError):
            whole(transport, GET)
        assert whole(transport, GET) == b"2"
        transport.close()


UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
ATTACH = Request("POST", "/attach", upgrade="tcp")


@pytest.mark.parametrize(
    "answer", [UPGRADED, b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"]
)
def test_an_upgrade_loses_nothing_and_goes_both_ways(answer: bytes) -> None:
    said = []

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer + b"early")
        said.append(peer.rest())
        peer.send(b"late")

    with serving(script) as server:
        transport = transport_to(server)
        response = transport.send(ATTACH, Deadline.after(SOON))
        assert response.upgraded == (response.status == 101)
        assert response.read1() == b"early"
        response.write(b"to ")
        response.write(b"you")
        response.close_write()
        assert b"".join(iter(response.read1, b"")) == b"late"
        assert not transport._idle
    assert said == [b"to you"]
    assert b"Connection: Upgrade\r\nUpgrade: tcp\r\n" in server.requests[0]


def test_a_refused_upgrade_can_be_read_but_not_written() -> None:
    with serving(replies(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\nno such container")) as server:
        response = transport_to(server).send(ATTACH, Deadline.after(SOON))
        with pytest.raises(StepError, match="404 Not Found"):
            response.write(b"x")
        assert b"".join(iter(response.read1, b"")) == b"no such container"


def test_uploads_are_sized_or_chunked() -> None:
    with serving(replies(ok(b"1"), ok(b"2"), ok(b"3"))) as server:
        transport = transport_to(server)
        assert whole(transport, Request("PUT", "/a", body=Pieces((b"abc", b"def"), 6))) == b"1"
        assert whole(transport, Request("PUT", "/a", body=Pieces((b"abc", b"", b"defg")))) == b"2"
        assert whole(transport, Request("PUT", "/a", body=b"x" * 1_000_000)) == b"3"
        transport.close()
    sized, chunked, large = server.requests
    assert sized.endswith(b"Content-Length: 6\r\n\r\nabcdef")
    assert chunked.endswith(b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
    assert large.endswith(b"Content-Length: 1000000\r\n\r\n" + b"x" * 1_000_000)
    assert server.connections == 1


def _refuses_early(peer: Peer) -> None:
    peer.head()
    peer.send(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno!")
    peer.sock.shutdown(1)
    time.sleep(0.2)


@pytest.mark.parametrize("body", [Pieces((b"x" * 100_000,) * 500), b"x" * 50_000_000])
def test_an_answer_in_the_middle_of_an_upload_is_heard(body: Pieces | bytes) -> None:
    with serving(_refuses_early) as server:
        transport = transport_to(server)
        response = transport.send(Request("POST", "/build", body=body), Deadline.after(SOON))
        assert response.status == 413
        assert b"".join(iter(response.read1, b"")) == b"no!"
        response.close()
        assert not transport._idle


def test_an_answer_streams_while_the_upload_goes_on() -> None:
    heard = threading.Event()

    def script(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        while not peer.some().endswith(b"0\r\n\r\n"):
            pass
        peer.send(b"4\r\nlast\r\n0\r\n\r\n")

    with serving(script) as server:
        transport = transport_to(server)
        response = transport.send(Request("POST", "/load", body=Pieces((b"a", b"b"), wait=heard)), Deadline.after(SOON))
        assert response.read1() == b"first"
        heard.set()
        assert b"".join(iter(response.read1, b"")) == b"last"
        transport.close()


def test_a_body_that_cannot_be_read_is_told_as_such() -> None:
    class Broken(Pieces):
        def chunks(self) -> Iterator[bytes]:
            yield b"abc"
            raise PermissionError(13, "Permission denied")

    error = failure(_takes_and_goes, Request("POST", "/x", body=Broken(())))
    assert error.code == "unreadable-body"
    assert "Permission denied" in error.message


@pytest.mark.parametrize(("parts", "says"), [((b"abc",), "has 3"), ((b"abcdef",), "has more")])
def test_a_file_that_changes_under_way_is_told_as_such(parts: tuple[bytes, ...], says: str) -> None:
    error = failure(_takes_and_goes, Request("POST", "/x", body=Pieces(parts, 5)))
    assert error.code == "changed-body"
    assert says in error.message


def test_a_reset_is_a_broken_connection() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.reset()

    error = failure(script)
    assert error.code == "connection-broken"
    assert "reset" in error.message


def test_many_threads_share_the_pool() -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(ok(b"x"))

    with serving(*[script] * 8) as server:
        transport = transport_to(server)
        bodies: list[bytes] = []

        def work() -> None:
            for _ in range(25):
                bodies.append(whole(transport, GET))  # noqa: PERF401

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        assert bodies == [b"x"] * 200
        assert server.connections <= 8
        transport.close()
