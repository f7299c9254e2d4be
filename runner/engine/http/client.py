"""Speaks HTTP/1.1 to an engine: a pool of connections, and one exchange at a time on each.

Nothing is taken from the environment: no proxies, no redirects, no cookies, no credentials, no compression.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, NoReturn

from runner.engine.http.framing import ProtocolError
from runner.engine.http.head import request_head
from runner.engine.http.parser import IncompleteError, NotHttpError, ResponseHead, ResponseParser
from runner.engine.http.sending import Sending
from runner.engine.sockets.connection import Connection, Dial
from runner.engine.transport import Deadline, Headers, Request, Response
from runner.errors import DeadlineExceeded, EngineError, RunnerError, StepError
from runner.version import __version__

CONNECT_TIMEOUT: Final = 10.0
"""Seconds that opening a connection may take, however long the step's own time is."""

MAX_IDLE: Final = 32
"""Idle connections that are kept."""

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
        return self._exchange(self._connect(deadline), head, request, aborts)

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

    def _connect(self, deadline: Deadline) -> Connection:
        limit = Deadline.after(self._connect_timeout)
        try:
            return Connection(self._dial(deadline.sooner(limit)), deadline)
        except (TimeoutError, DeadlineExceeded):
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
        if reusable and not self._hung_up and len(self._idle) < MAX_IDLE:
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


class _Begun(NamedTuple):
    """A response whose head has arrived. ``early`` are bytes of its body that came with the head, ``broken`` is an
    error behind them."""

    head: ResponseHead
    parser: ResponseParser
    early: bytes
    broken: EngineError | None


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


def _await_head(connection: Connection, request: Request, sending: Sending | EngineError | None) -> _Begun:
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


def _read_head(connection: Connection, method: str) -> _Begun:
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
            early, broken = error.before, _broken_body(error)
    return _Begun(parser.head, parser, early, broken)


def _broken_body(error: ProtocolError) -> EngineError:
    return EngineError("connection-broken", f"the engine's response is broken: {error}")


def _not_http(data: bytes) -> EngineError:
    if data[:1] == b"\x15" or data[:2] == b"\x16\x03":
        return EngineError("not-http", "what answers there speaks TLS", hint="use --tlsverify, or an https:// address")
    return EngineError(
        "not-http",
        f"what answers there does not speak HTTP: its response begins with {data[:60]!r}",
        hint="is this the address of a Docker or Podman API?",
    )


class HttpResponse:
    """A response whose body is still in the connection; see :class:`~runner.engine.transport.Response`."""

    def __init__(
        self,
        connection: Connection,
        begun: _Begun,
        sending: Sending | EngineError | None,
        asked_upgrade: bool,
        release: Callable[[Connection, bool], None],
    ) -> None:
        head = begun.head
        self.status: Final[int] = head.status
        self.reason: Final[str] = head.reason
        self.headers: Final[Headers] = head.headers
        self.upgraded: Final[bool] = head.upgraded
        self._connection = connection
        self._parser = begun.parser
        self._early = begun.early
        self._broken = begun.broken
        self._keep = head.keep
        self._sending = sending
        self._writable = asked_upgrade and begun.parser.until_close and head.status < 300
        self._release = release
        self._released = False
        if self._broken is not None:
            self.close()
        elif self._parser.ended:
            self._finish()

    def read1(self) -> bytes:
        if self._early:
            data, self._early = self._early, b""
            return data
        if self._broken is not None:
            raise self._broken
        parser = self._parser
        try:
            while not parser.ended:
                received = self._connection.receive()
                data = parser.feed(received) if received else b""
                if not received:
                    parser.end()
                if parser.ended:
                    self._finish()
                if data:
                    return data
        except IncompleteError as error:
            self._fail(self._connection.broken(f"the engine closed the connection {error}"))
        except ProtocolError as error:
            self._broken = _broken_body(error)
            self.close()
            if error.before:
                return error.before
            raise self._broken from None
        except RunnerError as error:
            self._fail(error)
        return b""

    def _fail(self, error: RunnerError) -> NoReturn:
        """Close the connection; raise the error, or that of the body's sending which is its cause."""
        cause = self._sending.failure() if isinstance(self._sending, Sending) else None
        self.close()
        raise cause or error from None

    def _finish(self) -> None:
        """Give the connection back after the end of the body, for another request if everything was sent."""
        if self._released:
            return
        self._released = True
        sent = self._sending is None or (isinstance(self._sending, Sending) and self._sending.done())
        self._release(self._connection, self._keep and sent and not self._parser.rest)

    def until(self, deadline: Deadline) -> None:
        if not self._released:
            self._connection.deadline = deadline

    def write(self, data: bytes) -> None:
        if not self._writable:
            raise StepError(
                "not-upgraded",
                f"the engine did not open the connection for input; it answered {self.status} {self.reason}",
            )
        try:
            self._connection.send(data)
        except DeadlineExceeded:
            self.close()
            raise

    def close_write(self) -> None:
        if self._writable and not self._released:
            self._connection.half_close()

    def close(self) -> None:
        if not self._released:
            self._released = True
            self._release(self._connection, False)
        if isinstance(self._sending, Sending):
            self._sending.stop()
