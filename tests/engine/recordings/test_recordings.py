"""Recordings: bodies that come back, secrets that do not, requests that are matched, files that are broken."""

from __future__ import annotations

import base64
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.api.operations import find
from runner.engine.recordings.body_parts import Chunk, parts_of, raw_parts
from runner.engine.recordings.recorder import Recorder, RecordingTransport
from runner.engine.recordings.recording import RecordedExchange, Recording, read, render
from runner.engine.recordings.replay import Replay, ReplayTransport
from runner.engine.requests import build
from runner.engine.transport import Deadline, Request, Response, Transport
from runner.errors import DeadlineExceeded, EngineError, RunnerError, StepError, UsageError
from runner.masking import Masker
from tests.engine.http.test_client import Pieces, transport_to
from tests.engine.scripted import Peer, Script, ok, replies, serving

NOBODY = Masker(())
RAW = "application/vnd.docker.raw-stream"
SECRET = "s3cr3t/pass wörd"
UPGRADE = Request("POST", "/v1.41/containers/a/attach", (("stream", "1"),), upgrade="tcp")

pieces = st.lists(st.binary(min_size=1), max_size=8)
json_texts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def timed(data: list[bytes]) -> list[Chunk]:
    return [(float(number), piece) for number, piece in enumerate(data)]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(edges)]


def frame(stream: int, payload: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(payload)) + payload


def recording(*exchanges: RecordedExchange) -> Recording:
    return Recording(
        recorded_at="2026-01-02T03:04:05Z",
        name="docker",
        version="20.10.24",
        api_version="1.41",
        endpoint="unix:///var/run/docker.sock",
        scenario="A test",
        run_id="0123456789ab",
        vars={"image": "alpine"},
        status="passed",
        exchanges=exchanges,
    )


def written(tmp_path: Path, *exchanges: RecordedExchange) -> Path:
    path = tmp_path / "recording.json"
    path.write_text(render(recording(*exchanges)), encoding="utf-8")
    return path


def whole(transport: Transport, request: Request) -> bytes:
    response = transport.send(request, Deadline.after(5))
    try:
        return b"".join(iter(response.read1, b""))
    finally:
        response.close()


def recorded(*calls: tuple[Script, Request], secrets: tuple[str, ...] = ()) -> tuple[RecordedExchange, ...]:
    """Make each request to a server with a script of its own, and record what happens, errors too."""
    recorder = Recorder(Masker(secrets))
    with serving(*(script for script, _ in calls)) as server:
        for _, request in calls:
            transport = RecordingTransport(transport_to(server), recorder)
            try:
                whole(transport, request)
            except RunnerError:
                pass
            finally:
                transport.close()
    return recorder.exchanges()


def replay(
    tmp_path: Path, *exchanges: RecordedExchange, secrets: tuple[str, ...] = ()
) -> tuple[Replay, ReplayTransport]:
    found = Replay(read(written(tmp_path, *exchanges)), secrets)
    return found, ReplayTransport(found)


# Bodies


@given(pieces)
def test_any_bytes_come_back_in_the_same_pieces(data: list[bytes]) -> None:
    assert [part.data() for part in raw_parts(timed(data), NOBODY)] == data
    assert b"".join(part.data() for part in parts_of(timed(data), RAW, NOBODY)) == b"".join(data)


@given(st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=9)), min_size=1), st.lists(st.integers(0)))
def test_multiplexed_output_is_kept_frame_by_frame(frames: list[tuple[int, bytes]], places: list[int]) -> None:
    sent = [frame(*one) for one in frames]
    parts = parts_of(timed(cut(b"".join(sent), places)), RAW, NOBODY)
    assert [part.data() for part in parts] == sent
    assert [part.stream for part in parts] == [("stdin", "stdout", "stderr", "daemon")[stream] for stream, _ in frames]


@given(st.lists(json_texts, min_size=1, max_size=4), st.lists(st.integers(0)))
def test_json_is_kept_value_by_value(values: list[Any], places: list[int]) -> None:
    data = "\n".join(json.dumps(value) for value in values).encode()
    parts = parts_of(timed(cut(data, places)), "application/json", NOBODY)
    assert [json.loads(part.data()) for part in parts] == values


