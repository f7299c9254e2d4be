"""Represents where the command runs: its streams, environment, colours, width and clock, and the secrets to mask."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from runner.errors import UsageError
from runner.files import write_stream
from runner.masking import Masker

_CODES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "grey": "90", "bold": "1"}
_STANDARD_STREAMS = 3
DEFAULT_WIDTH = 80


class Console:
    """The streams and the environment of one call of the command, made once and passed on.

    ``secrets`` masks errors and warnings; what a run says is masked in its events. ``colours`` and ``animated`` say
    what stderr is capable of: colours, unless ``NO_COLOR`` or ``--no-color`` forbids them, and drawing over earlier
    lines. ``clock`` gives Unix seconds.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        environment: Mapping[str, str],
        clock: Callable[[], float] = time.time,
        stdin: TextIO | None = None,
    ) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.stdin = stdin
        self.environment = environment
        self.clock = clock
        self.secrets = Masker(())
        self.animated = stderr.isatty() and environment.get("TERM") != "dumb"
        self.colours = self.animated and not environment.get("NO_COLOR")
        self._printer: Callable[[str], None] | None = None

    @property
    def width(self) -> int:
        """The width in columns: ``COLUMNS``, else that of the terminal, else 80."""
        try:
            return int(self.environment.get("COLUMNS") or 0) or os.get_terminal_size().columns
        except (ValueError, OSError):
            return DEFAULT_WIDTH

    def print_with(self, printer: Callable[[str], None] | None) -> None:
        """Redirect lines to another printer while a live display is active; None ends that."""
        self._printer = printer

    def say(self, line: str) -> None:
        """Print a line to stderr; a closed stderr is ignored."""
        with contextlib.suppress(OSError):
            if self._printer is not None:
                self._printer(line)
            else:
                print(line, file=self.stderr)

    def write(self, text: str) -> None:
        """Write to stdout; characters that its encoding lacks become ``?``.

        Raises:
            UsageError: ``cannot-write``.
            BrokenPipeError: the reader has gone.
        """
        write_stream(self.stdout, text)

    def read(self, limit: int) -> bytes:
        """Return what stdin holds, at most ``limit`` bytes of it.

        Raises:
            UsageError: ``wrong-use``: it can't be read.
        """
        try:
            return self.stdin.buffer.read(limit) if self.stdin is not None else b""
        except OSError as error:
            raise UsageError("wrong-use", f"the standard input can't be read: {error.strerror}") from None

    def paint(self, text: str, colour: str) -> str:
        """Return the text in a colour, if colours are on."""
        return f"\033[{_CODES[colour]}m{text}\033[0m" if text and self.colours else text

    def flush(self) -> None:
        """Write buffered output now, where a broken pipe or a full disk can still be handled.

        Raises:
            BrokenPipeError: the reader of stdout has gone.
            OSError: stdout can't be written.
        """
        self.stdout.flush()

    def discard_stdout(self) -> None:
        """Redirect stdout to the null device, so that flushing it at exit can't fail."""
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())


def process_console() -> Console:
    """Return the console of this process."""
    _open_closed_streams()
    return Console(sys.stdout, sys.stderr, os.environ, stdin=sys.stdin)


def _open_closed_streams() -> None:
    """Open the standard streams that the caller closed (``>&-``) on the null device; otherwise the next socket or file
    would get their descriptors."""
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) < _STANDARD_STREAMS:
        pass
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0, "r", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
