"""Attaches over WebSocket (RFC 6455), with wsproto's frames over the transport's connection.

Output arrives raw in binary messages, both streams in one, and stdin is sent the same way; a close frame ends it. See
https://docs.docker.com/reference/api/engine/version/v1.41/#operation/ContainerAttachWebsocket
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from wsproto import events
from wsproto.connection import Connection, ConnectionType
from wsproto.utilities import LocalProtocolError, RemoteProtocolError, generate_accept_token, generate_nonce

from runner.engine.transport import Deadline, Headers, Request, Response
from runner.errors import EngineError

_VERSION: Final = "13"
_PATIENCE: Final = 1.0
"""Seconds that a reply waits for a frame that is being sent."""
_GOOD_ENDS: Final = frozenset((1000, 1001, 1005))
"""Close codes (RFC 6455, 7.4.1): normal, going away, none given."""


def open_websocket(send: Callable[[Request, Deadline], Response], request: Request, deadline: Deadline) -> Response:
    """Make the handshake through ``send``. A response other than 101 is returned as it is: it says why not.

    Raises:
        EngineError: ``broken-websocket``, the handshake failed; and what ``send`` raises.
    """
    key = generate_nonce()
    own = {"Sec-WebSocket-Version": _VERSION, "Sec-WebSocket-Key": key.decode("ascii")}
    names = {name.lower() for name in own}
    headers = tuple(pair for pair in request.headers if pair[0].lower() not in names)
    response = send(request._replace(headers=(*headers, *own.items())), deadline)
    if not response.upgraded:
        return response
    if response.headers.get("Sec-WebSocket-Accept", "").encode() != generate_accept_token(key):
        response.close()
        raise EngineError("broken-websocket", "the engine's response to the WebSocket handshake is wrong")
    return WebSocket(response)


class WebSocket:
    """The payload of a WebSocket, as a :class:`~runner.engine.transport.Response`. One thread may read while another
    one writes."""

    def __init__(self, response: Response) -> None:
        self.status: Final[int] = response.status
        self.reason: Final[str] = response.reason
        self.headers: Final[Headers] = response.headers
        self.upgraded: Final = True
        self.until = response.until
        self.close = response.close
        self._response = response
        self._frames = Connection(ConnectionType.CLIENT)
        self._lock = threading.Lock()
        """Guards the protocol's state, and is never held while bytes are on their way: an engine whose output is not
        read takes no input either."""
        self._writing = threading.Lock()
        """Keeps frames whole and in order."""
        self._arrived: deque[bytes] = deque()
        self._ended = False

    def read1(self) -> bytes:
        while not self._arrived and not self._ended:
            data = self._response.read1()
            if not data:
                raise self._broken(
                    "connection-broken", "the engine closed the connection without closing the WebSocket"
                )
            try:
                with self._lock:
                    self._frames.receive_data(data)
                    received = list(self._frames.events())
            except RemoteProtocolError as error:
                raise self._broken("broken-websocket", f"the engine broke the WebSocket protocol: {error}") from None
            for event in received:
                self._take(event)
        if self._arrived:
            return self._arrived.popleft()
        self.close()
        return b""

    def _take(self, event: events.Event) -> None:
        match event:
            case events.BytesMessage():
                self._keep(bytes(event.data))
            case events.TextMessage():
                self._keep(event.data.encode())
            case events.Ping():
                self._reply(event.response())
            case events.CloseConnection():
                self._ended = True
                self._reply(event.response())
                if event.code not in _GOOD_ENDS:
                    raise self._broken("broken-websocket", f"the WebSocket ended badly: {event.reason or event.code}")
            case _:  # a Pong, which needs no reply
                pass

    def _keep(self, data: bytes) -> None:
        if data:
            self._arrived.append(data)

    def write(self, data: bytes) -> None:
        if not self._send(events.BytesMessage(data=data)):
            raise EngineError("connection-broken", "the engine closed the WebSocket before everything was sent")

    def close_write(self) -> None:
        self._send(events.CloseConnection(code=1000))

    def _reply(self, event: events.Event) -> None:
        """Reply as the protocol requires it; a peer that is gone already needs no reply."""
        with contextlib.suppress(EngineError):
            self._send(event, _PATIENCE)

    def _send(self, event: events.Event, patience: float = -1) -> bool:
        """Send a frame; return False if the protocol allows no more, or if another frame has been in the way for
        ``patience`` seconds."""
        if not self._writing.acquire(timeout=patience):
            return False
        try:
            with self._lock:
                data = self._frames.send(event)
            self._response.write(data)
        except LocalProtocolError:
            return False
        finally:
            self._writing.release()
        return True

    def _broken(self, code: str, message: str) -> EngineError:
        self.close()
        return EngineError(code, message)