def test_what_is_no_json_though_it_says_so_comes_back_byte_for_byte() -> None:
    for data in (b'{"a": 1}{"b', b"OK", b"[NaN]", b"\xff{}", b"1e999"):
        assert b"".join(part.data() for part in parts_of([(0.0, data)], "application/json", NOBODY)) == data


def test_many_bytes_that_are_no_text_are_compressed() -> None:
    tar = timed([b"\xff\0" * 20000, b"\0" * 20000])
    (part,) = raw_parts(tar, NOBODY)
    assert part.form == "zlib"
    assert len(part.content) < 1000
    assert part.data() == b"".join(data for _, data in tar)


@given(st.text(max_size=20), st.text(max_size=20), st.lists(st.integers(0), max_size=6), st.sampled_from((0, 1, 2)))
def test_a_secret_is_masked_however_it_is_cut(before: str, after: str, places: list[int], form: int) -> None:
    text = f"{before} {SECRET} {after}".encode()
    masker = Masker((SECRET,))
    if form == 0:
        parts = raw_parts(timed(cut(text, places)), masker)
    elif form == 1:
        parts = parts_of(timed([frame(1, piece) for piece in cut(text, places)]), RAW, masker)
    else:
        data = json.dumps({"Env": text.decode()}).encode()
        parts = parts_of(timed(cut(data, places)), "application/json", masker)
    shown = "".join(json.dumps(part.content, ensure_ascii=False) for part in parts)
    joined = "".join(str(part.content) for part in parts)
    assert "***" in joined
    assert SECRET not in shown + joined


# Requests


def test_an_exchange_is_replayed_as_it_was(tmp_path: Path) -> None:
    request = Request("POST", "/v1.41/containers/create", (("name", "a b"),), (), b'{"Image": "alpine"}')
    exchanges = recorded((replies(ok(b'{"Id": "1"}', "Content-Type: application/json")), request))
    found, transport = replay(tmp_path, *exchanges)
    response = transport.send(request, Deadline.after(1))
    assert (response.status, response.reason, response.headers["content-type"]) == (200, "OK", "application/json")
    assert json.loads(response.read1()) == {"Id": "1"}
    assert response.read1() == b""
    assert found.unused() == ()


def test_equal_requests_are_answered_in_their_order_and_no_more(tmp_path: Path) -> None:
    request = Request("GET", "/v1.41/containers/json")
    exchanges = recorded((replies(ok(b"first")), request), (replies(ok(b"second")), request))
    _, transport = replay(tmp_path, *exchanges)
    assert [whole(transport.share(), request) for _ in range(2)] == [b"first", b"second"]
    with pytest.raises(StepError, match="is in the recording 2 times only") as caught:
        whole(transport, request)
    assert caught.value.code == "not-recorded"


def test_a_changed_request_shows_the_nearest_recorded_one(tmp_path: Path) -> None:
    other = Request("GET", "/v1.41/containers/json")
    create = Request("POST", "/v1.41/containers/create", body=b'{"Image": "alpine", "Cmd": ["ls"]}')
    found, transport = replay(tmp_path, *recorded((replies(ok()), other), (replies(ok()), create)))
    changed = Request("POST", "/v1.41/containers/create", body=b'{"Image": "busybox", "Cmd": ["ls"]}')
    with pytest.raises(StepError) as caught:
        transport.send(changed, Deadline.never())
    assert caught.value.code == "not-recorded"
    assert '-    "Image": "alpine",' in caught.value.details
    assert '+    "Image": "busybox",' in caught.value.details
    assert [one.method for one in found.unused()] == ["GET", "POST"]


