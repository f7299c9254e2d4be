"""Defines the transport seam: request in, response out, by a deadline.

Everything that talks to an engine goes through :meth:`Transport.send`; recording, replay and tests are other
transports, and nothing is ever patched:

    response = engine.transport.send(Request("GET", "/v1.41/info"), Deadline.after(60))
    try:
        body = b"".join(iter(response.read1, b""))
    finally:
        response.close()
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from runner.errors import DeadlineExceeded, RunnerError


class Headers(Mapping[str, str]):
    """Headers by name, whatever its case; a repeated header is joined by ``", "`` (RFC 9110, 5.3)."""

    __slots__ = ("_items",)

    def __init__(self, pairs: tuple[tuple[str, str], ...] | list[tuple[str, str]] = ()) -> None:
        items: dict[str, tuple[str, str]] = {}
        for name, value in pairs:
            key = name.lower()
            first = items.get(key)
            items[key] = (first[0], f"{first[1]}, {value}") if first else (name, value)
        self._items = items

    def __getitem__(self, name: str) -> str:
        return self._items[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._items

    def __repr__(self) -> str:
        return f"Headers({list(self._items.values())!r})"


class Deadline(NamedTuple):
    """A point on the monotonic clock, in seconds; with ``None`` it never passes. A response that is late by less than
    ``grace`` seconds is still read, for the sake of what the request does."""

    at: float | None = None
    grace: float = 0.0

    @classmethod
    def never(cls) -> Deadline:
        return cls(None)

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """Return the deadline ``seconds`` from now; with None one that never passes."""
        return cls(None if seconds is None else time.monotonic() + seconds)

    @classmethod
    def at_monotonic(cls, seconds: float) -> Deadline:
        """Return the deadline at a value of :func:`time.monotonic`."""
        return cls(seconds)

    def remaining(self) -> float | None:
        """Return the seconds left, for a socket's timeout; None if it never passes.

        Raises:
            DeadlineExceeded: it has passed.
        """
        if self.at is None:
            return None
        left = self.at + self.grace - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded()
        return left

    @property
    def passed(self) -> bool:
        return self.at is not None and time.monotonic() >= self.at

    def sooner(self, other: Deadline) -> Deadline:
        """Return the earlier one of the two."""
        if self.at is None or (other.at is not None and other.at < self.at):
            return other
        return self


class Upload(Protocol):
    """A request body that is streamed and can be sent again (a file, a folder as a tar)."""

    @property
    def size(self) -> int | None:
        """The number of bytes, or None if it is not known in advance: it is then sent chunked."""

    @property
    def label(self) -> str:
        """Its name in a report, such as ``@context.tar``."""

    def chunks(self) -> Iterator[bytes]:
        """Return the bytes, in pieces of bounded size, from the start."""

    def recorded_chunks(self) -> Iterator[bytes]:
        """Yield the bytes by which a recording recognises the body: without what differs between two checkouts of the
        same files."""


class Request(NamedTuple):
    """One HTTP request, complete but for the connection.

    ``path`` is absolute, percent-encoded and carries the API version; ``query`` keeps order and repeated names.
    ``upgrade`` names the protocol to switch to (``tcp`` for attach and exec, ``h2c`` for a session). ``relative`` are
    query parameters whose value was computed from the clock, as they were written (``since=10m``).
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Upload | None = None
    upgrade: str | None = None
    relative: tuple[tuple[str, str], ...] = ()

    @property
    def target(self) -> str:
        """The path with its query string, as in the request line."""
        if not self.query:
            return self.path
        from urllib.parse import urlencode

        return f"{self.path}?{urlencode(self.query)}"

    @property
    def lasting_query(self) -> tuple[tuple[str, str], ...]:
        """The query with relative times as they were written: the same whenever the request is made."""
        written = dict(self.relative)
        return tuple((name, written.get(name, value)) for name, value in self.query)


class Response(Protocol):
    """A response whose head has arrived; its body is read from the connection piece by piece.

    It must be closed. A connection goes back to the pool only if the body was read to its end and the
    connection was not upgraded.
    """

    @property
    def status(self) -> int: ...

    @property
    def reason(self) -> str: ...

    @property
    def headers(self) -> Headers: ...

    @property
    def upgraded(self) -> bool:
        """Return whether the engine switched protocols (101): bytes flow raw both ways until each side ends."""

    def read1(self) -> bytes:
        """Return the next bytes (at most 256 KiB), waiting for some; ``b""`` at the proper end.

        Raises:
            DeadlineExceeded: the request's deadline passed; the connection is closed.
            EngineError: ``connection-broken``, the connection ended before the body.
        """

    def until(self, deadline: Deadline) -> None:
        """Replace the deadline of :meth:`read1` and :meth:`write`."""

    def write(self, data: bytes) -> None:
        """Send raw bytes; only after an upgrade."""

    def close_write(self) -> None:
        """Send no more, which ends stdin; reading goes on."""

    def close(self) -> None:
        """Release the connection; never raises."""


class Transport(Protocol):
    """Sends requests to an engine. Thread-safe: background steps send at the same time."""

    def send(self, request: Request, deadline: Deadline) -> Response:
        """Send a request and wait for the head of its response.

        Raises:
            DeadlineExceeded: the head did not arrive in time.
            EngineError: ``engine-unreachable`` (nothing listens, refused, a name that does not resolve),
                ``connection-broken`` (cut in the middle) or ``not-http`` (something else answers there).
            StepError: ``too-many-open-files``, or the request can't be sent.
        """

    def share(self) -> Transport:
        """Return a transport over the same connections, whose exchanges are aborted separately."""

    def abort(self) -> None:
        """Break every exchange under way here, from any thread: what waits in it gets an error."""

    def hang_up(self, reason: RunnerError) -> None:
        """Send no more on every exchange under way here, from any thread. An engine takes that for the end of the
        client and ends the work, and what it still responds can be read; a recording ends with the ``reason``."""

    def close(self) -> None:
        """Close idle connections."""
