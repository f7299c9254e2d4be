"""Records the exchanges that go through a transport, without secrets, in bounded memory."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from runner.api.engines import CREDENTIAL_HEADERS
from runner.api.request_masking import masked_headers, masked_reason, masked_target
from runner.engine.recordings.body_parts import MAX_PART, Chunk, part_of, parts_of, raw_parts
from runner.engine.recordings.recording import RecordedExchange, RecordedInput, RecordedRequest, RecordedResponse
from runner.engine.transport import Deadline, Headers, Request, Response, Transport, Upload
from runner.errors import DeadlineExceeded, Diagnostic, ErrorKind, RunnerError, UsageError
from runner.masking import Masker

_UNANSWERED: Final = Diagnostic("connection-broken", "the run ended before a response arrived", kind="engine")
_NOT_COMPARED: Final = CREDENTIAL_HEADERS | {"accept"}


def recorded_request(request: Request, masker: Masker) -> RecordedRequest:
    """Return a request as a recording keeps it.

    Raises:
        StepError: the file or folder that it uploads can't be read.
    """
    headers = {name: value for name, value in sorted(request.headers) if name.lower() not in _NOT_COMPARED}
    return RecordedRequest(
        request.method,
        masked_target(request.method, request.path, request.lasting_query, masker),
        request.upgrade,
        masked_headers(headers, masker),
        _body(request.body, masker),
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
class _OpenExchange:
    """An exchange that is being recorded."""

    at: float
    sent: Request
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
        self._open: list[_OpenExchange] = []
        self._size = 0

    def now(self) -> float:
        """Return the milliseconds since the beginning of the recording."""
        return round((self._clock() - self._began) * 1000, 1)

    def begin(self, request: Request) -> _OpenExchange:
        exchange = _OpenExchange(self.now(), request, recorded_request(request, self._masker))
        with self._lock:
            self._open.append(exchange)
        return exchange

    def keep(self, chunks: list[Chunk], data: bytes) -> None:
        """Add bytes to ``chunks``, until the recording is too large to be written."""
        with self._lock:
            self._size += len(data)
            if self._size <= MAX_PART:
                chunks.append((self.now(), data))

    def exchanges(self) -> tuple[RecordedExchange, ...]:
        """Return the recorded exchanges.

        Raises:
            UsageError: ``recording-too-large``.
        """
        if self._size > MAX_PART:
            hint = "leave large downloads and endless streams out, or bound them with take"
            message = f"more than {MAX_PART // 1024 // 1024} MiB went over the wire, which is too much for a recording"
            raise UsageError("recording-too-large", message, hint=hint)
        return tuple(self._exchange(exchange) for exchange in self._open)

    def _exchange(self, exchange: _OpenExchange) -> RecordedExchange:
        mask = self._masker
        exchange.request = _masked_again(exchange, mask)
        sent = RecordedInput(raw_parts(exchange.written, mask), exchange.closed) if exchange.wrote else None
        if exchange.head is None:
            failure = exchange.failure or _UNANSWERED
            return RecordedExchange(exchange.at, exchange.request, mask.diagnostic(failure), sent)
        status, reason, headers, upgraded = exchange.head
        response = RecordedResponse(
            at=exchange.answered,
            status=status,
            reason=masked_reason(status, reason, mask),
            headers=masked_headers(headers, mask),
            upgraded=upgraded,
            body=parts_of(exchange.received, headers.get("Content-Type", ""), mask),
            end=mask.diagnostic(exchange.end) if isinstance(exchange.end, Diagnostic) else exchange.end,
        )
        return RecordedExchange(exchange.at, exchange.request, response, sent)


def _masked_again(exchange: _OpenExchange, masker: Masker) -> RecordedRequest:
    """Return the request also without the secrets that were found after it; an upload is not read again."""
    sent = exchange.sent
    if sent.body is None or isinstance(sent.body, bytes):
        return recorded_request(sent, masker)
    return replace(recorded_request(sent._replace(body=None), masker), body=exchange.request.body)


class RecordingTransport:
    """A transport that passes everything on to another one, and records it."""

    def __init__(self, inner: Transport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder
        self.hung_up: Diagnostic | None = None
        """Why the exchanges under way have ended for the step, whatever the engine still responds."""

    def send(self, request: Request, deadline: Deadline) -> Response:
        exchange = self._recorder.begin(request)
        try:
            response = self._inner.send(request, deadline)
        except RunnerError as error:
            exchange.failure = _failure_of(error)
            raise
        if deadline.passed or self.hung_up:  # it is read within the grace; for the step it comes too late
            exchange.failure = self.hung_up or DeadlineExceeded().diagnostic()
            return response
        exchange.answered = self._recorder.now()
        exchange.head = (response.status, response.reason, response.headers, response.upgraded)
        return _RecordingResponse(self, response, exchange, self._recorder)

    def share(self) -> RecordingTransport:
        return RecordingTransport(self._inner.share(), self._recorder)

    def abort(self) -> None:
        self._inner.abort()

    def hang_up(self, reason: RunnerError) -> None:
        self.hung_up = _failure_of(reason)
        self._inner.hang_up(reason)

    def close(self) -> None:
        self._inner.close()


class _RecordingResponse:
    """A response whose bytes are recorded as they are read."""

    def __init__(
        self, transport: RecordingTransport, inner: Response, exchange: _OpenExchange, recorder: Recorder
    ) -> None:
        self._transport = transport
        self._inner = inner
        self._exchange = exchange
        self._recorder = recorder
        self.status: Final = inner.status
        self.reason: Final = inner.reason
        self.headers: Final = inner.headers
        self.upgraded: Final = inner.upgraded

    def read1(self) -> bytes:
        try:
            data = self._inner.read1()
        except RunnerError as error:
            self._exchange.end = _failure_of(error)
            raise
        if self._transport.hung_up:
            self._exchange.end = self._transport.hung_up
        elif data:
            self._recorder.keep(self._exchange.received, data)
        else:
            self._exchange.end = "complete"
        return data

    def until(self, deadline: Deadline) -> None:
        self._inner.until(deadline)

    def write(self, data: bytes) -> None:
        self._inner.write(data)
        self._exchange.wrote = True
        self._recorder.keep(self._exchange.written, data)

    def close_write(self) -> None:
        self._inner.close_write()
        self._exchange.wrote = self._exchange.closed = True

    def close(self) -> None:
        self._inner.close()


def _failure_of(error: RunnerError) -> Diagnostic:
    """Return an error as a recording keeps it: of three kinds, without a place in a file."""
    failure = error.diagnostic()
    kind: ErrorKind = failure.kind if failure.kind in ("engine", "deadline") else "step"
    return failure._replace(kind=kind, place=None, details=())