@pytest.mark.parametrize(
    "changed",
    [
        Request("PUT", "/v1.41/x", (("t", "1"),), (("X-Thing", "a"),), b"{}"),
        Request("POST", "/v1.42/x", (("t", "1"),), (("X-Thing", "a"),), b"{}"),
        Request("POST", "/v1.41/x", (("t", "2"),), (("X-Thing", "a"),), b"{}"),
        Request("POST", "/v1.41/x", (("t", "1"),), (("X-Thing", "b"),), b"{}"),
        Request("POST", "/v1.41/x", (("t", "1"),), (("X-Thing", "a"),), b"[]"),
        Request("POST", "/v1.41/x", (("t", "1"),), (("X-Thing", "a"),)),
        Request("POST", "/v1.41/x", (("t", "1"),), (("X-Thing", "a"),), b"{}", upgrade="tcp"),
    ],
)
def test_every_part_of_a_request_counts(tmp_path: Path, changed: Request) -> None:
    request = Request("POST", "/v1.41/x", (("t", "1"),), (("X-Thing", "a"),), b"{}")
    _, transport = replay(tmp_path, *recorded((replies(ok()), request)))
    with pytest.raises(StepError, match="is not in the recording"):
        transport.send(changed, Deadline.never())
    assert transport.send(request, Deadline.never()).status == 200


def test_the_labels_that_the_runner_adds_do_not_count(tmp_path: Path) -> None:
    def sent(**labels: str) -> Request:
        own = {f"engine-recipes.{name}": value for name, value in labels.items()}
        changes = [("changes", f'LABEL "{name}"="{value}"') for name, value in own.items()]
        query = (("labels", json.dumps({"mine": "1", **own})), *changes)
        return Request("POST", "/v1.41/build", query, body=json.dumps({"Labels": {**own, "mine": "1"}}).encode())

    exchanges = recorded((replies(ok()), sent(run="1")))
    for labels in ({}, {"run": "2", "origin": "x"}):
        assert replay(tmp_path, *exchanges)[1].send(sent(**labels), Deadline.never()).status == 200
    other = Request("POST", "/v1.41/build", (("labels", '{"mine": "2"}'),), body=b'{"Labels": {"mine": "1"}}')
    with pytest.raises(StepError) as caught:
        replay(tmp_path, *exchanges)[1].send(other, Deadline.never())
    assert not any("engine-recipes" in line for line in caught.value.details)


def test_an_upload_is_kept_by_its_digest(tmp_path: Path) -> None:
    def sent(*parts: bytes) -> Request:
        return Request("POST", "/v1.41/build", body=Pieces(parts))

    exchanges = recorded((replies(ok()), sent(b"one", b"two")))
    assert exchanges[0].request.body == {
        "upload": "pieces",
        "size": 6,
        "sha256": "25b6746d5172ed6352966a013d93ac846e1110d5a25e8f183b5931f4688842a1",
    }
    _, transport = replay(tmp_path, *exchanges)
    with pytest.raises(StepError, match="is not in the recording"):
        transport.send(sent(b"one", b"too"), Deadline.never())
    assert transport.send(sent(b"onet", b"wo"), Deadline.never()).status == 200


def test_credentials_are_never_written_and_secrets_are_not_needed_again(tmp_path: Path) -> None:
    def sent(secret: str, auth: str) -> Request:
        body = {"Data": base64.b64encode(secret.encode()).decode(), "Name": f"{secret}!"}
        headers = (("X-Registry-Auth", auth), ("Authorization", auth), ("Accept", "*/*"))
        return Request("POST", "/v1.41/secrets/create", (("name", secret),), headers, json.dumps(body).encode())

    answer = ok(json.dumps({"said": SECRET}).encode(), "Content-Type: application/json", f"X-Is: {'pa' + 'ss'}")
    exchanges = recorded((replies(answer), sent(SECRET, "Y3JlZGVudGlhbHM=")), secrets=(SECRET,))
    text = written(tmp_path, *exchanges).read_text(encoding="utf-8")
    for form in (SECRET, "s3cr3t", base64.b64encode(SECRET.encode()).decode(), "Y3JlZGVudGlhbHM=", "uthorization"):
        assert form not in text
    for known in (SECRET, "***"):
        _, transport = replay(tmp_path, *exchanges, secrets=(known,))
        assert json.loads(whole(transport, sent(known, "other"))) == {"said": known}  # back where it is known


# Streams and faults


def attach(peer: Peer) -> None:
    peer.head()
    peer.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n" + frame(1, b"ready\n"))
    peer.send(frame(1, peer.rest()))


