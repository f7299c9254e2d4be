"""Answers requests from a recording, without an engine and without waiting."""

from __future__ import annotations

import difflib
import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from runner.engine.docker_config.endpoint import parse
from runner.engine.engine import Engine
from runner.engine.recordings.body_parts import BodyPart, Chunk, raw_parts
from runner.engine.recordings.recorder import recorded_request
from runner.engine.recordings.recording import (
    RecordedExchange,
    RecordedInput,
    RecordedRequest,
    RecordedResponse,
    Recording,
)
from runner.engine.transport import Deadline, Headers, Request, Response
from runner.errors import Diagnostic, RunnerError, StepError, error_of
from runner.json_layout import pretty
from runner.labels import PREFIX
from runner.masking import SHOWN, Masker

INPUT_SECONDS: Final = 10.0
"""Seconds that the end of a response waits for the recorded input."""
_MAX_COMPARED: Final = 200
"""Recorded requests among which the nearest one is looked for."""
_MAX_COMPARED_TEXT: Final = 2000
"""Characters of each that are compared."""


class Replay:
    """The exchanges of a recording that have not been replayed yet. Thread-safe.

    Equal requests are answered in the order of the recording; different ones may be made in any order, as steps in the
    background are.
    """

    def __init__(self, recording: Recording, secrets: Iterable[str]) -> None:
        known = tuple(secrets)
        self.masker: Final = Masker((*known, SHOWN))
        self.secret: Final = known[0] if len(set(known)) == 1 and known[0] != SHOWN else None
        """The only secret of the run, which ``***`` stands for in what was recorded."""
        self._all = recording.exchanges
        self._waiting: dict[str, deque[RecordedExchange]] = {}
        self._lock = threading.Lock()
        for exchange in recording.exchanges:
            self._waiting.setdefault(self._key(exchange.request), deque()).append(exchange)

    def take(self, request: Request) -> RecordedExchange:
        """Return the exchange that was recorded for a request.

        Raises:
            StepError: ``not-recorded``; its details are the differences from the nearest recorded request.
        """
        sent = recorded_request(request, self.masker)
        with self._lock:
            waiting = self._waiting.get(self._key(sent))
            if waiting:
                return waiting.popleft()
        if waiting is not None:
            times = sum(self._key(exchange.request) == self._key(sent) for exchange in self._all)
            raise _not_recorded(f"{sent.method} {sent.target} is in the recording {_times(times)} only")
        raise _not_recorded(f"{sent.method} {sent.target} is not in the recording", self._difference(sent))

    def unused(self) -> tuple[RecordedRequest, ...]:
        """Return the recorded requests that were not made."""
        with self._lock:
            left = {id(exchange) for waiting in self._waiting.values() for exchange in waiting}
        return tuple(exchange.request for exchange in self._all if id(exchange) in left)

    def _key(self, sent: RecordedRequest) -> str:
        """Return a key that is equal for equal requests, also where a secret is percent-encoded or unknown now."""
        return self.masker.text(_as_asked(sent).key())

    def _difference(self, sent: RecordedRequest) -> tuple[str, ...]:
        """Return the differences from the nearest recorded request, one not yet made if possible."""
        candidates = (self.unused() or tuple(exchange.request for exchange in self._all))[:_MAX_COMPARED]
        if not candidates:
            return ()
        wanted = _lines(sent)
        path = sent.target.partition("?")[0]

        def nearness(other: RecordedRequest) -> tuple[bool, float]:
            same = (other.method, other.target.partition("?")[0]) == (sent.method, path)
            old, new = (f"{request.target} {request.body}"[:_MAX_COMPARED_TEXT] for request in (other, sent))
            return same, difflib.SequenceMatcher(None, old, new).ratio()

        nearest = max(candidates, key=nearness)
        diff = difflib.unified_diff(_lines(nearest), wanted, "recorded", "now", n=2, lineterm="")
        return tuple(line for line in diff if not line.startswith("@@"))


def _as_asked(sent: RecordedRequest) -> RecordedRequest:
    """Return the request without the labels that the runner adds: they depend on its version."""
    path, mark, query = sent.target.partition("?")
    if PREFIX in query:
        pairs = [
            (name, _without_own_in_text(value))
            for name, value in parse_qsl(query, keep_blank_values=True)
            if not value.startswith(f'LABEL "{PREFIX}')
        ]
        sent = replace(sent, target=f"{path}{mark}{urlencode(pairs)}")
    return replace(sent, body=_without_own(sent.body))


