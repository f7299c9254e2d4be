"""What crosses the transport seam: a request, a response, a deadline.

Everything that talks to an engine goes through :meth:`Transport.send`. Recording, replay and tests are other
transports; nothing is ever patched.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from runner.errors import DeadlineExceeded


class Headers(Mapping[str, str]):
    """Response headers: looked up without regard to case, a repeated header joined by ``", "`` (RFC 9110, 5.3)."""

    __slots__ = ("_items",)

    def __init__(self, pairs: tuple[tuple[str, str], ...] | list[tuple[str, str]] = ()) -> None:
        items: dict[str, tuple[str, str]] = {}
        for name, value in pairs:
            key = name.lower()
            known = items.get(key)
            items[key] = (known[0], f"{known[1]}, {value}") if known else (name, value)
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
    """A point on the monotonic clock, in seconds; ``None`` never comes."""

    at: float | None = None

    @classmethod
    def never(cls) -> Deadline:
        return cls(None)

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """Return the deadline ``seconds`` from now; None never comes."""
        return cls(None if seconds is None else time.monotonic() + seconds)

    @classmethod
    def at_monotonic(cls, seconds: float) -> Deadline:
        """Return the deadline at a value of :func:`time.monotonic`."""
        return cls(seconds)

    def remaining(self) -> float | None:
        """Seconds left, for a socket's timeout.

        Raises:
            DeadlineExceeded: none are left.
        """
        if self.at is None:
            return None
        left = self.at - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded()
        return left

    @property
    def passed(self) -> bool:
        return self.at is not None and time.monotonic() >= self.at

    def sooner(self, other: Deadline) -> Deadline:
        """Whichever of the two comes first."""
        if self.at is None or (other.at is not None and other.at < self.at):
            return other
        return self


class Upload(Protocol):
    """A request body that is streamed and can be sent again (a file, a folder as a tar)."""

    @property
    def size(self) -> int | None:
        """Bytes in all, or None where only sending tells (it is then sent chunked)."""

    @property
    def label(self) -> str:
        """What a report calls it, such as ``@context.tar``."""

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in pieces of bounded size, from the start."""

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
        return _target(self.path, self.query)

    @property
    def lasting_target(self) -> str:
        """The target with relative times as they were written: the same whenever the request is made."""
        written = dict(self.relative)
        return _target(self.path, tuple((name, written.get(name, value)) for name, value in self.query))


def _target(path: str, query: tuple[tuple[str, str], ...]) -> str:
    if not query:
        return path
    from urllib.parse import urlencode

    return f"{path}?{urlencode(query)}"


class Response(Protocol):
    """An answer whose head has arrived; its body is read from the connection piece by piece.

    A response must be closed. A connection goes back to the pool only if the body was read to its end and the
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
        """The engine switched protocols (101): bytes flow raw both ways until each side ends."""

    def read1(self) -> bytes:
        """The next bytes that have arrived (at most 256 KiB), waiting for some; ``b""`` at the proper end.

        Raises:
            DeadlineExceeded: the request's deadline passed; the connection is closed.
            EngineError: ``connection-broken``, the body ended before its end.
        """

    def until(self, deadline: Deadline) -> None:
        """Replace the deadline that :meth:`read1` and :meth:`write` keep to."""

    def write(self, data: bytes) -> None:
        """Send raw bytes; only after an upgrade."""

    def close_write(self) -> None:
        """Send no more, and go on reading (how stdin ends)."""

    def close(self) -> None:
        """Let go of the connection; never raises."""


class Transport(Protocol):
    """The one narrow seam to an engine. Thread-safe: background steps send side by side."""

    def send(self, request: Request, deadline: Deadline) -> Response:
        """Send a request and wait for the head of its answer.

        Raises:
            DeadlineExceeded: the head did not come in time.
            EngineError: ``engine-unreachable`` (nobody listens, refused, a name that does not resolve),
                ``connection-broken`` (cut in the middle) or ``not-http`` (something else answers there).
        """

    def share(self) -> Transport:
        """A transport over the same connections, whose exchanges are aborted by themselves."""

    def abort(self) -> None:
        """From any thread: break every exchange under way here, so that whoever waits in it wakes with an error."""

    def close(self) -> None:
        """Close idle connections."""
