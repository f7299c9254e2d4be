"""Runs a client program against a socket: its standard streams are ours, its exit code is passed on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any, Final

from runner.errors import UsageError

_MISLEADING: Final = (
    "DOCKER_CONTEXT",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "CONTAINER_CONNECTION",
    "CONTAINER_SSHKEY",
)
"""Variables that would send a client elsewhere, or make it speak TLS to a socket that does not."""
_PASSED_ON: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def environment_for(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which clients find the engine at ``url``."""
    kept = {name: value for name, value in environment.items() if name not in _MISLEADING}
    return {**kept, "DOCKER_HOST": url, "CONTAINER_HOST": url}


def run_program(words: Sequence[str], url: str, environment: Mapping[str, str]) -> int:
    """Run a program to its end; returns its exit code, or 128 and the number of the signal that ended it, as a shell
    does. Signals that this process gets meanwhile go on to the program, which decides what becomes of it.

    Raises:
        UsageError: ``no-program``, it can't be started.
    """
    with _Signals() as signals:
        try:
            child = subprocess.Popen(words, env=environment_for(url, environment))
        except OSError as error:
            hint = "what follows -- is a program with its arguments, as a shell would find it"
            raise UsageError("no-program", f"{words[0]} can't be run: {error.strerror}", hint=hint) from None
        signals.attach(child)
        code = child.wait()
    return code if code >= 0 else 128 - code


class _Signals:
    """Passes signals on to a child while entered."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._before: dict[int, Any] = {}

    def attach(self, child: subprocess.Popen[bytes]) -> None:
        """Pass signals on to this child from now on, and those that came while it was being started."""
        self._child = child
        for number in self._early:
            self._pass_on(number, None)

    def __enter__(self) -> _Signals:
        for number in (signal.SIGINT, *_PASSED_ON):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's SIGHUP stays ignored
                self._before[number] = signal.signal(number, self._pass_on)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        """Send a signal on, except for what the terminal has sent to the program already."""
        from_terminal = number in (signal.SIGINT, signal.SIGQUIT) and _in_foreground()
        if self._child is None:
            self._early.append(number)
        elif not from_terminal:
            with contextlib.suppress(OSError):
                self._child.send_signal(number)


def _in_foreground() -> bool:
    """Return whether a key on the controlling terminal reaches this process and the program alike."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
