"""Speaks HTTP/1.1 to an engine: a pool of connections, and one exchange at a time on each.

Nothing is taken from the environment: no proxies, no redirects, no cookies, no credentials, no compression.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from runner.engine.http.framing import ProtocolError
from runner.engine.http.head import request_head
from runner.engine.http.parser import IncompleteError, NotHttpError, ResponseParser
from runner.engine.http.response import Begun, HttpResponse, broken_body
from runner.engine.http.sending import Sending
from runner.engine.sockets.connection import Connection, Dial
from runner.engine.sockets.descriptors import HINT, PLACES
from runner.engine.transport import Deadline, Request, Response
from runner.errors import DeadlineExceeded, EngineError, RunnerError, StepError
from runner.version import __version__

CONNECT_TIMEOUT: Final = 10.0
"""Seconds that opening a connection may take, however long the step's own time is."""

MAX_IDLE: Final = 32
"""Idle connections that are kept."""

_PLACE_INTERVAL: Final = 0.05
"""Seconds between two looks for a connection that can be used again, while no other can be opened."""

_INLINE_BODY: Final = 32 * 1024
"""Bytes of a body up to which it is sent together with the head; every socket's buffer takes that much at once."""

_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_USER_AGENT: Final = f"engine-recipes/{__version__}"


