"""Offers a recorded engine to Python programs and tests."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.engine.recordings.recording import read
from runner.errors import StepError
from runner.proxy.listening import Server
from runner.proxy.playback.breaker import Breaker
from runner.proxy.playback.faults import parse_rules
from runner.proxy.playback.playback import Playback
from runner.proxy.playback.server import PlaybackServer, Served


class RecordedEngine:
    """A running engine made of a recording. ``url`` is what belongs into ``DOCKER_HOST``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._served: list[Served] = []

    @property
    def requests(self) -> tuple[Served, ...]:
        """Return what was asked so far, with what it was answered."""
        with self._lock:
            return tuple(self._served)

    @property
    def misses(self) -> tuple[Served, ...]:
        """The requests that were not recorded."""
        return tuple(served for served in self.requests if served.miss is not None)

    def _keep(self, served: Served) -> None:
        with self._lock:
            self._served.append(served)


@contextlib.contextmanager
def engine_from_recording(
    path: str | Path,
    *,
    listen: str | None = None,
    speed: float = 0.0,
    api: str | None = None,
    faults: Sequence[str] = (),
    allow_misses: bool = False,
) -> Iterator[RecordedEngine]:
    """Serve a recording while entered::

        with engine_from_recording("recordings/web.json") as engine:
            client = docker.DockerClient(base_url=engine.url)

    ``listen`` is an address (default: a private unix socket), ``speed`` how many times faster than recorded streams go
    (0: at once), ``api`` the oldest API version that is claimed, ``faults`` are rules as ``run serve --fault`` takes
    them. Unless misses are allowed, one makes the end of the block an error.

    Raises:
        UsageError: the recording, the address or a fault is unusable.
        StepError: ``not-recorded``, at the end of the block.
    """
    playback = Playback(read(Path(path)))
    engine = RecordedEngine("")
    rules = parse_rules(faults)
    server = PlaybackServer(playback, engine._keep, speed, api, rules.faults, breaker=Breaker(rules.breaks))
    with Server(listen, server.serve) as listening:
        engine.url = listening.url
        try:
            yield engine
        finally:
            playback.close()
    if engine.misses and not allow_misses:
        lines = tuple(f"{served.method} {served.path}" for served in engine.misses)
        message = f"{path} has no response for {lines[0]}"
        hint = "record it with: run serve --on-miss record"
        raise StepError("not-recorded", message, hint=hint, details=lines)
