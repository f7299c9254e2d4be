"""Decodes what engines stream, without any input or output: each decoder takes pieces as they arrive, cut anywhere.

Sources: the stream format in https://docs.docker.com/reference/api/engine/version/v1.41/#operation/ContainerAttach;
JSON text sequences in RFC 7464.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Any, Final, Literal, NoReturn

from runner.api.error_message import bounded
from runner.errors import EngineError, StepError

StreamName = Literal["stdout", "stderr"]

MAX_VALUE: Final = 16 * 1024 * 1024
"""Characters of one JSON value."""

_HEADER: Final = Struct(">LL")
_STREAMS: Final[dict[int, StreamName]] = {0x0000_0000: "stdout", 0x0100_0000: "stdout", 0x0200_0000: "stderr"}
_DAEMON_ERROR: Final = 0x0300_0000
_MAX_ERROR: Final = 64 * 1024


def frames(chunks: Iterable[bytes]) -> Iterator[tuple[StreamName, bytes]]:
    """Yield the payloads of multiplexed output, with the name of their stream.

    Neighbours of one stream that arrived together are joined, and a large frame is yielded in pieces: nothing is
    buffered but an incomplete header.

    Raises:
        EngineError: ``truncated-frame`` at an end in the middle of a frame, ``broken-frame`` where no frame begins.
        StepError: ``daemon-error``, the engine reports a failure of its own in the stream.
    """
    unpack, stream_of = _HEADER.unpack_from, _STREAMS.get
    left = 0  # bytes of the current frame still to come
    name: StreamName = "stdout"
    cut = b""  # a header that has not wholly arrived
    source = iter(chunks)
    for chunk in source:
        data = cut + chunk if cut else chunk
        cut = b""
        end = len(data)
        position = min(left, end)
        left -= position
        gathered = [data[:position]] if position else []
        while end - position >= 8:
            word, size = unpack(data, position)
            position += 8
            stream = stream_of(word)
            if stream is None:
                if gathered:
                    yield name, b"".join(gathered)
                _refuse(word, size, data[position:], source)
            if stream != name:
                if gathered:
                    yield name, b"".join(gathered)
                    gathered = []
                name = stream
            stop = position + size
            if stop > end:
                left = stop - end
                stop = end
            if stop > position:
                gathered.append(data[position:stop])
            position = stop
        cut = data[position:]
        if gathered:
            yield name, b"".join(gathered)
    if left:
        raise EngineError("truncated-frame", f"the output ends {left} bytes before the end of a frame")
    if cut:
        raise EngineError("truncated-frame", f"the output ends after {len(cut)} of a frame header's 8 bytes")


def _refuse(word: int, size: int, data: bytes, source: Iterator[bytes]) -> NoReturn:
    if word != _DAEMON_ERROR:
        raise EngineError(
            "broken-frame",
            f"the output is not in frames: a header begins with {word.to_bytes(4, 'big').hex(' ')}",
            hint="does the container have a TTY? Its output is then raw",
        )
    wanted = min(size, _MAX_ERROR)
    for chunk in source:
        if len(data) >= wanted:
            break
        data += chunk
    text = data[:wanted].decode(errors="replace").strip()
    raise StepError("daemon-error", f"the engine reports in the stream: {bounded(text)}")


# JSON: white space and record separators may be between values; a scalar ends at the first character of another kind.
_BETWEEN = re.compile("[ \t\r\n\x1e]*")
_SCALAR = re.compile("[-+.0-9A-Za-z]+")
_STRUCTURE = re.compile(r'["\\{}\[\]]')
_IN_STRING = re.compile(r'["\\]')


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant)


def json_values(chunks: Iterable[bytes], *, limit: int = MAX_VALUE) -> Iterator[Any]:
    """Yield the JSON values of a stream, each as soon as its last byte has arrived.

    Between them may be line breaks, record separators or nothing. Takes time in proportion to the bytes, however they
    are cut.

    Raises:
        EngineError: ``truncated-json``, the end is in the middle of a value; ``bad-json``, it is not JSON;
            ``large-json``, a value has more than ``limit`` characters.
    """
    splitter = _ValueSplitter(limit)
    decode = codecs.getincrementaldecoder("utf-8")().decode
    for chunk in chunks:
        try:
            text = decode(chunk)
        except UnicodeDecodeError as error:
            yield from splitter.feed(error.object[: error.start].decode())
            raise EngineError("bad-json", "the engine sent JSON that is not UTF-8") from None
        yield from splitter.feed(text)
    yield from splitter.end()
    try:
        decode(b"", True)
    except UnicodeDecodeError:
        raise EngineError("truncated-json", "the stream ends in the middle of a character") from None


class _ValueSplitter:
    """Cuts text into JSON values. A value that arrives in one piece is parsed at once; any other is only scanned for
    its end, from where the last piece left off, and parsed when it is complete."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: list[str] = []
        self._held_size = 0
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def feed(self, text: str) -> Iterator[Any]:
        position = 0
        if not text:
            return
        if self._held:
            position = self._scan(text, 0)
            if position < 0:
                return
            yield self._complete(text[:position])
        while True:
            between = _BETWEEN.match(text, position)
            position = between.end() if between else position
            if position == len(text):
                return
            start = position
            if text[start] in '{["':
                try:
                    value, position = _DECODER.raw_decode(text, start)
                except (ValueError, RecursionError):
                    position = self._scan(text, start)
                    if position < 0:
                        return
                    value = self._complete(text[start:position])
                else:
                    if position - start > self._limit:
                        raise self._too_large()
                yield value
            else:
                position = self._scan(text, start)
                if position < 0:
                    return
                yield self._complete(text[start:position])

    def end(self) -> Iterator[Any]:
        """Take the end of the stream, which may complete a scalar."""
        if not self._held:
            return
        if self._depth or self._in_string:
            raise EngineError("truncated-json", f"the stream ends in the middle of a value: {_shown(self._held[0])}")
        yield self._complete("")

    def _scan(self, text: str, start: int) -> int:
        """Return where the value that began at ``start`` or before ends; -1 if later, and the text is buffered."""
        end = self._find_end(text, start)
        self._held_size += (len(text) if end < 0 else end) - start
        if self._held_size > self._limit:
            raise self._too_large()
        if end < 0:
            self._held.append(text[start:])
        return end

    def _find_end(self, text: str, start: int) -> int:
        begins = not self._held
        if not self._depth and not self._in_string and (not begins or text[start] not in '{["'):
            scalar = _SCALAR.match(text, start)
            if scalar is None:
                if not begins:
                    return start
                raise EngineError("bad-json", f"the engine sent something that is not JSON: {_shown(text[start:])}")
            return scalar.end() if scalar.end() < len(text) else -1
        position = start
        if self._escaped:
            self._escaped = False
            position += 1
        while match := (_IN_STRING if self._in_string else _STRUCTURE).search(text, position):
            position = match.end()
            character = match[0]
            if character == '"':
                self._in_string = not self._in_string
            elif character == "\\":
                if position == len(text):
                    self._escaped = True
                    return -1
                position += 1
                continue
            else:
                self._depth += 1 if character in "{[" else -1
            if self._depth <= 0 and not self._in_string:
                return position
        return -1

    def _complete(self, last: str) -> Any:
        text = "".join([*self._held, last])
        self._held.clear()
        self._held_size = self._depth = 0
        try:
            value, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            raise EngineError("bad-json", f"the engine sent something that is not JSON: {_shown(text)}") from None
        if end != len(text):
            raise EngineError("bad-json", f"the engine sent something that is not JSON: {_shown(text)}")
        return value

    def _too_large(self) -> EngineError:
        return EngineError("large-json", f"the engine sent a value of more than {self._limit} characters")


def _shown(text: str) -> str:
    return repr(text[:60]) + ("…" if len(text) > 60 else "")
