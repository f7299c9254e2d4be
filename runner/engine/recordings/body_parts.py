"""Writes bodies in recordings, and reads them back: in parts with the time of arrival, as readable as possible.

JSON is kept as JSON, multiplexed output frame by frame, other text as text, and only the rest as base64, compressed
if it is large. Everything but JSON is read back byte for byte; JSON is read back with the same values. Frames: see
https://docs.docker.com/reference/api/engine/version/v1.41/#operation/ContainerAttach
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final, Literal, assert_never

from runner.engine.streams.decoders import json_values
from runner.errors import EngineError
from runner.masking import Masker, StreamMasker

Chunk = tuple[float, bytes]
"""Time of arrival (milliseconds from the beginning of the recording), and bytes."""

MIN_COMPRESSED: Final = 16 * 1024
"""Bytes from which on a body that is not text is compressed, as one part."""
MAX_PART: Final = 64 * 1024 * 1024
"""Bytes of one part."""

_HEADER: Final = Struct(">B3xL")
_STREAMS: Final = ("stdin", "stdout", "stderr", "daemon")


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A part of a body. ``stream`` is the name of a frame's stream."""

    at: float
    form: Literal["json", "text", "base64", "zlib"]
    content: Any
    stream: str | None = None

    def data(self) -> bytes:
        """Return the bytes, as they arrived.

        Raises:
            ValueError: the content is malformed.
        """
        match self.form:
            case "json":
                return json.dumps(self.content, separators=(",", ":")).encode() + b"\n"
            case "text":
                payload = str(self.content).encode()
            case "base64":
                payload = base64.b64decode(self.content, validate=True)
            case "zlib":
                payload = _inflated(base64.b64decode(self.content, validate=True))
            case _:
                assert_never(self.form)
        if self.stream is None:
            return payload
        return _HEADER.pack(_STREAMS.index(self.stream), len(payload)) + payload


def parts_of(chunks: Sequence[Chunk], content_type: str, masker: Masker) -> tuple[BodyPart, ...]:
    """Return a body in parts, without secrets, also where one was cut in two by its arrival."""
    parts = _values(chunks, masker) if "json" in content_type else _frames(chunks, masker)
    return parts if parts is not None else raw_parts(chunks, masker)


def raw_parts(chunks: Sequence[Chunk], masker: Masker) -> tuple[BodyPart, ...]:
    """Return bytes in any format as parts, without secrets."""
    mask = StreamMasker(masker)
    parts = [part_of(mask.feed(data), at) for at, data in chunks]
    if chunks:
        parts.append(part_of(mask.end(), chunks[-1][0]))
    filled = tuple(part for part in parts if part.content)
    size = sum(len(data) for _, data in chunks)
    if size < MIN_COMPRESSED or all(part.form == "text" for part in filled):
        return filled
    whole = zlib.compress(b"".join(part.data() for part in filled), 9)
    return (BodyPart(filled[-1].at, "zlib", base64.b64encode(whole).decode("ascii")),)


def _values(chunks: Sequence[Chunk], masker: Masker) -> tuple[BodyPart, ...] | None:
    """Return a part for each JSON value; None if it is not JSON to its end."""
    arrived = 0.0

    def pieces() -> Iterator[bytes]:
        nonlocal arrived
        for at, data in chunks:
            arrived = at
            yield data

    parts: list[BodyPart] = []
    try:
        for value in json_values(pieces()):
            json.dumps(value, allow_nan=False)
            parts.append(BodyPart(arrived, "json", masker.value(value)))
    except (EngineError, ValueError, RecursionError):
        return None
    return tuple(parts)


def _frames(chunks: Sequence[Chunk], masker: Masker) -> tuple[BodyPart, ...] | None:
    """Return a part for each frame; None if it is not frames to its end."""
    frames = _demultiplexed(chunks)
    if frames is None:
        return None
    masks = {stream: StreamMasker(masker) for stream in _STREAMS}
    parts: list[BodyPart] = []
    for at, stream, payload in frames:
        masked = masks[stream].feed(payload)
        if masked or not payload:
            parts.append(part_of(masked, at, stream))
    last = chunks[-1][0] if chunks else 0.0
    rests = ((stream, mask.end()) for stream, mask in masks.items())
    return (*parts, *(part_of(rest, last, stream) for stream, rest in rests if rest))


def _demultiplexed(chunks: Sequence[Chunk]) -> list[tuple[float, str, bytes]] | None:
    frames: list[tuple[float, str, bytes]] = []
    held = bytearray()
    for at, data in chunks:
        held += data
        position = 0
        while len(held) - position >= _HEADER.size:
            number, size = _HEADER.unpack_from(held, position)
            if number >= len(_STREAMS) or any(held[position + 1 : position + 4]):
                return None
            start = position + _HEADER.size
            if len(held) - start < size:
                break
            position = start + size
            frames.append((at, _STREAMS[number], bytes(held[start:position])))
        del held[:position]
    return None if held else frames


def part_of(data: bytes, at: float = 0.0, stream: str | None = None) -> BodyPart:
    """Return bytes as text, or as base64 if they are not UTF-8."""
    try:
        return BodyPart(at, "text", data.decode(), stream)
    except UnicodeDecodeError:
        return BodyPart(at, "base64", base64.b64encode(data).decode("ascii"), stream)


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        whole = inflater.decompress(data, MAX_PART)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not inflater.eof:
        raise ValueError("compressed bytes are cut, or too many")
    return whole