def converse(transport: Transport, lines: tuple[bytes, ...], *, close: bool = True) -> bytes:
    """Attach, write the lines from another thread, read to the end."""
    response: Response = transport.send(UPGRADE, Deadline.after(5))

    def write() -> None:
        for line in lines:
            response.write(line)
        if close:
            response.close_write()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return b"".join(iter(response.read1, b""))
    finally:
        writer.join()
        response.close()


def test_a_hijacked_connection_is_kept_both_ways(tmp_path: Path) -> None:
    recorder = Recorder(NOBODY)
    with serving(attach) as server:
        live = converse(RecordingTransport(transport_to(server), recorder), (b"one\n", b"two\n"))
    (exchange,) = recorder.exchanges()
    assert exchange.input is not None
    assert exchange.input.closed
    assert [part.content for part in exchange.input.parts] == ["one\n", "two\n"]
    assert live == frame(1, b"ready\n") + frame(1, b"one\ntwo\n")
    for lines in ((b"one\n", b"two\n"), (b"one\ntw", b"o\n")):
        assert converse(replay(tmp_path, exchange)[1], lines) == live
    with pytest.raises(StepError, match="the input of this call differs") as caught:
        converse(replay(tmp_path, exchange)[1], (b"one\n", b"three\n"))
    assert "+three" in caught.value.details


