"""Reads a response according to its operation's answer kind, in bounded memory."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from runner.engine.streams import decoders
from runner.engine.transport import Deadline, Response
from runner.errors import DeadlineExceeded, EngineError, RunnerError, StepError
from runner.executor.response.buffer import KEPT_BYTES, HeadBuffer
from runner.executor.response.watch import StreamWatch
from runner.results.records import ResponseRecord

if TYPE_CHECKING:
    from runner.executor.response.download import Download

MAX_BODY: Final = 64 * 1024 * 1024
"""The largest body that is held as one value, in bytes."""
MAX_LINE: Final = 64 * 1024
"""The longest line that ``take`` counts as one, in bytes; longer ones are split."""

PATH_STAT: Final = "X-Docker-Container-Path-Stat"
"""The header that describes a file in a container: JSON in base64, since HEAD has no body."""

Stream: TypeAlias = Literal["stdout", "stderr"]
Frame: TypeAlias = tuple[Stream, bytes]
"""A piece of output and the stream that it belongs to."""
OnOutput = Callable[[Stream, bytes], None]
OnItem = Callable[[Any, int], None]
Decoded = TypeVar("Decoded")


class TakeLimits(NamedTuple):
    """Decides where ``take`` ends a stream successfully: after so many ``items``, at the ``deadline`` that
    ``take.for`` sets, or at the first item for which ``until`` is true."""

    items: int | None = None
    deadline: Deadline = Deadline.never()
    until: Callable[[Any], bool] | None = None

    def reached(self, count: int, item: Any) -> bool:
        return (self.items is not None and count >= self.items) or (self.until is not None and self.until(item))


class Reader:
    """Reads one response by the step's ``deadline``; ``limits`` may end a stream early, and successfully.

    ``record`` holds what has been read, also after a failure; ``in_band_error`` is the first error inside the stream;
    ``watch`` sees what is not kept.
    """

    def __init__(
        self, response: Response, deadline: Deadline, limits: TakeLimits | None, watch: StreamWatch | None = None
    ) -> None:
        self.response = response
        self.watch = watch or StreamWatch(lambda _name: [])
        self.deadline = deadline
        self.limits = limits
        self.received = 0
        self.record = self._record()
        self.in_band_error: str | None = None
        self._taken = False

    def chunks(self) -> Iterator[bytes]:
        """Yield the body's bytes; the iterator ends at the deadline that ``take.for`` sets.

        Raises:
            DeadlineExceeded: the step's deadline has passed.
        """
        limit = self.deadline if self.limits is None else self.deadline.sooner(self.limits.deadline)
        if limit is not self.deadline:
            self.response.until(limit)
        while True:
            try:
                data = self.response.read1()
            except DeadlineExceeded:
                if limit is self.deadline:
                    raise
                self._taken = True
                return
            if not data:
                return
            self.received += len(data)
            yield data

    def _decoded(self, values: Iterator[Decoded]) -> Iterator[Decoded]:
        """Yield a decoder's values. One that is incomplete because ``take.for`` ended the stream is not an error."""
        try:
            yield from values
        except EngineError as error:
            if not (self._taken and error.code in ("truncated-frame", "truncated-json")):
                raise

    def whole(self) -> bytes:
        """Return a whole body.

        Raises:
            EngineError: ``answer-too-large``, it is larger than :data:`MAX_BODY`.
        """
        parts = []
        for data in self.chunks():
            parts.append(data)
            if self.received > MAX_BODY:
                message = (
                    f"the answer is larger than {MAX_BODY // 1024 // 1024} MiB, the most that is held as one value"
                )
                raise EngineError("answer-too-large", message, hint="write it to a file with 'save', or bound it")
        return b"".join(parts)

    def _record(self, **fields: Any) -> ResponseRecord:
        response = self.response
        return ResponseRecord(response.status, response.reason, response.headers, **fields)

    def value(self) -> ResponseRecord:
        """Read a body as one value: JSON, else text; None if it is empty, unless a header describes a file."""
        data = self.whole()
        stat = self.response.headers.get(PATH_STAT)
        body = path_stat(stat) if stat and not data else parse(data, self.response.headers.get("Content-Type", ""))
        self.record = self._record(body=body)
        return self.record

    def output(self, *, tty: bool, on_output: OnOutput) -> ResponseRecord:
        """Read a container's output: multiplexed frames, or raw bytes from a TTY."""
        stdout, stderr = HeadBuffer(self.watch.text("stdout")), HeadBuffer(self.watch.text("stderr"))
        buffers: dict[Stream, HeadBuffer] = {"stdout": stdout, "stderr": stderr}
        frames: Iterator[Frame]
        frames = (("stdout", data) for data in self.chunks()) if tty else self._decoded(decoders.frames(self.chunks()))
        items: _KeptItems | None = None
        if self.limits is not None:
            items = _KeptItems(self.watch)
            frames = self._taken_lines(frames, items)
        try:
            for name, data in frames:
                buffers[name].add(data)
                on_output(name, data)
        finally:
            (out, out_left), (error, error_left) = stdout.kept(), stderr.kept()
            self.record = self._record(
                stdout=out,
                stderr=error,
                stdout_left_out=out_left,
                stderr_left_out=error_left,
                items=items.kept if items is not None else None,
                items_left_out=items.left_out if items is not None else 0,
            )
        return self.record

    def _taken_lines(self, frames: Iterator[Frame], items: _KeptItems) -> Iterator[Frame]:
        """Split frames into lines, up to the limits of ``take``; each line's text is added to ``items``."""
        assert self.limits is not None
        rest: dict[Stream, bytes] = {}
        try:
            for count, (name, line) in enumerate(lines(frames, rest), 1):
                text = line.rstrip(b"\r\n").decode("utf-8", "replace")
                items.add(text, len(line))
                yield name, line
                if self.limits.reached(count, text):
                    return
        except RunnerError:
            yield from rest.items()  # unfinished lines are output, but not items
            raise

    def items(self, on_item: OnItem) -> ResponseRecord:
        """Read a stream of JSON values, and keep those of its first MiB. ``on_item`` gets each one and its size."""
        items = _KeptItems(self.watch)
        reported = 0
        try:
            for count, item in enumerate(self._decoded(decoders.json_values(self.chunks())), 1):
                items.add(item, self.received - reported)
                self.in_band_error = self.in_band_error or error_in(item)
                on_item(item, self.received - reported)
                reported = self.received
                if self.limits is not None and self.limits.reached(count, item):
                    break
        finally:
            self.record = self._record(items=items.kept, items_left_out=items.left_out)
        return self.record

    def download(self, target: Download | None, *, tar: bool) -> ResponseRecord:
        """Read bytes into a file, or drop them where there is none. A ``tar`` must be complete.

        Raises:
            StepError: the engine failed meanwhile, and wrote an error as JSON behind the bytes of the tar.
            EngineError: the tar is truncated.
        """
        if not tar or self.limits is not None:
            for data in self.chunks():
                if target is not None:
                    target.write(data)
            return self.record
        from runner.engine.streams.tar import TarWatch

        watch = TarWatch()
        for data in self.chunks():
            watch.feed(data)
            if target is not None:
                target.write(data)
        message = watch.problem()
        if message is not None:
            raise StepError("in-band-error", f"the engine could not send all of it: {message}")
        return self.record


