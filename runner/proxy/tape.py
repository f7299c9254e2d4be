"""Tapes what passes through a splice: every exchange with its times, in bounded memory, masked when it is written."""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Final

from runner.api.engines import CREDENTIAL_HEADERS
from runner.engine.http.parser import RequestHead, ResponseHead
from runner.engine.recordings.body_parts import MAX_PART, Chunk, part_of, parts_of, raw_parts
from runner.engine.recordings.recording import RecordedExchange, RecordedInput, RecordedRequest, RecordedResponse
from runner.errors import Diagnostic, UsageError
from runner.masking import Masker
from runner.proxy.conversation import End
from runner.proxy.matching import Call, call_of

MAX_IN_MEMORY: Final = 1024 * 1024
"""Bytes of an upload from which on it is kept in a temporary file."""
MIN_SECRET: Final = 4
"""Characters: masking shorter ones would take the rest of the text apart."""

_OPAQUE: Final = frozenset(("/session", "/grpc"))
_CUT: Final = Diagnostic(
    "connection-broken", "the engine closed the connection in the middle of a response", kind="engine"
)
_UNANSWERED: Final = Diagnostic("connection-broken", "the client left before a response came", kind="engine")
_JSON: Final = "application/json"


@dataclass(slots=True)
class Taped:
    """One exchange. Times are milliseconds from the beginning. ``upload`` holds a body that is not JSON."""

    number: int
    at: float
    head: RequestHead
    call: Call
    sent: bytearray = field(default_factory=bytearray)
    upload: IO[bytes] | None = None
    size: int = 0
    digest: str = ""
    response: ResponseHead | None = None
    answered_at: float = 0.0
    upgraded: bool = False
    received: list[Chunk] = field(default_factory=list)
    typed: list[Chunk] = field(default_factory=list)
    closed: bool = False
    end: End = "left"
    ended_at: float | None = None

    @property
    def opaque(self) -> bool:
        """Return whether it is BuildKit's, in a protocol of its own."""
        return self.call.path in _OPAQUE

    @property
    def status(self) -> int | None:
        return self.response.status if self.response else None

    @property
    def json(self) -> Any:
        """The request's body, if it is JSON; else None."""
        return _parsed(bytes(self.sent))

    @property
    def answer(self) -> Any:
        """The response's body, if it is one JSON value; else None."""
        return _parsed(b"".join(data for _, data in self.received))

    @property
    def output(self) -> bytes:
        """The bytes of the response's body."""
        return b"".join(data for _, data in self.received)

    @property
    def input(self) -> bytes:
        """The raw bytes from the client."""
        return b"".join(data for _, data in self.typed)


