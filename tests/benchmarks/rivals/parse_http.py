"""Parses HTTP responses from memory: PARSER (``ours``, ``h11``) WHAT (``chunks``, ``responses``), TIMES."""

import sys

import h11

from runner.engine.http.parser import ResponseParser

LINE = b"x" * 39 + b"\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%b\r\n" % (len(LINE), LINE) * 100_000
SMALL = (
    b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nDocker-Experimental: false\r\n"
    b"Ostype: linux\r\nServer: Docker/20.10.24 (linux)\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    b"Content-Length: 16\r\n\r\n" + b'{"StatusCode":0}'
)
RECEIVED = 64 * 1024


def ours(wire: bytes) -> int:
    parser = ResponseParser("GET")
    return sum(len(parser.feed(wire[at : at + RECEIVED])) for at in range(0, len(wire), RECEIVED))


def by_h11(wire: bytes) -> int:
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "localhost")]))
    connection.send(h11.EndOfMessage())
    size = 0
    for at in range(0, len(wire), RECEIVED):
        connection.receive_data(wire[at : at + RECEIVED])
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Data):
                size += len(event.data)
            if isinstance(event, h11.EndOfMessage):
                break
    return size


parse = {"ours": ours, "h11": by_h11}[sys.argv[1]]
wires = {"chunks": [CHUNKED + b"0\r\n\r\n"], "responses": [SMALL] * 1000}[sys.argv[2]]
print(sum(parse(wire) for _ in range(int(sys.argv[3])) for wire in wires))
