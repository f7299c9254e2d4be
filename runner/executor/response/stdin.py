"""What goes into a container or a command while its output comes out."""

from __future__ import annotations

import threading

from runner.engine.transport import Response
from runner.errors import RunnerError, StepError

PIECE = 64 * 1024


class Stdin:
    """Sends stdin while the output is read: a container that echoes would otherwise block both sides."""

    def __init__(self, response: Response, data: bytes) -> None:
        self._response = response
        self._data = data
        self._refused: StepError | None = None
        self._thread = threading.Thread(target=self._send, name="stdin", daemon=True)
        self._thread.start()

    def _send(self) -> None:
        try:
            for start in range(0, len(self._data), PIECE):
                self._response.write(self._data[start : start + PIECE])
            self._response.close_write()
        except StepError as error:
            self._refused = error
        except (RunnerError, OSError):
            pass  # the process ended without reading all of it; its output says how

    def end(self) -> None:
        """The output is over.

        Raises:
            StepError: the engine takes no input there.
        """
        self._thread.join(1.0)
        if self._refused is not None:
            raise self._refused
