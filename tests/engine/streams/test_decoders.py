"""The decoders: whatever the cuts, the same comes out; whatever comes in, no other error comes out."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.streams.decoders import frames, json_values
from runner.errors import EngineError, RunnerError, StepError
from tests.engine.cuts import cut

STREAM_NAMES = {0: "stdout", 1: "stdout", 2: "stderr"}


def frame(kind: int, payload: bytes) -> bytes:
    return struct.pack(">BxxxL", kind, len(payload)) + payload


def joined(chunks: Iterator[tuple[str, bytes]] | list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Neighbours of one stream as one."""
    out: list[tuple[str, bytes]] = []
    for name, data in chunks:
        if out and out[-1][0] == name:
            out[-1] = (name, out[-1][1] + data)
        else:
            out.append((name, data))
    return out


@given(st.data(), st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.binary(max_size=40)), max_size=12))
def test_frames_do_not_depend_on_the_cuts(data: st.DataObject, sent: list[tuple[int, bytes]]) -> None:
    wire = b"".join(frame(kind, payload) for kind, payload in sent)
    got = joined(frames(data.draw(cut(wire))))
    assert got == joined([(STREAM_NAMES[kind], payload) for kind, payload in sent if payload])


@given(st.data(), st.binary(min_size=1, max_size=40))
def test_a_cut_frame_is_an_error_after_what_came(data: st.DataObject, payload: bytes) -> None:
    wire = frame(1, payload)
    end = data.draw(st.integers(1, len(wire) - 1))
    got = b""
    with pytest.raises(EngineError) as caught:
        for _, piece in frames(data.draw(cut(wire[:end]))):
            got += piece
    assert caught.value.code == "truncated-frame"
    assert got == wire[8:end]


@given(st.lists(st.binary(max_size=30), max_size=5))
def test_any_bytes_are_frames_or_an_error_of_ours(chunks: list[bytes]) -> None:
    try:
        list(frames(chunks))
    except RunnerError as error:
        assert error.code in ("truncated-frame", "broken-frame", "daemon-error")


def test_an_error_of_the_daemon_is_bounded() -> None:
    with pytest.raises(StepError) as caught:
        list(frames([frame(3, b"E" * 60_000)]))
    assert caught.value.message.endswith("EEE… (58,000 more characters)")


@given(st.data())
def test_a_daemon_error_in_the_stream(data: st.DataObject) -> None:
    wire = frame(1, b"before") + frame(3, b"the disk is full\n")
    got = []
    with pytest.raises(StepError, match="the engine reports in the stream: the disk is full") as caught:
        for _, piece in frames(data.draw(cut(wire))):
            got.append(piece)
    assert caught.value.code == "daemon-error"
    assert b"".join(got) == b"before"


def test_raw_output_taken_for_frames_is_recognized() -> None:
    with pytest.raises(EngineError, match=r"begins with 62 69 6e 0d") as caught:
        list(frames([b"bin\r\ndev\r\n"]))
    assert caught.value.code == "broken-frame"
    assert "TTY" in (caught.value.hint or "")


def test_a_huge_frame_is_passed_on_as_it_comes() -> None:
    def wire() -> Iterator[bytes]:
        yield struct.pack(">BxxxL", 1, 0xFFFF_FFFF)
        while True:
            yield b"x" * 1000

    stream = frames(wire())
    assert next(stream) == ("stdout", b"x" * 1000)
    assert next(stream) == ("stdout", b"x" * 1000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


@given(st.data(), st.lists(JSON, max_size=6), st.sampled_from(["\n", "\r\n", " ", "\x1e", "\n\x1e"]), st.booleans())
def test_json_values_do_not_depend_on_the_cuts(
    data: st.DataObject, values: list[Any], between: str, ascii_only: bool
) -> None:
    wire = "".join(between + json.dumps(value, ensure_ascii=ascii_only) for value in values).encode(errors="replace")
    expected = [json.loads(json.dumps(value, ensure_ascii=ascii_only).encode(errors="replace")) for value in values]
    assert list(json_values(data.draw(cut(wire)))) == expected


@given(st.data(), st.lists(st.dictionaries(st.text(max_size=5), st.text()), max_size=5))
def test_objects_need_nothing_between_them(data: st.DataObject, values: list[dict[str, str]]) -> None:
    wire = "".join(map(json.dumps, values)).encode()
    assert list(json_values(data.draw(cut(wire)))) == values


@given(st.data(), st.binary(max_size=60) | st.text('{}[]",:\\ 1tru', max_size=30).map(str.encode))
def test_any_bytes_give_the_same_values_and_the_same_kind_of_error(data: st.DataObject, wire: bytes) -> None:
    def outcome(chunks: list[bytes]) -> tuple[list[Any], str | None]:
        got: list[Any] = []
        try:
            for value in json_values(chunks, limit=50):
                got.append(value)  # noqa: PERF402
        except EngineError as error:
            return got, error.code
        return got, None

    assert outcome(data.draw(cut(wire))) == outcome([wire])


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (b'{"a":1}{"b"', "truncated-json"),
        (b'"abc', "truncated-json"),
        (b"[1,2", "truncated-json"),
        (b'{"a":"\xc3', "truncated-json"),
        (b"hello", "bad-json"),
        (b"<html>", "bad-json"),
        (b"{'a':1}", "bad-json"),
        (b'{"a":NaN}', "bad-json"),
        (b"tru", "bad-json"),
        (b'"\xff"', "bad-json"),
        (b"[" * 100_000 + b"]" * 100_000, "bad-json"),
        (b"9" * 10_000, "bad-json"),
        (b"[" + b"1," * 600_000 + b"1]", "large-json"),
    ],
)
def test_what_is_no_json(wire: bytes, code: str) -> None:
    with pytest.raises(EngineError) as caught:
        list(json_values([wire], limit=1_000_000))
    assert caught.value.code == code


def test_a_value_comes_with_its_last_byte() -> None:
    def wire() -> Iterator[bytes]:
        yield b'{"a":'
        yield b"1}"
        raise AssertionError("asked for more before the value was given")

    assert next(json_values(wire())) == {"a": 1}


def test_a_large_value_in_tiny_pieces_takes_linear_time() -> None:
    wire = json.dumps([{"key": "value", "n": [1, 2, 3]}] * 40_000).encode()
    start = time.process_time()
    whole = list(json_values([wire]))
    once = time.process_time() - start
    start = time.process_time()
    assert list(json_values([wire[at : at + 100] for at in range(0, len(wire), 100)])) == whole
    assert time.process_time() - start < 50 * once + 1
