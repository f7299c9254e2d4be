"""Engines that misbehave: a clear error of the right kind, bounded memory, and nothing left open."""

from __future__ import annotations

import contextlib
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import pack

import pytest

from runner.results.events import ItemArrived, OutputArrived
from tests.engine.scripted import Peer, Script, ok, serving
from tests.executor.helpers import Played, Player

PING = ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)")
JSON = "Content-Type: application/json"
UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
BOX = "a" * 64
INSPECT = ok(b'{"Config": {"Tty": false}}', JSON)
ATTACH = f'attach: {{id: "{BOX}", stream: true, stdout: true, stderr: true}}'

Fault = Callable[..., Played]


def frame(number: int, data: bytes, size: int | None = None) -> bytes:
    return pack(">BxxxL", number, len(data) if size is None else size) + data


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def says(*answers: bytes, then: Callable[[Peer], None] | None = None) -> Script:
    """Answers the negotiation, then each request, and closes, or does something else."""

    def script(peer: Peer) -> None:
        for answer in (PING, *answers):
            peer.request()
            peer.send(answer)
        if then:
            then(peer)

    return script


def descriptors() -> set[str]:
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(f"{path.name} {path.readlink()}")
    return {one for one in found if "socket" in one}


@pytest.fixture
def fault(tmp_path: Path) -> Iterator[Fault]:
    """Runs one step, ``asked``, against a script; afterwards no thread and no socket may be left."""
    threads, sockets = set(threading.enumerate()), descriptors()

    def run(script: Script, step: str, more: str = "") -> Played:
        lines = f"steps:\n  - id: asked\n    {step}\n{more}"
        with serving(script) as server:
            return Player(tmp_path, server.endpoint)(lines)

    yield run
    limit = time.monotonic() + 3
    while set(threading.enumerate()) - threads and time.monotonic() < limit:
        time.sleep(0.01)
    assert set(threading.enumerate()) - threads == set()
    assert descriptors() - sockets == set()


BROKEN = {
    "closes instead of an answer": (says(b""), "version: {}", "connection-broken"),
    "closes inside the head": (says(b"HTTP/1.1 200 OK\r\nContent-"), "version: {}", "connection-broken"),
    "closes inside the body": (says(ok(b"{}", JSON)[:-1]), "version: {}", "connection-broken"),
    "closes inside a chunk": (says(CHUNKED + b'9\r\n{"a":'), "events: {}", "connection-broken"),
    "closes before the last chunk": (says(CHUNKED + chunk(b'{"a":1}')), "events: {}", "connection-broken"),
    "garbage": (says(b"\x16\x03\x01 what?\r\n\r\n"), "version: {}", "not-http"),
    "a bad chunk": (says(CHUNKED + b"zz\r\n"), "events: {}", "connection-broken"),
    "a stream that is not JSON": (says(CHUNKED + chunk(b"<html>") + b"0\r\n\r\n"), "events: {}", "bad-json"),
    "a stream cut in a value": (says(CHUNKED + chunk(b'{"a":') + b"0\r\n\r\n"), "events: {}", "truncated-json"),
    "a broken frame": (says(INSPECT, UPGRADED + b"no frames at all"), ATTACH, "broken-frame"),
    "a truncated frame": (says(INSPECT, UPGRADED + frame(1, b"half", 9)), ATTACH, "truncated-frame"),
    "a truncated header": (says(INSPECT, UPGRADED + frame(1, b"x") + b"\1\0"), ATTACH, "truncated-frame"),
    "an error in the stream": (says(INSPECT, UPGRADED + frame(3, b"disk full")), ATTACH, "daemon-error"),
}


@pytest.mark.parametrize(("script", "step", "code"), BROKEN.values(), ids=BROKEN)
def test_what_breaks(fault: Fault, script: Script, step: str, code: str) -> None:
    played = fault(script, step)
    assert played["asked"].status == "error"
    found, message = played.error("asked")
    assert found == code, message
    assert message
    assert "Error" not in message, "no name of a class"