class HttpTransport:
    """A :class:`~runner.engine.transport.Transport` over the connections that ``dial`` opens. Thread-safe.

    ``prefix`` comes before the path of every request, and ``headers`` are added to it. The collections are changed
    only by single, atomic operations, so that :meth:`abort` can be called from a signal handler that interrupted this
    very code.
    """

    def __init__(
        self,
        dial: Dial,
        *,
        host: str = "localhost",
        prefix: str = "",
        headers: Sequence[tuple[str, str]] = (),
        connect_timeout: float = CONNECT_TIMEOUT,
    ) -> None:
        self._dial = dial
        self._host = host
        self._prefix = prefix
        self._headers = headers
        self._connect_timeout = connect_timeout
        self._idle: deque[Connection] = deque()
        self._busy: set[Connection] = set()
        self._aborts = 0
        self._hung_up = False

    def send(self, request: Request, deadline: Deadline) -> Response:
        if request.upgrade == "websocket":
            from runner.engine.http.websocket import open_websocket

            return open_websocket(self._send, request, deadline)
        return self._send(request, deadline)

    def _send(self, request: Request, deadline: Deadline) -> HttpResponse:
        deadline.remaining()
        head = request_head(request, self._host, _USER_AGENT, self._prefix, self._headers)
        aborts = self._aborts
        connection = self._take(deadline)
        if connection is not None:
            try:
                return self._exchange(connection, head, request, aborts)
            except _NothingProcessedError:
                pass
        connection = self._wait_for_place(deadline)
        if connection is None:
            connection = self._connect(deadline)
        return self._exchange(connection, head, request, aborts)

    def _take(self, deadline: Deadline) -> Connection | None:
        """Return an idle connection that the engine has not closed meanwhile."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            if connection.idle():
                connection.deadline = deadline
                connection.received = 0
                connection.reused = True
                return connection
            connection.close()
        return None

    def _wait_for_place(self, deadline: Deadline) -> Connection | None:
        """Wait until a connection can be opened (None), or one that another exchange has given back can be used.

        Raises:
            StepError: ``too-many-open-files``, the deadline has passed.
        """
        aborts = self._aborts
        while not PLACES.take(_PLACE_INTERVAL):
            connection = self._take(deadline)
            if connection is not None:
                return connection
            try:
                deadline.remaining()
            except DeadlineExceeded:
                message = f"all of the {PLACES.most} connections that this process may open were in use"
                raise StepError("too-many-open-files", message, hint=HINT) from None
            if aborts != self._aborts:
                raise EngineError("connection-broken", "the exchange was interrupted")
        return None

    def _connect(self, deadline: Deadline) -> Connection:
        """Open a connection, whose place was taken before."""
        limit = Deadline.after(self._connect_timeout)
        try:
            return Connection(self._dial(deadline.sooner(limit)), deadline, PLACES.give_back)
        except BaseException as error:
            PLACES.give_back()
            if not isinstance(error, (TimeoutError, DeadlineExceeded)):
                raise
            deadline.remaining()
            raise EngineError(
                "engine-unreachable",
                f"no connection within {self._connect_timeout:g} s",
                hint="is the address right, and does a firewall let it through?",
            ) from None

    def _exchange(self, connection: Connection, head: bytes, request: Request, aborts: int) -> HttpResponse:
        self._busy.add(connection)
        if aborts != self._aborts or self._hung_up:
            connection.interrupt()
        try:
            sending = _send(connection, head, request)
            begun = _await_head(connection, request, sending)
        except BaseException:
            self._drop(connection)
            raise
        return HttpResponse(connection, begun, sending, request.upgrade is not None, self._release)

    def _release(self, connection: Connection, reusable: bool) -> None:
        """Keep the connection of a finished exchange, or close it."""
        if reusable and not self._hung_up and not PLACES.wanted and len(self._idle) < MAX_IDLE:
            self._busy.discard(connection)
            self._idle.append(connection)
        else:
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        self._busy.discard(connection)
        connection.close()

    def share(self) -> HttpTransport:
        other = HttpTransport(
            self._dial,
            host=self._host,
            prefix=self._prefix,
            headers=self._headers,
            connect_timeout=self._connect_timeout,
        )
        other._idle = self._idle
        return other

    def abort(self) -> None:
        self._aborts += 1
        for connection in tuple(self._busy):
            connection.interrupt()

    def hang_up(self, reason: RunnerError) -> None:  # noqa: ARG002 - the engine is not told
        self._hung_up = True
        for connection in tuple(self._busy):
            connection.hang_up()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


class _NothingProcessedError(Exception):
    """A connection that was idle was closed before the engine took the request: it can safely be sent again."""


def _send(connection: Connection, head: bytes, request: Request) -> Sending | EngineError | None:
    """Send the request, a large body in a thread, so that a response which arrives before all is sent is still read.

    A connection that broke is returned, not raised: the response may have arrived before.
    """
    body = request.body
    try:
        if body is None or (isinstance(body, bytes) and len(body) <= _INLINE_BODY):
            connection.send(head + body if body else head)
            return None
        connection.send(head)
    except EngineError as error:
        return error
    return Sending(connection, body)


def _await_head(connection: Connection, request: Request, sending: Sending | EngineError | None) -> Begun:
    try:
        return _read_head(connection, request.method)
    except EngineError as error:
        if error.code != "connection-broken":
            raise
        failed_to_send = isinstance(sending, EngineError)
        fresh = not connection.reused or connection.received or connection.interrupted
        if not fresh and (failed_to_send or (sending is None and request.method in _SAFE_METHODS)):
            raise _NothingProcessedError from None
        if isinstance(sending, Sending):
            raise sending.failure() or error from None
        raise (sending or error) from None


def _read_head(connection: Connection, method: str) -> Begun:
    """Wait for the head of the response.

    Raises:
        DeadlineExceeded: it did not arrive in time.
        EngineError: ``connection-broken`` or ``not-http``.
    """
    parser = ResponseParser(method)
    early, broken = b"", None
    while parser.head is None:
        data = connection.receive()
        try:
            if not data:
                parser.end()
            early = parser.feed(data)
        except IncompleteError as error:
            raise connection.broken(f"the engine closed the connection {error}") from None
        except NotHttpError as error:
            raise _not_http(error.data) from None
        except ProtocolError as error:
            if parser.head is None:
                raise EngineError("not-http", f"the engine's response is not HTTP/1.1: {error}") from None
            early, broken = error.before, broken_body(error)
    return Begun(parser.head, parser, early, broken)


def _not_http(data: bytes) -> EngineError:
    if data[:1] == b"\x15" or data[:2] == b"\x16\x03":
        return EngineError("not-http", "what answers there speaks TLS", hint="use --tlsverify, or an https:// address")
    return EngineError(
        "not-http",
        f"what answers there does not speak HTTP: its response begins with {data[:60]!r}",
        hint="is this the address of a Docker or Podman API?",
    )