def _without_own(value: Any) -> Any:
    """Return the value without those labels, and without a mapping that had nothing else in it."""
    if isinstance(value, Mapping):
        kept = {key: (inner, _without_own(inner)) for key, inner in value.items() if not key.startswith(PREFIX)}
        return {key: new for key, (old, new) in kept.items() if new != {} or old == {}}
    return [_without_own(item) for item in value] if isinstance(value, list) else value


def _without_own_in_text(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return json.dumps(_without_own(value)) if isinstance(value, dict) else text


def _lines(sent: RecordedRequest) -> Sequence[str]:
    return pretty(_as_asked(sent).value(), width=0).splitlines()


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _not_recorded(message: str, details: tuple[str, ...] = ()) -> StepError:
    hint = "the scenario or its variables have changed since; record it again with --record"
    return StepError("not-recorded", message, hint=hint, details=details)


def replayed(recording: Recording, replay: Replay) -> Engine:
    """Return the recorded engine, as it was when the recording was made."""
    return Engine(
        endpoint=parse(recording.endpoint, source="a recording"),
        transport=ReplayTransport(replay),
        name=recording.name,
        version=recording.version,
        api_version=recording.api_version,
        swarm=recording.swarm,
        recorded_at=recording.recorded_at,
    )


class ReplayTransport:
    """A :class:`~runner.engine.transport.Transport` to a recording."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    def send(self, request: Request, deadline: Deadline) -> Response:
        deadline.remaining()
        exchange = self._replay.take(request)
        if isinstance(exchange.outcome, Diagnostic):
            raise error_of(exchange.outcome)
        outcome = exchange.outcome
        if self._replay.secret is not None:
            outcome = replace(outcome, body=tuple(_revealed(part, self._replay.secret) for part in outcome.body))
        return _ReplayedResponse(outcome, exchange.input, self._replay.masker)

    def share(self) -> ReplayTransport:
        return self

    def abort(self) -> None:
        """Do nothing: nothing waits for an engine."""

    def hang_up(self, reason: RunnerError) -> None:
        """Do nothing: what is recorded has ended."""

    def close(self) -> None:
        """Do nothing: there is no connection."""


def _revealed(part: BodyPart, secret: str) -> BodyPart:
    """Return a part of a response with the secret in it again, which expectations compare with the given one."""

    def reveal(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(SHOWN, secret)
        if isinstance(value, Mapping):
            return {name: reveal(inner) for name, inner in value.items()}
        return [reveal(inner) for inner in value] if isinstance(value, list) else value

    return replace(part, content=reveal(part.content)) if part.form in ("json", "text") else part


class _ReplayedResponse:
    """A recorded response. It ends only after the recorded input has been sent again."""

    def __init__(self, response: RecordedResponse, expected: RecordedInput | None, masker: Masker) -> None:
        self.status: Final = response.status
        self.reason: Final = response.reason
        self.headers: Final = Headers(tuple(response.headers.items()))
        self.upgraded: Final = response.upgraded
        self._left = deque(response.body)
        self._end = response.end
        self._expected = expected
        self._masker = masker
        self._written: list[Chunk] = []
        self._writing = threading.Condition()
        self._ended = False

    def read1(self) -> bytes:
        if self._left:
            return self._left.popleft().data()
        self._check_input()
        if isinstance(self._end, Diagnostic):
            raise error_of(self._end)
        if self._end == "left":
            raise _not_recorded("the recording of this response ends here: it was not read further")
        return b""

    def _check_input(self) -> None:
        """Wait until the recorded input was written again, and compare it."""
        recorded = self._expected
        if recorded is None:
            if self._written:
                raise _not_recorded("the recording of this call has no input")
            return
        expected = b"".join(part.data() for part in recorded.parts)

        def same() -> bool:
            """Return whether the input is the recorded one; if that was not closed, more may follow."""
            return self._input() == expected if recorded.closed else self._input().startswith(expected)

        with self._writing:
            self._writing.wait_for(lambda: self._ended or (not recorded.closed and same()), INPUT_SECONDS)
            written = self._input()
        if not same():
            old, new = (text.decode("utf-8", "replace").splitlines() for text in (expected, written))
            diff = tuple(difflib.unified_diff(old, new, "recorded input", "input now", n=2, lineterm=""))
            raise _not_recorded("the input of this call differs from the recorded one", diff)

    def _input(self) -> bytes:
        return b"".join(part.data() for part in raw_parts(self._written, self._masker))

    def until(self, deadline: Deadline) -> None:
        """Do nothing: recorded responses don't wait."""

    def write(self, data: bytes) -> None:
        with self._writing:
            self._written.append((0.0, data))
            self._writing.notify_all()

    def close_write(self) -> None:
        self._end_input()

    def close(self) -> None:
        self._end_input()

    def _end_input(self) -> None:
        with self._writing:
            self._ended = True
            self._writing.notify_all()
