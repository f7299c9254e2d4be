"""Plays one recorded response: its head, then its parts at their times, each not before what it was caused by."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from runner.engine.http.parser import RequestHead
from runner.engine.recordings.body_parts import BodyPart
from runner.engine.recordings.recording import RecordedInput, RecordedResponse
from runner.errors import Diagnostic
from runner.proxy.conversation import may_hijack
from runner.proxy.playback.playback import Entry, Playback
from runner.proxy.playback.responding import Gone, Responder, wait

_LOOK: Final = 0.1
"""Seconds between two looks whether the client is still there."""
_UNSENT: Final = frozenset(("content-length", "transfer-encoding", "connection", "upgrade", "date"))


class Input(Protocol):
    """The client's side of a connection."""

    def input(self) -> bytes: ...

    def hung_up(self) -> bool: ...


class Stream:
    """One response. ``unlike`` says how the input differed from the recorded one."""

    def __init__(self, playback: Playback, entry: Entry, speed: float, api_version: str) -> None:
        self._playback = playback
        self._entry = entry
        self._speed = speed
        self._api_version = api_version
        self._outcome = entry.exchange.outcome
        self.unlike: str | None = None

    @property
    def status(self) -> int:
        """The status; 0 where the engine did not answer."""
        return self._outcome.status if isinstance(self._outcome, RecordedResponse) else 0

    def play(self, responder: Responder, head: RequestHead, client: Input) -> bool:
        """Send it; returns whether the connection goes on."""
        response = self._outcome
        if isinstance(response, Diagnostic):
            raise Gone
        headers = self._headers(response)
        raw = response.upgraded or "raw-stream" in response.headers.get("Content-Type", "")
        if may_hijack(head) and raw:
            return self._hijack(responder, head, client, headers, response)
        if _is_whole(response):
            return responder.whole(response.status, headers, self._whole(response))
        responder.begin(response.status, response.reason, headers, chunked=True)
        self._parts(responder, response, client, typed=None)
        return self._end(responder, response)

    def _headers(self, response: RecordedResponse) -> dict[str, str]:
        kept = {name: value for name, value in response.headers.items() if name.lower() not in _UNSENT}
        return {name: self._api_version if name.lower() == "api-version" else value for name, value in kept.items()}

    def _whole(self, response: RecordedResponse) -> bytes:
        return b"".join(self._data(part) for part in response.body)

    def _data(self, part: BodyPart) -> bytes:
        if part.form == "json" or (part.form == "text" and part.stream is None):
            content = self._playback.translation.to_client(part.content)
            return (
                json.dumps(content, separators=(",", ":")).encode() + b"\n" if part.form == "json" else content.encode()
            )
        return part.data()

    def _hijack(
        self,
        responder: Responder,
        head: RequestHead,
        client: Input,
        headers: dict[str, str],
        response: RecordedResponse,
    ) -> bool:
        """Take over the connection: after 101 if the client asked for that, else the way it was before API 1.42."""
        if head.upgrade is not None:
            responder.switch(headers, head.upgrade)
        else:
            responder.begin(200, "OK", headers, chunked=False)
        typed = _Typed(client, self._entry.exchange.input)
        self._parts(responder, response, client, typed)
        self.unlike = typed.unlike()
        self._end(responder, response)
        raise Gone

    def _end(self, responder: Responder, response: RecordedResponse) -> bool:
        if response.end == "left":
            responder.hold()
        if isinstance(response.end, Diagnostic):
            raise Gone
        return responder.end()

    def _parts(self, responder: Responder, response: RecordedResponse, client: Input, typed: _Typed | None) -> None:
        before = response.at
        for part in response.body:
            gate = self._playback.gate(self._entry, part.at)
            if gate is not None and gate.exchange.at > response.at:
                self._await(partial(self._playback.await_change, gate.number, _LOOK), client)
                before = max(before, gate.exchange.at)
            if typed is not None:
                self._await(partial(typed.await_input, part.at, _LOOK), client)
            if self._speed:
                wait((part.at - before) / 1000 / self._speed)
            before = part.at
            responder.write(self._data(part))
        if typed is not None and response.end == "complete":
            self._await(lambda: typed.await_input(float("inf"), _LOOK), client)

    def _await(self, happened: Callable[[], bool], client: Input) -> None:
        """Wait for something as long as the client does."""
        while not happened():
            if client.hung_up():
                raise Gone


class _Typed:
    """Collects what the client has written to a hijacked connection, beside what was written when it was recorded."""

    def __init__(self, client: Input, recorded: RecordedInput | None) -> None:
        self._recorded = recorded
        self._expected = b"".join(part.data() for part in recorded.parts) if recorded else b""
        self._written = bytearray()
        self._ended = False
        self._broken = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=(client,), name="input", daemon=True)
        self._thread.start()

    def await_input(self, at: float, seconds: float) -> bool:
        """Wait until as much was written as was recorded before ``at``; False after ``seconds``."""
        recorded = self._recorded
        if recorded is None:
            return True
        needed = sum(len(part.data()) for part in recorded.parts if part.at <= at)
        closed = recorded.closed and at == float("inf")
        with self._changed:
            return self._changed.wait_for(lambda: self._ended or (len(self._written) >= needed and not closed), seconds)

    def unlike(self) -> str | None:
        """Return how the input differs from the recorded one; None if it does not."""
        with self._changed:
            written = bytes(self._written)
        if (
            self._broken
            or written == self._expected
            or (self._recorded and not self._recorded.closed and written.startswith(self._expected))
        ):
            return None
        if self._recorded is None:
            return f"there is no input in the recording, and now there was: {written[:60]!r}"
        return f"the input is not the recorded one: {written[:60]!r} instead of {self._expected[:60]!r}"

    def _read(self, client: Input) -> None:
        try:
            while data := client.input():
                with self._changed:
                    self._written += data
                    self._changed.notify_all()
        except Gone:  # a fault on purpose, not input that differs
            self._broken = True
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _is_whole(response: RecordedResponse) -> bool:
    """Return whether its body came at once, with a known length."""
    chunked = "transfer-encoding" in {name.lower() for name in response.headers}
    return response.end == "complete" and not chunked


def now() -> float:
    """Seconds on a clock that never goes back."""
    return time.monotonic()
