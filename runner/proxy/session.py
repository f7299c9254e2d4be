"""Listens while a client program runs, or until the process is interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from runner.errors import ExitCode
from runner.proxy.listening import Serve, Server
from runner.proxy.program import run_program

_EXIT_CODES: Final = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.TERMINATED,
}


def serve_clients(
    serve: Serve,
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    address: str | None = None,
    started: Callable[[str], None] | None = None,
) -> int:
    """Serve connections while a program runs; returns its exit code. Without a program, serve until a signal ends it.

    ``address`` is where to listen (default: a private socket); ``started`` is told the URL before the program starts.

    Raises:
        UsageError: ``bad-address``, ``no-program``.
    """
    with Server(address, serve) as server:
        if started is not None:
            started(server.url)
        return run_program(words, server.url, environment) if words else _await_signal()


def _await_signal() -> int:
    received: list[signal.Signals] = []
    arrived = threading.Event()

    def note(number: int, _frame: object) -> None:
        received.append(signal.Signals(number))
        arrived.set()

    before = {number: signal.signal(number, note) for number in _EXIT_CODES}
    try:
        arrived.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return _EXIT_CODES[received[0]]