class Tape:
    """Collects the exchanges of every connection. Thread-safe. ``secrets`` are masked in what is written of it, as is
    what the API says is secret."""

    def __init__(self, secrets: Iterable[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self.exchanges: Final[list[Taped]] = []
        self.notes: Final[list[str]] = []
        self._secrets = tuple(secrets)
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        self._size = 0

    def begin(self, head: RequestHead) -> TapeListener:
        """Return the listener of a new exchange."""
        with self._lock:
            taped = Taped(len(self.exchanges), self.now(), head, call_of(head.method, head.target))
            self.exchanges.append(taped)
        return TapeListener(self, taped)

    def note(self, reason: str) -> None:
        """Note bytes that were passed and could not be understood."""
        self.notes.append(reason)

    def now(self) -> float:
        """Return the milliseconds from the beginning."""
        return round((self._clock() - self._began) * 1000, 1)

    def keep(self, chunks: list[Chunk], data: bytes) -> None:
        """Keep bytes as long as there is room."""
        with self._lock:
            self._size += len(data)
            if self._size <= MAX_PART:
                chunks.append((self.now(), data))

    def masker(self) -> Masker:
        """Return what hides the given secrets and those that passed."""
        found = {text for taped in self.exchanges for text in secrets_of(taped) if len(text) >= MIN_SECRET}
        return Masker((*self._secrets, *found))

    def recorded(self, masker: Masker, after: float = 0.0) -> tuple[RecordedExchange, ...]:
        """Return the exchanges for a recording, their times ``after`` milliseconds later.

        Raises:
            UsageError: ``recording-too-large``.
        """
        if self._size > MAX_PART:
            hint = "a recording is for what is read; leave large downloads and endless streams out of it"
            message = f"more than {MAX_PART // 1024 // 1024} MiB went over the wire, so there is no recording"
            raise UsageError("recording-too-large", message, hint=hint)
        return tuple(_recorded(taped, masker, after) for taped in self.exchanges if not taped.opaque)

    def close(self) -> None:
        """Delete the temporary files."""
        for taped in self.exchanges:
            if taped.upload is not None:
                taped.upload.close()


class TapeListener:
    """Keeps one exchange."""

    def __init__(self, tape: Tape, taped: Taped) -> None:
        self._tape = tape
        self._taped = taped
        self._digest = hashlib.sha256()

    def sent_body(self, data: bytes) -> None:
        taped = self._taped
        taped.size += len(data)
        if _is_text(taped) and taped.size <= MAX_PART:
            taped.sent += data
            return
        if taped.upload is None:
            taped.upload = tempfile.SpooledTemporaryFile(MAX_IN_MEMORY)  # noqa: SIM115 - closed with the tape
        taped.upload.write(data)
        self._digest.update(data)
        taped.digest = self._digest.hexdigest()

    def answered(self, head: ResponseHead) -> None:
        self._taped.response = head
        self._taped.answered_at = self._tape.now()

    def hijacked(self) -> None:
        self._taped.upgraded = True

    def received(self, data: bytes) -> None:
        if not self._taped.opaque:
            self._tape.keep(self._taped.received, data)

    def sent_input(self, data: bytes) -> None:
        if not self._taped.opaque:
            self._tape.keep(self._taped.typed, data)

    def closed_input(self) -> None:
        self._taped.closed = True

    def ended(self, end: End) -> None:
        self._taped.end = end
        self._taped.ended_at = self._tape.now()


def secrets_of(taped: Taped) -> Iterator[str]:
    """Return what an exchange says that is secret: passwords and tokens of registries, tokens and keys of
    a swarm, the data of secrets."""
    for name in CREDENTIAL_HEADERS:
        text = taped.head.headers.get(name)
        if text:
            yield text
            yield from _texts(_decoded(text))
    body, answer = taped.json, taped.answer
    if isinstance(body, Mapping):
        name = taped.call.operation.name if taped.call.operation else ""
        if name in ("secret.create", "secret.update") and isinstance(body.get("Data"), str):
            yield body["Data"]
            yield from _lines(body["Data"])
        for key in ("password", "identitytoken", "registrytoken", "auth", "JoinToken", "UnlockKey"):
            yield from _texts(body.get(key))
    if isinstance(answer, Mapping):
        for key in ("JoinTokens", "UnlockKey", "IdentityToken"):
            yield from _texts(answer.get(key))


def _is_text(taped: Taped) -> bool:
    """Return whether a body is read rather than kept as a file. Some clients do not say what their bodies are."""
    if taped.call.operation is not None and taped.call.operation.body == "tar":
        return False
    content_type = taped.head.headers.get("content-type", _JSON)
    return _JSON in content_type or content_type.startswith("text/")


def _lines(encoded: str) -> Iterator[str]:
    try:
        yield base64.b64decode(encoded).decode("utf-8", "replace")
    except ValueError:
        return


def _decoded(text: str) -> Any:
    """Return what a registry header says."""
    try:
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
    if not isinstance(value, Mapping):
        return None
    accounts = value.values() if all(isinstance(inner, Mapping) for inner in value.values()) else [value]
    names = ("password", "identitytoken", "registrytoken", "auth")
    return [account.get(name) for account in accounts for name in names]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except (ValueError, RecursionError):
        return None


def _recorded(taped: Taped, masker: Masker, after: float) -> RecordedExchange:
    head = taped.head
    content_type = head.headers.get("content-type")
    headers = {"Content-Type": content_type} if content_type and taped.size else {}
    request = RecordedRequest(head.method, masker.text(head.target), head.upgrade, headers, _body(taped, masker))
    typed = RecordedInput(raw_parts(_later(taped.typed, after), masker), taped.closed) if taped.typed else None
    if taped.response is None:
        return RecordedExchange(taped.at + after, request, _UNANSWERED, typed)
    response = taped.response
    return RecordedExchange(
        taped.at + after,
        request,
        RecordedResponse(
            at=taped.answered_at + after,
            status=response.status,
            reason=response.reason,
            headers={name: masker.text(value) for name, value in response.headers.items()},
            upgraded=response.status == 101,
            body=parts_of(_later(taped.received, after), response.headers.get("Content-Type", ""), masker),
            end=_CUT if taped.end == "cut" else taped.end,
        ),
        typed,
    )


def _later(chunks: list[Chunk], after: float) -> list[Chunk]:
    return [(round(at + after, 1), data) for at, data in chunks] if after else chunks


def _body(taped: Taped, masker: Masker) -> dict[str, Any]:
    if taped.upload is not None:
        label = taped.head.headers.get("content-type", "") or "a body"
        return {"upload": masker.text(label), "size": taped.size, "sha256": taped.digest}
    if not taped.sent:
        return {}
    value = taped.json
    if value is not None:
        return {"json": masker.value(value)}
    part = part_of(masker.value(bytes(taped.sent)))
    return {part.form: part.content}
