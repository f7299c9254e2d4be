"""Reads an answer to its end, as its operation says it must be read, in bounded memory."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from runner.engine.streams import decoders
from runner.engine.transport import Deadline, Response
from runner.errors import DeadlineExceeded, EngineError, RunnerError, StepError
from runner.executor.steps.result import KEPT_BYTES, Kept
from runner.results.records import ResponseRecord

if TYPE_CHECKING:
    from runner.executor.response.download import Download

MAX_BODY = 64 * 1024 * 1024
"""The largest body that is held as one value."""

PATH_STAT = "X-Docker-Container-Path-Stat"
"""The header in which the engine describes a file in a container: JSON in base64, since HEAD has no body."""

OnOutput = Callable[[Literal["stdout", "stderr"], bytes], None]
OnItem = Callable[[Any, int], None]
Decoded = TypeVar("Decoded")


class Bounds(NamedTuple):
    """Where to stop a stream successfully: ``deadline`` is when ``take.for`` is over, ``until`` asks of each item."""

    items: int | None = None
    deadline: Deadline = Deadline()
    until: Callable[[Any], bool] | None = None

    def reached(self, count: int, item: Any) -> bool:
        return (self.items is not None and count >= self.items) or (self.until is not None and self.until(item))


class Reader:
    """Reads one response. ``deadline`` is the step's; ``bounds`` make a stream end early and well.

    ``came`` is what there is of the answer so far, also after a failure; ``problem`` the first error that the engine
    put inside the stream.
    """

    def __init__(self, response: Response, deadline: Deadline, bounds: Bounds | None) -> None:
        self.response = response
        self.deadline = deadline
        self.bounds = bounds
        self.received = 0
        self.came = self.record()
        self.problem: str | None = None
        self._enough = False

    def chunks(self) -> Iterator[bytes]:
        """The body's bytes. Ends early, and well, when the time to take from it is over.

        Raises:
            DeadlineExceeded: the step's own time is over.
        """
        limit = self.deadline if self.bounds is None else self.deadline.sooner(self.bounds.deadline)
        if limit is not self.deadline:
            self.response.until(limit)
        while True:
            try:
                data = self.response.read1()
            except DeadlineExceeded:
                if limit is self.deadline:
                    raise
                self._enough = True
                return
            if not data:
                return
            self.received += len(data)
            yield data

    def _decoded(self, values: Iterator[Decoded]) -> Iterator[Decoded]:
        """What a decoder makes of the chunks. That the end of the time to take cuts something in two is no error."""
        try:
            yield from values
        except EngineError as error:
            if not (self._enough and error.code in ("truncated-frame", "truncated-json")):
                raise

    def whole(self) -> bytes:
        """All of a body that must fit in memory."""
        parts = []
        for data in self.chunks():
            parts.append(data)
            if self.received > MAX_BODY:
                message = (
                    f"the answer is larger than {MAX_BODY // 1024 // 1024} MiB, the most that is held as one value"
                )
                raise EngineError("answer-too-large", message, hint="write it to a file with 'save', or bound it")
        return b"".join(parts)

    def record(self, **fields: Any) -> ResponseRecord:
        response = self.response
        return ResponseRecord(response.status, response.reason, response.headers, **fields)

    def value(self) -> ResponseRecord:
        """JSON where it is JSON, else text; None for an empty body, unless a header says it instead."""
        data = self.whole()
        stat = self.response.headers.get(PATH_STAT)
        told = path_stat(stat) if stat and not data else parse(data, self.response.headers.get("Content-Type", ""))
        self.came = self.record(body=told)
        return self.came

    def output(self, *, tty: bool, on_output: OnOutput) -> ResponseRecord:
        """A container's output: demultiplexed, or raw where there is a terminal."""
        kept: dict[Literal["stdout", "stderr"], Kept] = {"stdout": Kept(), "stderr": Kept()}
        frames: Iterator[tuple[Literal["stdout", "stderr"], bytes]]
        frames = (("stdout", data) for data in self.chunks()) if tty else self._decoded(decoders.frames(self.chunks()))
        items: list[str] | None = None
        if self.bounds is not None:
            items = []
            frames = self._taken_lines(frames, items)
        try:
            for name, data in frames:
                kept[name].add(data)
                on_output(name, data)
        finally:
            stdout, stderr = kept["stdout"], kept["stderr"]
            truncated = stdout.truncated or stderr.truncated
            self.came = self.record(stdout=stdout.text(), stderr=stderr.text(), items=items, truncated=truncated)
        return self.came

    def _taken_lines(
        self, frames: Iterator[tuple[Literal["stdout", "stderr"], bytes]], items: list[str]
    ) -> Iterator[tuple[Literal["stdout", "stderr"], bytes]]:
        """The frames cut into lines, as far as is to be taken; ``items`` gets each line's text."""
        assert self.bounds is not None
        size = 0
        rest: dict[Literal["stdout", "stderr"], bytes] = {}
        try:
            for count, (name, line) in enumerate(lines(frames, rest), 1):
                text = line.rstrip(b"\r\n").decode("utf-8", "replace")
                size += len(line)
                if size <= KEPT_BYTES:
                    items.append(text)
                yield name, line
                if self.bounds.reached(count, text):
                    return
        except RunnerError:
            yield from rest.items()  # lines that have begun are output, but no items
            raise

    def items(self, on_item: OnItem) -> ResponseRecord:
        """A stream of JSON values; the first MiB of them is kept. ``on_item`` gets each, and its size."""
        items: list[Any] = []
        told = 0
        truncated = False
        try:
            for count, item in enumerate(self._decoded(decoders.json_values(self.chunks())), 1):
                if self.received <= KEPT_BYTES or count == 1:
                    items.append(item)
                else:
                    truncated = True
                self.problem = self.problem or error_in(item)
                on_item(item, self.received - told)
                told = self.received
                if self.bounds is not None and self.bounds.reached(count, item):
                    break
        finally:
            self.came = self.record(items=items, truncated=truncated)
        return self.came

    def download(self, target: Download | None, *, tar: bool) -> ResponseRecord:
        """Bytes: to a file, or read and counted where nobody wants them. A ``tar`` must have come whole.

        Raises:
            StepError: the engine failed on its way, which it tells in JSON behind the bytes of a tar.
            EngineError: the tar has no end.
        """
        if not tar or self.bounds is not None:
            for data in self.chunks():
                if target is not None:
                    target.write(data)
            return self.came
        from runner.engine.streams.tar import TarWatch

        watch = TarWatch()
        for data in self.chunks():
            watch.feed(data)
            if target is not None:
                target.write(data)
        problem = watch.problem()
        if problem is not None:
            raise StepError("in-band-error", f"the engine could not send all of it: {problem}")
        return self.came