class _KeptItems:
    """The elements of the first :data:`KEPT_BYTES` of a stream, and the number of the others."""

    def __init__(self, watch: StreamWatch) -> None:
        self.kept: list[Any] = []
        self._size = 0
        self._watch = watch.items()

    @property
    def left_out(self) -> int:
        return self._watch.length

    def add(self, item: Any, size: int) -> None:
        """Add the next element, with its size in bytes. The first one is kept however large it is."""
        self._size += size
        if not self.kept or (self._size <= KEPT_BYTES and not self.left_out):
            self.kept.append(item)
        else:
            self._watch.feed(item)


def error_in(item: Any) -> str | None:
    """Return the error in an element of a stream: ``error``, or ``errorDetail`` with a ``message``."""
    if not isinstance(item, Mapping) or not (item.get("error") or item.get("errorDetail")):
        return None
    detail = item.get("errorDetail")
    return str(item.get("error") or (detail.get("message") if isinstance(detail, Mapping) else detail))


def lines(frames: Iterator[Frame], rest: dict[Stream, bytes], longest: int = MAX_LINE) -> Iterator[Frame]:
    """Split frames at the ends of lines, each stream by itself, and lines longer than ``longest`` bytes too. ``rest``
    holds unfinished lines, which are yielded at the end."""
    for name, data in frames:
        *whole, last = (rest.pop(name, b"") + data).split(b"\n")
        yield from ((name, line + b"\n") for line in whole)
        while len(last) > longest:
            yield name, last[:longest]
            last = last[longest:]
        if last:
            rest[name] = last
    yield from rest.items()


def path_stat(header: str) -> Any:
    """Parse the header :data:`PATH_STAT`.

    Raises:
        EngineError: ``bad-header``.
    """
    try:
        return json.loads(base64.b64decode(header, validate=True))
    except (ValueError, RecursionError):
        raise EngineError("bad-header", f"the engine's header {PATH_STAT} is not JSON in base64") from None


def parse(data: bytes, content_type: str) -> Any:
    """Parse a body: as JSON if its media type or its first byte suggests that and it is JSON, else as text."""
    if not data.strip():
        return None
    looks_like_json = "json" in content_type or data[:1] in b'{["' or not content_type
    if looks_like_json:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            pass
    return data.decode("utf-8", "replace")
