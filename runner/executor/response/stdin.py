"""Writes stdin to an attach or exec stream while its output is being read."""

from __future__ import annotations

import threading
from typing import Final

from runner.engine.transport import Response
from runner.errors import RunnerError, StepError

PIECE: Final = 64 * 1024
"""Bytes that are written at a time."""


class StdinWriter:
    """Writes stdin from a thread of its own: a container that echoes its input would otherwise block both sides."""

    def __init__(self, response: Response, data: bytes) -> None:
        self._response = response
        self._data = data
        self._error: StepError | None = None
        self._thread = threading.Thread(target=self._send, name="stdin", daemon=True)
        self._thread.start()

    def _send(self) -> None:
        try:
            for start in range(0, len(self._data), PIECE):
                self._response.write(self._data[start : start + PIECE])
            self._response.close_write()
        except StepError as error:
            self._error = error
        except (RunnerError, OSError):
            pass  # the process ended before it had read everything, which its output explains

    def finish(self) -> None:
        """Wait for the thread once the output has ended.

        Raises:
            StepError: the engine accepts no input on this response.
        """
        self._thread.join(1.0)
        if self._error is not None:
            raise self._error
