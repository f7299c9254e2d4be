"""One connection's bytes, both ways, wherever they are cut: the same exchanges come out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proxy.helpers import Ear

GET = b"GET /v1.41/info HTTP/1.1\r\nHost: docker\r\n\r\n"
CREATE = b"POST /v1.41/containers/create HTTP/1.1\r\nContent-Length: 17\r\n\r\n" + b'{"Image":"alpi"}\n'
UPLOAD = (
    b"POST /v1.41/build HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    b"4;x=y\r\ntar!\r\n3\r\n...\r\n0\r\nTrailer: yes\r\n\r\n"
)
ATTACH = b"POST /v1.41/containers/web/attach?stream=1 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
OLD_ATTACH = b"POST /containers/web/attach?stream=1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
HEAD = b"HEAD /_ping HTTP/1.1\r\n\r\n"

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
CREATED = b'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"Id"\r\n3\r\n:1}\r\n0\r\n\r\n'
BUILT = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"
SWITCHED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
OLD_HIJACK = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
PINGED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    borders = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return (data[start:end] for start, end in pairwise(borders))


CUTS = st.lists(st.integers(0, 1000), max_size=12)


@given(CUTS, CUTS)
def test_keep_alive_pipelining_chunks_and_interim_responses(sent: list[int], received: list[int]) -> None:
    ear = Ear()
    conversation = ear.conversation()
    for data in cut(HEAD + GET + CREATE + UPLOAD + GET, sent):
        conversation.sent(data)
    for data in cut(PINGED + OK + CREATED + BUILT + OK, received):
        conversation.received(data)
    conversation.close()
    assert [(one.request.method, one.status, one.end) for one in ear.heard] == [
        ("HEAD", 200, "complete"),
        ("GET", 200, "complete"),
        ("POST", 201, "complete"),
        ("POST", 200, "complete"),
        ("GET", 200, "complete"),
    ]
    assert [one.sent for one in ear.heard] == [b"", b"", b'{"Image":"alpi"}\n', b"tar!...", b""]
    assert [one.got for one in ear.heard] == [b"", b"OK", b'{"Id":1}', b"yes", b"OK"]
    assert not ear.notes


@pytest.mark.parametrize(("request_", "response"), [(ATTACH, SWITCHED), (OLD_ATTACH, OLD_HIJACK)])
@given(CUTS, CUTS, st.booleans())
def test_a_hijacked_connection_is_raw_both_ways(
    request_: bytes, response: bytes, sent: list[int], received: list[int], early: bool
) -> None:
    """Check that what is sent behind the request may come before the response does: it is input all the same."""
    ear = Ear()
    conversation = ear.conversation()
    typed = b"GET / HTTP/1.1\r\n\r\nis what I typed"
    for data in cut(request_ + (typed if early else b""), sent):
        conversation.sent(data)
    if early:
        conversation.client_ended()
    for data in cut(response + b"\1\0\0\0\0\0\0\2hi", received):
        conversation.received(data)
    if not early:
        for data in cut(typed, sent):
            conversation.sent(data)
        conversation.client_ended()
    conversation.engine_ended()
    (attach,) = ear.heard
    assert (attach.raw, attach.typed, attach.closed, attach.end) == (True, typed, True, "complete")
    assert attach.got == b"\1\0\0\0\0\0\0\2hi"


def test_a_refused_attach_leaves_the_connection_as_it_was() -> None:
    ear = Ear()
    conversation = ear.conversation()
    conversation.sent(ATTACH + GET)
    assert len(ear.heard) == 1, "what stands behind it is not known yet"
    conversation.received(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno" + OK)
    assert [(one.raw, one.status, one.got) for one in ear.heard] == [(False, 404, b"no"), (False, 200, b"OK")]


def test_an_early_response_does_not_hide_the_rest_of_the_upload() -> None:
    ear = Ear()
    conversation = ear.conversation()
    conversation.sent(UPLOAD[:-20])
    conversation.received(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")
    conversation.sent(UPLOAD[-20:] + GET)
    conversation.received(OK)
    assert [(one.sent, one.status) for one in ear.heard] == [(b"tar!...", 400), (b"", 200)]


@pytest.mark.parametrize(
    ("response", "end"),
    [
        (b"", "cut"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234", "cut"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "cut"),
        (b"HTTP/1.0 200 OK\r\n\r\nhi", "complete"),
    ],
)
def test_an_engine_that_goes_away(response: bytes, end: str) -> None:
    ear = Ear()
    conversation = ear.conversation()
    conversation.sent(GET)
    conversation.received(response)
    conversation.engine_ended()
    conversation.close()
    assert ear.heard[0].end == end


def test_a_client_that_leaves() -> None:
    ear = Ear()
    conversation = ear.conversation()
    conversation.sent(GET)
    conversation.received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
    conversation.client_ended()
    conversation.close()
    assert (ear.heard[0].got, ear.heard[0].end) == (b"hi", "left")


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_nonsense_is_noted_and_never_an_error(sent: bytes, received: bytes) -> None:
    ear = Ear()
    conversation = ear.conversation()
    conversation.sent(sent)
    conversation.received(received)
    conversation.client_ended()
    conversation.engine_ended()
    conversation.close()
    assert all(one.end for one in ear.heard)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 TLS\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nsize\r\n",
        b"x" * 300_000,
    ],
)
def test_what_is_not_http_makes_the_rest_opaque(sent: bytes) -> None:
    ear = Ear()
    conversation = ear.conversation()
    conversation.sent(sent)
    conversation.sent(GET)
    conversation.received(OK)
    assert len(ear.notes) == 1
    assert all(one.status is None for one in ear.heard)
