"""Sends a large request body in a thread, so that the response can be read meanwhile.

An engine may respond while it still reads (``image load`` reports progress, a bad build context is refused at once).
Neither side blocks the other then, and a pipe that breaks because the engine stopped reading never hides its response.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

from runner.engine.http.framing import LAST_CHUNK, encode_chunk
from runner.engine.sockets.connection import Connection, reason
from runner.engine.transport import Upload
from runner.errors import RunnerError, StepError

_PIECE: Final = 256 * 1024


class Sending:
    """Starts to send ``body`` over ``connection``."""

    def __init__(self, connection: Connection, body: bytes | Upload) -> None:
        self._connection = connection
        self._body = body
        self._failure: RunnerError | None = None
        self._sent = False
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="upload", daemon=True)
        self._thread.start()

    def done(self) -> bool:
        """Return whether everything was sent; waits for up to 50 ms, since the response is complete already."""
        self._thread.join(0.05)
        return self._sent

    def failure(self) -> RunnerError | None:
        """Return why the body could not be sent, if the engine was not the cause."""
        return self._failure

    def stop(self) -> None:
        """Stop sending, after the connection was closed. Waits for up to a second until the thread is done."""
        self._stopped = True
        self._thread.join(1.0)

    def _run(self) -> None:
        body = self._body
        try:
            if isinstance(body, bytes):
                self._send_sized(_pieces(body), len(body))
            elif body.size is None:
                self._send_chunked(body)
            else:
                self._send_sized(body.chunks(), body.size)
            self._sent = not self._stopped
        except OSError as error:
            self._fail(StepError("unreadable-body", f"the request's body can't be read: {reason(error)}"))
        except StepError as error:
            self._fail(error)
        except RunnerError:
            # The connection broke or the deadline passed: the reader of the response gets the same error, unless the
            # response arrived before.
            return
        except Exception as error:  # noqa: BLE001 - whatever reading the body raises must reach the step
            self._fail(StepError("unreadable-body", f"the request's body can't be made: {error!r}"))

    def _send_sized(self, pieces: Iterator[bytes], size: int) -> None:
        left = size
        for piece in pieces:
            if self._stopped:
                return
            left -= len(piece)
            if left < 0:
                break
            self._connection.send(piece)
        if left:
            raise StepError(
                "changed-body",
                f"the request's body should have {size} bytes and has {'more' if left < 0 else f'{size - left}'}",
                hint="did the file change while it was sent?",
            )

    def _send_chunked(self, body: Upload) -> None:
        for piece in body.chunks():
            if self._stopped:
                return
            if piece:
                self._connection.send(encode_chunk(piece))
        self._connection.send(LAST_CHUNK)

    def _fail(self, failure: RunnerError) -> None:
        """Break the connection, since the request can't be completed: the reader of the response gets an error."""
        self._failure = failure
        self._connection.interrupt()


def _pieces(body: bytes) -> Iterator[bytes]:
    return (body[start : start + _PIECE] for start in range(0, len(body), _PIECE))
