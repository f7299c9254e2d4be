"""Writes stdin to an attach or exec stream while its output is being read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

from runner.engine.transport import Response, Upload
from runner.errors import RunnerError, StepError

PIECE: Final = 64 * 1024
"""Bytes that are written at a time."""


class StdinWriter:
    """Writes stdin from a thread of its own: a container that echoes its input would otherwise block both sides. A file
    is read while it is written."""

    def __init__(self, response: Response, stdin: bytes | Upload) -> None:
        self._response = response
        self._stdin = stdin
        self._error: StepError | None = None
        self._thread = threading.Thread(target=self._send, name="stdin", daemon=True)
        self._thread.start()

    def _send(self) -> None:
        try:
            for data in self._pieces():
                self._response.write(data)
            self._response.close_write()
        except StepError as error:
            self._error = error
        except (RunnerError, OSError):
            pass  # the process ended before it had read everything, which its output explains

    def _pieces(self) -> Iterator[bytes]:
        if not isinstance(self._stdin, bytes):
            yield from self._stdin.chunks()
            return
        for start in range(0, len(self._stdin), PIECE):
            yield self._stdin[start : start + PIECE]

    def finish(self) -> None:
        """Wait for the thread once the output has ended.

        Raises:
            StepError: the engine accepts no input on this response, or the file can't be read to its end.
        """
        self._thread.join(1.0)
        if self._error is not None:
            raise self._error
