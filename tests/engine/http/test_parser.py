"""The parser of HTTP/1.1: the same result however the bytes are cut, the documented errors alone, h11 as a judge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.http.framing import LAST_CHUNK, MAX_FIELD_BYTES, ProtocolError, encode_chunk
from runner.engine.http.parser import IncompleteError, NotHttpError, RequestParser, ResponseParser
from tests.engine.cuts import cut

Parser = RequestParser | ResponseParser


class Outcome(NamedTuple):
    """Hold what came of a message's bytes. ``error`` is a class's name."""

    head: Any
    body: bytes
    trailers: Any
    ended: bool
    rest: bytes
    error: str | None = None


def parsed(parser: Parser, pieces: Iterable[bytes], *, closed: bool = False) -> Outcome:
    """Feed the pieces; with ``closed`` the connection ends behind them."""
    body, failure = b"", None
    try:
        for piece in pieces:
            body += parser.feed(piece)
        if closed:
            parser.end()
    except ProtocolError as error:
        body += error.before
        failure = "IncompleteError" if isinstance(error, IncompleteError) else "ProtocolError"
    return Outcome(parser.head, body, parser.trailers, parser.ended, parser.rest, failure)


TOKENS = st.text("abcXYZ019!#-_", min_size=1, max_size=8)
VALUES = st.text("abc XYZ09,;=\x80\xff", max_size=12).map(str.strip)
FIELDS = st.lists(st.tuples(TOKENS.map("X-{}".format), VALUES), max_size=4)
CHUNKS = st.lists(st.binary(min_size=1, max_size=40), max_size=6)
RESTS = st.binary(max_size=12)


class Message(NamedTuple):
    """A message as it is written, and what it says."""

    wire: bytes
    fields: tuple[tuple[str, str], ...]
    body: bytes
    trailers: tuple[tuple[str, str], ...] = ()
    until_close: bool = False


@st.composite
def messages(draw: st.DrawFn, first: str, *, may_stay_open: bool) -> Message:
    """A message with this first line, framed in any of the ways."""
    fields, chunks = tuple(draw(FIELDS)), draw(CHUNKS)
    framing = draw(st.sampled_from(["sized", "chunked", "open"] if may_stay_open else ["none", "sized", "chunked"]))
    trailers: tuple[tuple[str, str], ...] = ()
    written = body = b"".join(chunks)
    if framing == "none":
        body = written = b""
    elif framing == "sized":
        fields += (("Content-Length", str(len(body))),)
    elif framing == "chunked":
        trailers = tuple(draw(FIELDS))
        fields += (("Transfer-Encoding", "chunked"),)
        last = "".join(f"{name}: {value}\r\n" for name, value in trailers).encode("latin-1")
        written = b"".join(map(encode_chunk, chunks)) + LAST_CHUNK.removesuffix(b"\r\n") + last + b"\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    head = f"{first}\r\n{lines}\r\n".encode("latin-1")
    return Message(head + written, fields, body, trailers, framing == "open")


@given(st.data(), messages("HTTP/1.1 200 OK", may_stay_open=True), RESTS, st.booleans())
def test_a_response_round_trips_however_it_is_cut(
    data: st.DataObject, message: Message, rest: bytes, interim: bool
) -> None:
    rest = b"" if message.until_close else rest
    wire = (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" if interim else b"") + message.wire + rest
    parser = ResponseParser("GET")
    outcome = parsed(parser, data.draw(cut(wire)), closed=True)
    assert outcome == parsed(ResponseParser("GET"), [wire], closed=True)
    assert outcome == Outcome(outcome.head, message.body, message.trailers, True, rest)
    assert parser.head is not None
    assert (parser.head.status, parser.head.reason, parser.head.fields) == (200, "OK", message.fields)
    assert parser.head.keep is not message.until_close
    assert parser.until_close is message.until_close


@given(st.data(), messages("POST /v1.41/x?a=%20b HTTP/1.1", may_stay_open=False), RESTS, st.booleans())
def test_a_request_round_trips_however_it_is_cut(
    data: st.DataObject, message: Message, rest: bytes, blank: bool
) -> None:
    wire = b"\r\n" * blank + message.wire + rest
    parser = RequestParser()
    outcome = parsed(parser, data.draw(cut(wire)), closed=True)
    assert outcome == parsed(RequestParser(), [wire], closed=True)
    assert outcome == Outcome(outcome.head, message.body, message.trailers, True, rest)
    assert parser.head is not None
    assert (parser.head.method, parser.head.target, parser.head.fields) == ("POST", "/v1.41/x?a=%20b", message.fields)


@given(st.data(), st.lists(messages("GET / HTTP/1.1", may_stay_open=False), min_size=1, max_size=4))
def test_a_pipeline_goes_on_with_the_rest(data: st.DataObject, sent: list[Message]) -> None:
    got: list[Outcome] = []
    parser, body = RequestParser(), b""
    for piece in data.draw(cut(b"".join(message.wire for message in sent))):
        body += parser.feed(piece)
        while parser.ended:
            got.append(Outcome(parser.head, body, parser.trailers, True, b""))
            rest, parser = parser.rest, RequestParser()
            body = parser.feed(rest)
    assert [outcome.body for outcome in got] == [message.body for message in sent]
    assert [outcome.head.fields for outcome in got] == [message.fields for message in sent]


@given(st.data(), messages("HTTP/1.1 200 OK", may_stay_open=True))
def test_a_message_that_is_cut_off_says_so(data: st.DataObject, message: Message) -> None:
    stop = data.draw(st.integers(0, len(message.wire) - 1))
    parser = ResponseParser("GET")
    outcome = parsed(parser, [message.wire[:stop]], closed=True)
    assert message.body.startswith(outcome.body)
    assert (outcome.error == "IncompleteError") is not (message.until_close and parser.head is not None)


HOSTILE = st.sampled_from(
    [
        *[b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"POST / HTTP/1.1\r\n", b"HTTP/2 200\r\n"],
        *[b"Content-Length: 3\r\n", b"Content-Length: 1_0\r\n", b"Content-Length: +3\r\n", b"Content-Length: 3, 3\r\n"],
        *[b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"Connection: close\r\n"],
        *[b"\r\n", b"\n", b"\r", b" folded\r\n", b": no name\r\n", b"A : b\r\n", b"A: \0\r\n", b"A: b\nC: d\r\n"],
        *[
            b"3\r\nabc\r\n",
            b"3;x=y\r\nabc\r\n",
            b"0x3\r\nabc\r\n",
            b"1_0\r\n",
            b"-1\r\n",
            b"+3\r\nabc\r\n",
            b" 3\r\nabc\r\n",
        ],
        *[b"3\r\nabcd\r\n", b"0\r\n", b"0\r\n\r\n", b"00000\r\n\r\n", b"A: trailer\r\n", b"f" * 40, b"\x16\x03\x01"],
    ]
)


@given(st.data(), st.lists(HOSTILE | st.binary(max_size=8), max_size=10).map(b"".join), st.booleans())
def test_hostile_bytes_give_the_documented_errors_alone_however_they_are_cut(
    data: st.DataObject, wire: bytes, response: bool
) -> None:
    def parser() -> Parser:
        return ResponseParser("GET") if response else RequestParser()

    assert parsed(parser(), data.draw(cut(wire)), closed=True) == parsed(parser(), [wire], closed=True)


def judged(role: type[h11.CLIENT] | type[h11.SERVER], wire: bytes) -> Outcome | None:
    """Return what h11 says of the same bytes; None where it refuses them."""
    connection = h11.Connection(our_role=role, max_incomplete_event_size=MAX_FIELD_BYTES)
    if role is h11.CLIENT:
        connection.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
        connection.send(h11.EndOfMessage())
    connection.receive_data(wire)
    connection.receive_data(b"")
    head: Any = None
    body = b""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return None
        match event:
            case h11.Response():
                head = (event.status_code, event.reason.decode("latin-1"))
            case h11.Request():
                head = (event.method.decode(), event.target.decode("latin-1"))
            case h11.Data():
                body += event.data
            case h11.EndOfMessage():
                trailers = tuple((name.decode(), value.decode("latin-1")) for name, value in event.headers)
                return Outcome(head, body, trailers, True, b"")
            case h11.ConnectionClosed() | h11.PAUSED | h11.NEED_DATA:
                return None
            case _:
                pass


def agrees(parser: Parser, wire: bytes, judgement: Outcome | None) -> None:
    ours = parsed(parser, [wire], closed=True)
    if judgement is None or ours.error:
        return
    assert parser.head is not None
    assert judgement.head == parser.head[:2]
    assert judgement.body == ours.body
    assert judgement.trailers == tuple((name.lower(), value) for name, value in ours.trailers)


@given(st.lists(HOSTILE | st.binary(max_size=8), max_size=8).map(b"".join))
def test_h11_reads_the_same_response_where_both_accept_it(tail: bytes) -> None:
    wire = b"HTTP/1.1 200 OK\r\n" + tail
    agrees(ResponseParser("GET"), wire, judged(h11.CLIENT, wire))


@given(st.lists(HOSTILE | st.binary(max_size=8), max_size=8).map(b"".join))
def test_h11_reads_the_same_request_where_both_accept_it(tail: bytes) -> None:
    wire = b"POST /x HTTP/1.1\r\nHost: x\r\n" + tail
    agrees(RequestParser(), wire, judged(h11.SERVER, wire))


@given(messages("HTTP/1.1 200 OK", may_stay_open=True), messages("POST / HTTP/1.1\r\nHost: x", may_stay_open=False))
def test_both_accept_what_is_right(response: Message, request: Message) -> None:
    for parser, role, message in (
        (ResponseParser("GET"), h11.CLIENT, response),
        (RequestParser(), h11.SERVER, request),
    ):
        judgement = judged(role, message.wire)
        assert judgement is not None
        agrees(parser, message.wire, judgement)
        assert parser.ended


@pytest.mark.parametrize(
    ("method", "head", "keep", "body"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", True, b""),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", True, b""),
        ("POST", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", True, b""),
        ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", False, b"after"),
        ("GET", b"HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 5\r\n\r\n", False, b"after"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\n", False, b"after"),
    ],
)
def test_when_a_connection_can_be_used_again(method: str, head: bytes, keep: bool, body: bytes) -> None:
    parser = ResponseParser(method)
    assert parser.feed(head + b"after") == body
    assert parser.head is not None
    assert parser.head.keep is keep


def test_a_reason_may_hold_whatever_is_no_line_break() -> None:
    parser = ResponseParser("GET")
    parser.feed("HTTP/1.1 404 \x1b[31mno\x9b \u00e4\r\n\r\n".encode("latin-1"))
    assert parser.head is not None
    assert parser.head.reason == "\x1b[31mno\x9b \u00e4"


def test_a_switch_of_protocols_is_raw_bytes_to_the_end() -> None:
    parser = ResponseParser("POST")
    assert parser.feed(b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\nContent-Length: 1\r\n\r\nearly") == b"early"
    assert parser.head is not None
    assert parser.head.upgraded
    assert parser.feed(b"late") == b"late"
    assert not parser.ended
    parser.end()
    assert parser.ended


def test_a_request_that_asks_for_an_upgrade_or_to_go_on() -> None:
    parser = RequestParser()
    parser.feed(b"POST /attach HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: TCP\r\n\r\nraw bytes")
    assert parser.head is not None
    assert (parser.head.upgrade, parser.head.expects_continue) == ("tcp", False)
    assert parser.rest == b"raw bytes"
    parser = RequestParser()
    parser.feed(b"PUT / HTTP/1.1\r\nUpgrade: tcp\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
    assert parser.head is not None
    assert (parser.head.upgrade, parser.head.expects_continue, parser.ended) == (None, True, False)


@pytest.mark.parametrize(
    "wire",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\nSmuggled: c\r\n\r\n",
        b"\x16\x03\x01",
    ],
)
def test_requests_that_two_parties_could_read_differently_are_refused(wire: bytes) -> None:
    with pytest.raises(ProtocolError):
        RequestParser().feed(wire)


@pytest.mark.parametrize("size", [MAX_FIELD_BYTES - 8, MAX_FIELD_BYTES, MAX_FIELD_BYTES + 1, 10 * MAX_FIELD_BYTES])
@pytest.mark.parametrize("step", [1 << 30, 1000])
def test_a_head_and_trailers_of_64_kib_are_enough(size: int, step: int) -> None:
    first = b"HTTP/1.1 200 OK\r\n"
    head = first + b"A: " + b"x" * (size - len(first) - 3) + b"\r\n\r\n"
    trailers = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " + b"x" * (size - 3) + b"\r\n\r\n"
    for wire in (head, trailers):
        pieces = [wire[at : at + step] for at in range(0, len(wire), step)]
        outcome = parsed(ResponseParser("GET"), pieces)
        assert (outcome.error is None) is (size <= MAX_FIELD_BYTES)


@pytest.mark.parametrize("count", [256, 257])
def test_256_headers_are_enough(count: int) -> None:
    outcome = parsed(ResponseParser("GET"), [b"HTTP/1.1 204 No\r\n" + b"A: b\r\n" * count + b"\r\n"])
    assert (outcome.error is None) is (count == 256)


def test_what_does_not_begin_like_http_is_refused_at_once() -> None:
    for parser, data in (
        (ResponseParser("GET"), b"SSH-2.0"),
        (RequestParser(), b"\x16\x03"),
        (ResponseParser("GET"), b"\r\n"),
    ):
        with pytest.raises(NotHttpError) as caught:
            parser.feed(data)
        assert caught.value.data == data
