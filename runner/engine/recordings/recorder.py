"""Records what goes through a transport, without secrets, in bounded memory."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from runner.api.engines import CREDENTIAL_HEADERS
from runner.engine.recordings.body_parts import LARGEST, Chunk, part_of, parts_of, raw_parts
from runner.engine.recordings.recording import RecordedExchange, RecordedInput, RecordedRequest, RecordedResponse
from runner.engine.transport import Deadline, Headers, Request, Response, Transport, Upload
from runner.errors import Diagnostic, ErrorKind, RunnerError, UsageError
from runner.masking import Masker

_UNANSWERED: Final = Diagnostic("connection-broken", "the run ended before an answer came", kind="engine")
_NOT_COMPARED: Final = CREDENTIAL_HEADERS | {"accept"}


def recorded_request(request: Request, masker: Masker) -> RecordedRequest:
    """A request as a recording keeps it.

    Raises:
        StepError: what it uploads can't be read.
    """
    headers = {name: masker.text(value) for name, value in sorted(request.headers) if name.lower() not in _NOT_COMPARED}
    return RecordedRequest(
        request.method, masker.text(request.lasting_target), request.upgrade, headers, _body(request.body, masker)
    )


def _body(body: bytes | Upload | None, masker: Masker) -> dict[str, Any]:
    if body is None:
        return {}
    if not isinstance(body, bytes):
        size, digest = 0, hashlib.sha256()
        for piece in body.recorded_chunks():
            size += len(piece)
            digest.update(piece)
        return {"upload": masker.text(body.label), "size": size, "sha256": digest.hexdigest()}
    try:
        value = json.loads(body)
        json.dumps(value, allow_nan=False)
        return {"json": masker.value(value)}
    except (ValueError, RecursionError):
        part = part_of(masker.value(body))
        return {part.form: part.content}


@dataclass(slots=True)
class _Tape:
    """One exchange while it goes on."""

    at: float
    request: RecordedRequest
    failure: Diagnostic | None = None
    answered: float = 0.0
    head: tuple[int, str, Headers, bool] | None = None
    received: list[Chunk] = field(default_factory=list)
    end: Literal["complete", "left"] | Diagnostic = "left"
    written: list[Chunk] = field(default_factory=list)
    wrote: bool = False
    closed: bool = False


class Recorder:
    """Collects the exchanges of one scenario's run. Thread-safe."""

    def __init__(self, masker: Masker, clock: Callable[[], float] = time.monotonic) -> None:
        self._masker = masker
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        self._tapes: list[_Tape] = []
        self._size = 0

    def now(self) -> float:
        """Milliseconds from the beginning."""
        return round((self._clock() - self._began) * 1000, 1)

    def begin(self, request: Request) -> _Tape:
        tape = _Tape(self.now(), recorded_request(request, self._masker))
        with self._lock:
            self._tapes.append(tape)
        return tape

    def keep(self, chunks: list[Chunk], data: bytes) -> None:
        """Note bytes, as long as there is room; what is larger than all of it has no place in a file to be read."""
        with self._lock:
            self._size += len(data)
            if self._size <= LARGEST:
                chunks.append((self.now(), data))

    def exchanges(self) -> tuple[RecordedExchange, ...]:
        """What was recorded.

        Raises:
            UsageError: ``recording-too-large``.
        """
        if self._size > LARGEST:
            hint = "a recording is for what is read; leave large downloads and endless streams out of it"
            message = f"more than {LARGEST // 1024 // 1024} MiB went over the wire, so there is no recording"
            raise UsageError("recording-too-large", message, hint=hint)
        return tuple(self._exchange(tape) for tape in self._tapes)

    def _exchange(self, tape: _Tape) -> RecordedExchange:
        mask = self._masker
        given = RecordedInput(raw_parts(tape.written, mask), tape.closed) if tape.wrote else None
        if tape.head is None:
            failure = tape.failure or _UNANSWERED
            return RecordedExchange(tape.at, tape.request, _masked(failure, mask), given)
        status, reason, headers, upgraded = tape.head
        answer = RecordedResponse(
            at=tape.answered,
            status=status,
            reason=reason,
            headers={name: mask.text(value) for name, value in headers.items()},
            upgraded=upgraded,
            body=parts_of(tape.received, headers.get("Content-Type", ""), mask),
            end=_masked(tape.end, mask) if isinstance(tape.end, Diagnostic) else tape.end,
        )
        return RecordedExchange(tape.at, tape.request, answer, given)


class RecordingTransport:
    """A transport that passes everything on to another one, and notes it."""

    def __init__(self, inner: Transport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    def send(self, request: Request, deadline: Deadline) -> Response:
        tape = self._recorder.begin(request)
        try:
            response = self._inner.send(request, deadline)
        except RunnerError as error:
            tape.failure = _failure_of(error)
            raise
        tape.answered = self._recorder.now()
        tape.head = (response.status, response.reason, response.headers, response.upgraded)
        return _RecordingResponse(response, tape, self._recorder)

    def share(self) -> RecordingTransport:
        return RecordingTransport(self._inner.share(), self._recorder)

    def abort(self) -> None:
        self._inner.abort()

    def close(self) -> None:
        self._inner.close()


class _RecordingResponse:
    """A response whose bytes are noted on their way."""

    def __init__(self, inner: Response, tape: _Tape, recorder: Recorder) -> None:
        self._inner = inner
        self._tape = tape
        self._recorder = recorder
        self.status: Final = inner.status
        self.reason: Final = inner.reason
        self.headers: Final = inner.headers
        self.upgraded: Final = inner.upgraded

    def read1(self) -> bytes:
        try:
            data = self._inner.read1()
        except RunnerError as error:
            self._tape.end = _failure_of(error)
            raise
        if data:
            self._recorder.keep(self._tape.received, data)
        else:
            self._tape.end = "complete"
        return data

    def until(self, deadline: Deadline) -> None:
        self._inner.until(deadline)

    def write(self, data: bytes) -> None:
        self._inner.write(data)
        self._tape.wrote = True
        self._recorder.keep(self._tape.written, data)

    def close_write(self) -> None:
        self._inner.close_write()
        self._tape.wrote = self._tape.closed = True

    def close(self) -> None:
        self._inner.close()


def _failure_of(error: RunnerError) -> Diagnostic:
    """Return an error as a recording keeps it: of three kinds, without a place in a file."""
    failure = error.diagnostic()
    kind: ErrorKind = failure.kind if failure.kind in ("engine", "deadline") else "step"
    return failure._replace(kind=kind, place=None, details=())


def _masked(failure: Diagnostic, masker: Masker) -> Diagnostic:
    hint = masker.text(failure.hint) if failure.hint is not None else None
    return failure._replace(message=masker.text(failure.message), hint=hint)