def test_what_came_before_the_break_is_kept(fault: Fault) -> None:
    played = fault(says(INSPECT, UPGRADED + frame(1, b"so far\n") + frame(2, b"half", 9)), ATTACH)
    response = played["asked"].response
    assert response is not None
    assert (response.status, response.stdout, response.stderr) == (101, "so far\n", "half")
    played = fault(says(CHUNKED + chunk(b'{"a":1}{"b":2}')), "events: {}")
    response = played["asked"].response
    assert response is not None
    assert response.items == [{"a": 1}, {"b": 2}]


GOOD = frame(1, b"so far\n") + frame(2, b"and ")
VALUES = b'{"a":1}\n{"b":2}'


@pytest.mark.parametrize(
    ("bad", "codes"),
    [
        (b"zz\r\n", ("connection-broken", "connection-broken")),
        (b"5\r\n", ("connection-broken", "connection-broken")),
        (chunk(b"no frame, no JSON") + b"0\r\n\r\n", ("broken-frame", "bad-json")),
        (chunk(b"\1\0") + b"0\r\n\r\n", ("truncated-frame", "bad-json")),
        (chunk(frame(3, b"disk full")) + b"0\r\n\r\n", ("daemon-error", "bad-json")),
    ],
    ids=["no size", "cut", "garbage", "truncated", "told"],
)
def test_what_came_before_the_break_in_the_same_packet_is_kept(
    fault: Fault, bad: bytes, codes: tuple[str, str]
) -> None:
    head = CHUNKED.replace(b"application/json", b"application/vnd.docker.raw-stream")
    for more in ("", "    take: 9\n"):
        logs = f"logs: {{id: {BOX}, stdout: true, stderr: true}}"
        played = fault(says(INSPECT, head + chunk(GOOD) + bad), logs, more)
        assert played.error("asked")[0] == codes[0]
        response = played["asked"].response
        assert response is not None
        assert (response.stdout, response.stderr) == ("so far\n", "and ")
        assert response.items == (["so far"] if more else None)
        output = [event.data for event in played.events if isinstance(event, OutputArrived)]
        assert output == [b"so far\n", b"and "]
    played = fault(says(CHUNKED + chunk(VALUES) + bad), "events: {}")
    assert played.error("asked")[0] == codes[1]
    response = played["asked"].response
    assert response is not None
    assert response.items == [{"a": 1}, {"b": 2}]
    assert [event.item for event in played.events if isinstance(event, ItemArrived)] == response.items


@pytest.mark.parametrize(
    ("script", "step"),
    [
        ((INSPECT, UPGRADED + GOOD + frame(1, b"half", 9)), ATTACH),
        ((INSPECT, UPGRADED + GOOD + b"\1\0"), ATTACH),
        ((CHUNKED + chunk(VALUES + b'{"c'),), "events: {}"),
    ],
)
def test_the_time_to_take_may_end_in_the_middle_of_something(
    fault: Fault, script: tuple[bytes, ...], step: str
) -> None:
    played = fault(says(*script, then=lambda peer: time.sleep(0.6)), step, "    take: {for: 300ms}\n")
    assert played["asked"].status == "passed", played["asked"].error
    response = played["asked"].response
    assert response is not None
    assert (response.items or [])[:1] == (["so far"] if "attach" in step else [{"a": 1}])


def test_an_upgrade_that_ends_at_once_is_empty_output(fault: Fault) -> None:
    played = fault(says(INSPECT, UPGRADED), ATTACH)
    assert played["asked"].status == "passed"
    response = played["asked"].response
    assert response is not None
    assert (response.stdout, response.stderr) == ("", "")


def test_an_error_without_a_length(fault: Fault) -> None:
    """Docker's attach says no so, as plain text that ends with the connection."""
    answer = b"HTTP/1.1 409 Conflict\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\ncontainer is paused\n"
    played = fault(says(INSPECT, answer), ATTACH)
    assert played["asked"].status == "failed"
    assert played.error("asked") == ("unexpected-status", "the engine answered 409 Conflict: container is paused")


