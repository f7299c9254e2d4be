"""Starts and ends the process that waits for the death of a run.

It waits for the end of a pipe that only the runner writes to: whatever kills the runner closes it. A session of its own
keeps the signals of the terminal away, of which the runner takes care itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from runner.engine.docker_config.endpoint import Endpoint, TlsSettings
from runner.errors import UsageError


class Order(NamedTuple):
    """Holds what the process has to know. ``runs`` are the ids of the runs on the engine, ``folder`` is that of their
    journals; ``secrets`` are not shown. It goes through the pipe, since every process can read a command line."""

    endpoint: Endpoint
    api_version: str
    runs: tuple[str, ...]
    folder: Path
    secrets: tuple[str, ...]

    def to_line(self) -> bytes:
        """Return one line of JSON, with absolute paths."""
        tls = self.endpoint.tls
        if tls is not None:
            tls = tls._replace(ca=_absolute(tls.ca), cert=_absolute(tls.cert), key=_absolute(tls.key))
        value = {
            **self._asdict(),
            "endpoint": self.endpoint._replace(tls=None)._asdict(),
            "tls": tls and tls._asdict(),
        }
        return json.dumps(value, default=str).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Order:
        """Return the order that a line holds."""
        value = json.loads(line)
        tls = value.pop("tls")
        if tls is not None:
            files = {name: tls[name] and Path(tls[name]) for name in ("ca", "cert", "key")}
            tls = TlsSettings(**{**tls, **files})
        endpoint = value["endpoint"]
        headers = tuple((name, text) for name, text in endpoint["headers"])
        return cls(
            Endpoint(**{**endpoint, "tls": tls, "headers": headers}),
            value["api_version"],
            tuple(value["runs"]),
            Path(value["folder"]),
            tuple(value["secrets"]),
        )


def _absolute(path: Path | None) -> Path | None:
    return path and path.absolute()


class Watcher:
    """Represents the process to the runner. Once this is made, the process waits.

    Raises:
        UsageError: ``cannot-watch``, it can't be started.
    """

    def __init__(self, order: Order, environment: Mapping[str, str]) -> None:
        path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "runner.library.reaper"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd="/",
                env={**environment, "PYTHONPATH": path},
                start_new_session=True,
            )
        except OSError as error:
            raise _cannot_watch(f"can't be started: {error.strerror}") from None
        try:
            self._send(order)
        except BaseException:
            self.dismiss()
            raise

    def _send(self, order: Order) -> None:
        """Give the order to the process, and wait until it has taken it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(order.to_line())
            self._process.stdin.flush()
        if not self._process.stdout.read(1):
            raise _cannot_watch("has ended at once")

    def dismiss(self) -> None:
        """End the process: the run has ended, and has cleaned up or said what is left."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()


def _cannot_watch(what: str) -> UsageError:
    return UsageError("cannot-watch", f"the process that watches the run {what}", hint="run without --reap")