def test_what_broke_breaks_again_in_the_same_way(tmp_path: Path) -> None:
    def cut_off(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    first, second = Request("GET", "/v1.41/info"), Request("GET", "/v1.41/version")
    _, transport = replay(tmp_path, *recorded((cut_off, first), (lambda peer: None, second)))
    response = transport.send(first, Deadline.never())
    assert response.read1() == b"half"
    with pytest.raises(EngineError) as caught:
        response.read1()
    assert caught.value.code == "connection-broken"
    with pytest.raises(EngineError):
        transport.send(second, Deadline.never())


def test_a_deadline_that_passed_passes_again_without_waiting(tmp_path: Path) -> None:
    def silent(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        peer.hold()

    recorder = Recorder(NOBODY)
    request = Request("GET", "/v1.41/events")
    with serving(silent) as server:
        response = RecordingTransport(transport_to(server), recorder).send(request, Deadline.after(0.3))
        assert response.read1() == b"one"
        with pytest.raises(DeadlineExceeded):
            response.read1()
    response = replay(tmp_path, *recorder.exchanges())[1].send(request, Deadline.after(60))
    assert response.read1() == b"one"
    with pytest.raises(DeadlineExceeded):
        response.read1()


def test_reading_further_than_the_recording_is_an_error(tmp_path: Path) -> None:
    recorder = Recorder(NOBODY)
    request = Request("GET", "/v1.41/events")
    with serving(replies(ok(b"more"))) as server:
        transport = RecordingTransport(transport_to(server), recorder)
        transport.send(request, Deadline.after(5)).close()
        transport.close()
    response = replay(tmp_path, *recorder.exchanges())[1].send(request, Deadline.never())
    with pytest.raises(StepError, match="it was not read further"):
        response.read1()


def test_a_relative_time_is_the_same_request_later(tmp_path: Path) -> None:
    logs = find("logs")
    assert logs is not None
    params = {"id": "web", "since": "10m", "until": "1700000000.5"}
    first, later, other = (
        build(logs, {**params, "since": since}, api_version="1.41", now=now)
        for since, now in (("10m", 1 << 60), ("10m", 1 << 61), ("11m", 1 << 60))
    )
    assert first.target != later.target
    recorder = Recorder(NOBODY)
    with serving(replies(ok(b"hello"))) as server:
        transport = RecordingTransport(transport_to(server), recorder)
        transport.send(first, Deadline.after(5)).close()
        transport.close()
    assert b"since=1152920904.606846976&" in server.requests[0]
    assert "since=10m&until=1700000000.5" in written(tmp_path, *recorder.exchanges()).read_text()
    replayed = replay(tmp_path, *recorder.exchanges())[1]
    with pytest.raises(StepError, match="is not in the recording"):
        replayed.send(other, Deadline.never())
    assert replayed.send(later, Deadline.never()).status == 200


def test_too_much_is_refused_instead_of_kept(tmp_path: Path) -> None:
    recorder = Recorder(NOBODY)
    kept: list[Chunk] = []
    piece = bytes(8 * 1024 * 1024)
    for _ in range(9):
        recorder.keep(kept, piece)
    assert len(kept) == 8
    with pytest.raises(UsageError, match="more than 64 MiB"):
        recorder.exchanges()


# Files


def test_the_file_reads_well(tmp_path: Path) -> None:
    request = Request("GET", "/v1.41/_ping")
    text = written(tmp_path, *recorded((replies(ok(b"OK", "Content-Type: text/plain")), request))).read_text()
    assert '"request": {"method": "GET", "target": "/v1.41/_ping"},' in text
    assert '"text": "OK"}]' in text
    assert max(map(len, text.splitlines())) <= 120
    assert text.endswith("}\n")


def broken(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"recording_version": 1', '"recording_version": 2', "its version is 2, and this program reads 1"),
        ('"recording_version": 1,', "", "it is not a recording"),
        ('"method": "GET"', '"method": 7', "at $.exchanges[0].request.method 7 is not of type 'string'"),
        ('"end": "complete"', '"end": "x"', "at $.exchanges[0].response.end"),
        ('"text": "OK"', '"base64": "***"', "base64"),
        ('"text": "OK"', '"zlib": "T0s="', "incorrect header check"),
        ('"text": "OK"', '"text": "OK", "json": 1', "at $.exchanges[0].response.body[0]"),
        ('"status": "passed",', "", "'status' is a required property"),
        ('"status": "passed",', '"status": "passed", "more": 1,', "'more' was unexpected"),
    ],
)
def test_an_altered_file_says_where(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = written(tmp_path, *recorded((replies(ok(b"OK")), Request("GET", "/v1.41/_ping"))))
    broken(path, old, new)
    with pytest.raises(UsageError) as caught:
        read(path)
    assert caught.value.code == "bad-recording"
    assert message in caught.value.message


def test_a_recording_that_was_valid_is_not_validated_again_until_it_changes(tmp_path: Path) -> None:
    path = written(tmp_path, *recorded((replies(ok(b"OK")), Request("GET", "/v1.41/_ping"))))
    program = (
        "import sys; from pathlib import Path\n"
        "from runner.engine.recordings.recording import read\n"
        f"found = read(Path({str(path)!r}), Path({str(tmp_path / 'cache')!r}))\n"
        "print(len(found.exchanges), 'jsonschema' in sys.modules)\n"
    )
    shown = [
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()
        for _ in range(2)
    ]
    assert shown == ["1 True", "1 False"]
    broken(path, '"method": "GET"', '"method": 7')
    with pytest.raises(UsageError, match="7 is not of type 'string'"):
        read(path, tmp_path / "cache")


@given(st.data())
def test_a_cut_file_says_where(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("cut") / "r.json"
    text = render(recording())
    path.write_text(text[: data.draw(st.integers(30, len(text) - 3))])
    with pytest.raises(UsageError) as caught:
        read(path)
    assert caught.value.code == "bad-recording"
    assert caught.value.place is not None


def test_nothing_is_shown_of_another_file(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="can't be replayed: it is not a recording") as caught:
        read(path)
    assert caught.value.place is None


@pytest.mark.parametrize(("make", "kind"), [(Path.mkdir, "a folder"), (os.mkfifo, "a named pipe")])
def test_only_regular_files_are_read(tmp_path: Path, make: Callable[[Path], None], kind: str) -> None:
    make(tmp_path / "r.json")
    with pytest.raises(UsageError, match=f"is {kind}, not a recording") as caught:
        read(tmp_path / "r.json")
    assert caught.value.code == "no-recording"


@pytest.mark.parametrize("data", [b"\xff", b"[" * 100_000, b"[]", b"7", b"1" * 10_000])
def test_junk_is_no_recording(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read(path)
    assert caught.value.code == "bad-recording"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path / "nothing.json")
    assert caught.value.code == "no-recording"