def test_wrong_json_is_shown_as_text(fault: Fault) -> None:
    played = fault(says(ok(b'{"a": ', JSON)), "version: {}", '    expect: {that: [\'body == "{\\"a\\": "\']}\n')
    assert played["asked"].status == "passed", played["asked"].error


def test_silence_ends_at_the_timeout(fault: Fault) -> None:
    def silent(peer: Peer) -> None:
        peer.request()
        peer.hold()

    before = time.monotonic()
    played = fault(says(then=silent), "version: {}", "    timeout: 300ms\n")
    assert time.monotonic() - before < 10
    assert played["asked"].status == "failed"
    assert played.error("asked") == ("timeout", "no complete answer within 0.3 s")


def test_a_slow_drip_ends_at_the_timeout_too(fault: Fault) -> None:
    def drip(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not peer.released.wait(0.02):
            peer.send(b" ")

    played = fault(says(then=drip), "version: {}", "    timeout: 400ms\n")
    assert played.error("asked") == ("timeout", "no complete answer within 0.4 s")
    assert played["asked"].duration_ms < 10_000


def test_a_connection_of_a_timeout_is_not_used_again(tmp_path: Path) -> None:
    def late(peer: Peer) -> None:
        peer.request()
        peer.released.wait(0.5)
        peer.send(ok(b'"too late"', JSON))

    def fresh(peer: Peer) -> None:
        peer.request()
        peer.send(ok(b'"fresh"', JSON))

    with serving(says(then=late), fresh) as server:
        played = Player(tmp_path, server.endpoint)(
            """
            steps:
              - {id: slow, version: {}, timeout: 100ms}
            finally:
              - {id: next, version: {}, expect: {that: [body == 'fresh']}}
            """
        )
    assert played.error("slow")[0] == "timeout"
    assert played["next"].status == "passed", played["next"].error


def test_an_engine_that_goes_away(fault: Fault) -> None:
    played = fault(says(), "sleep: 0.1", "  - {id: next, version: {}}\n")
    assert played.error("next")[0] == "connection-broken"


def endless_body(size: int, piece: bytes = bytes(65536)) -> Callable[[Peer], None]:
    def body(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Type: application/x-tar\r\n\r\n" % size)
        for _ in range(size // len(piece)):
            peer.send(piece)

    return body


@pytest.mark.parametrize(
    ("step", "status", "code"),
    [
        ("version: {}", "error", "answer-too-large"),
        ("export: boxes", "passed", None),
        ("export: {id: boxes, save: boxes.tar}", "passed", None),
    ],
)
def test_a_huge_answer_takes_bounded_memory(fault: Fault, step: str, status: str, code: str | None) -> None:
    size = 256 * 1024 * 1024
    tracemalloc.start()
    try:
        played = fault(says(then=endless_body(size)), step)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert played["asked"].status == status, played["asked"].error
    assert (played["asked"].error.code if played["asked"].error else None) == code
    assert peak < 160 * 1024 * 1024 if code else peak < 8 * 1024 * 1024


PROGRESS = {
    "pull": "image.pull: {fromImage: alpine}",
    "push": "image.push: {name: alpine}",
    "build": "image.build: {remote: 'http://127.0.0.1/x'}",
    "load": "image.load: {body_file: some.tar}",
}


@pytest.mark.parametrize("step", PROGRESS.values(), ids=PROGRESS)
@pytest.mark.parametrize(
    "error",
    [
        b'{"errorDetail":{"message":"denied"},"error":"denied"}',
        b'{"error":"denied"}',
        b'{"errorDetail":{"message":"denied"}}',
    ],
)
def test_an_error_inside_a_stream_of_progress(fault: Fault, tmp_path: Path, step: str, error: bytes) -> None:
    (tmp_path / "some.tar").write_bytes(b"\0" * 1024)
    answer = CHUNKED + chunk(b'{"status":"working"}\r\n') + chunk(error + b"\r\n") + b"0\r\n\r\n"
    played = fault(says(answer), step)
    assert played["asked"].status == "failed"
    assert played.error("asked") == ("in-band-error", "the engine answered 200, but with an error inside: denied")
    response = played["asked"].response
    assert response is not None
    assert response.items is not None
    assert len(response.items) == 2


def test_an_error_far_behind_in_a_long_stream_is_found(fault: Fault) -> None:
    lines = b'{"status":"working","progress":"[=====>]"}\r\n' * 40_000
    answer = CHUNKED + chunk(lines) + chunk(b'{"error":"denied"}') + b"0\r\n\r\n"
    played = fault(says(answer), "image.pull: {fromImage: alpine}")
    assert played.error("asked")[0] == "in-band-error"
    response = played["asked"].response
    assert response is not None
    assert response.truncated


def test_the_error_inside_the_answer_of_wait(fault: Fault) -> None:
    answer = ok(b'{"StatusCode": 125, "Error": {"Message": "no such file"}}', JSON)
    played = fault(says(answer), f"wait: {BOX}")
    assert played.error("asked") == ("in-band-error", "the engine answered 200, but with an error inside: no such file")
    assert fault(says(ok(b'{"StatusCode": 0, "Error": null}', JSON)), f"wait: {BOX}").status == "passed"


def test_an_error_behind_a_tar_leaves_no_file(fault: Fault, tmp_path: Path) -> None:
    body = b"\0" * 1024 + b'{"errorDetail":{"message":"layer lost"},"error":"layer lost"}\r\n'
    step = "image.get: {name: alpine, save: images/alpine.tar}"
    played = fault(says(ok(body, "Content-Type: application/x-tar")), step)
    assert played.error("asked") == ("in-band-error", "the engine could not send all of it: layer lost")
    assert list((tmp_path / "images").iterdir()) == []


def test_a_download_that_breaks_off_leaves_the_old_file(fault: Fault, tmp_path: Path) -> None:
    (tmp_path / "box.tar").write_text("old")
    played = fault(says(ok(b"new and whole")[:-4]), "export: {id: box, save: box.tar, overwrite: true}")
    assert played.error("asked")[0] == "connection-broken"
    assert (tmp_path / "box.tar").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_expecting_the_status_of_an_error(fault: Fault) -> None:
    answer = (
        b'HTTP/1.1 404 Not Found\r\nContent-Length: 22\r\nContent-Type: application/json\r\n\r\n{"message":"no box x"}'
    )
    more = "    expect: {status: 404, body: {message: no box x}, that: [not ok]}\n    capture: {said: body.message}\n"
    played = fault(says(answer), "inspect: x", more)
    assert played["asked"].status == "passed", played["asked"].error
    assert played["asked"].captured == {"said": "no box x"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"message":"no box x"}', ": no box x"),
        (b'{"cause":"no such box","message":"no box x","response":404}', ": no box x"),
        (b"no box x\n", ": no box x"),
        (b"", ""),
        (b"[]", ""),
    ],
)
def test_the_engine_s_own_words(fault: Fault, body: bytes, said: str) -> None:
    answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    played = fault(says(answer), "inspect: x")
    assert played.error("asked") == ("unexpected-status", f"the engine answered 404 Not Found{said}")


@pytest.mark.parametrize("verb", ["start", "stop"])
def test_304_means_already_so(fault: Fault, verb: str) -> None:
    played = fault(says(b"HTTP/1.1 304 Not Modified\r\n\r\n"), f"{verb}: x")
    assert played["asked"].status == "passed"


@pytest.mark.parametrize("body", ['"{not json"', '"[1"', '""', "plain", "[1, 2]", "{a: 1}", "7"])
def test_any_body_of_a_raw_request(fault: Fault, body: str) -> None:
    played = fault(says(ok(b"null", JSON)), f"request: {{method: POST, path: /x, body: {body}}}")
    assert played["asked"].status == "passed", played["asked"].error


def test_stdin_where_the_engine_takes_none_is_told(fault: Fault) -> None:
    played = fault(says(INSPECT, ok(b"")), f'attach: {{id: "{BOX}", stream: true, stdout: true, stdin: hello}}')
    assert played.error("asked")[0] == "not-upgraded"