def error_in(item: Any) -> str | None:
    """The error that a stream's element tells of: ``error``, or ``errorDetail`` with a ``message``."""
    if not isinstance(item, Mapping) or not (item.get("error") or item.get("errorDetail")):
        return None
    detail = item.get("errorDetail")
    return str(item.get("error") or (detail.get("message") if isinstance(detail, Mapping) else detail))


def lines(
    frames: Iterator[tuple[Literal["stdout", "stderr"], bytes]],
    rest: dict[Literal["stdout", "stderr"], bytes],
    longest: int = 64 * 1024,
) -> Iterator[tuple[Literal["stdout", "stderr"], bytes]]:
    """Frames cut anew at the ends of lines, each stream by itself; a line longer than ``longest`` bytes is cut too.
    ``rest`` holds what has begun, and is the last lines at the end."""
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
    """What a file in a container is, from :data:`PATH_STAT`.

    Raises:
        EngineError: ``bad-header``.
    """
    try:
        return json.loads(base64.b64decode(header, validate=True))
    except (ValueError, RecursionError):
        raise EngineError("bad-header", f"the engine's header {PATH_STAT} is not JSON in base64") from None


def parse(data: bytes, content_type: str) -> Any:
    """A body as a value: JSON where it says so or is so, else text."""
    if not data.strip():
        return None
    looks_like_json = "json" in content_type or data[:1] in b'{["' or not content_type
    if looks_like_json:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            pass
    return data.decode("utf-8", "replace")
