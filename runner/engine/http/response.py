"""Reads a response's body from its connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn

from runner.engine.http.framing import ProtocolError
from runner.engine.http.parser import IncompleteError, ResponseHead, ResponseParser
from runner.engine.http.sending import Sending
from runner.engine.sockets.connection import Connection
from runner.engine.transport import Deadline, Headers
from runner.errors import DeadlineExceeded, EngineError, RunnerError, StepError


class Begun(NamedTuple):
    """A response whose head has arrived. ``early`` are bytes of its body that came with the head, ``broken`` is an
    error behind them."""

    head: ResponseHead
    parser: ResponseParser
    early: bytes
    broken: EngineError | None


def broken_body(error: ProtocolError) -> EngineError:
    return EngineError("connection-broken", f"the engine's response is broken: {error}")


class HttpResponse:
    """A response whose body is still in the connection; see :class:`~runner.engine.transport.Response`."""

    def __init__(
        self,
        connection: Connection,
        begun: Begun,
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
            self._broken = broken_body(error)
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
