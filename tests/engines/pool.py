"""The engines of a test session: each started when the first test asks for it, all gone with the session."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from tests.engines.daemons import given_docker, start_docker, start_podman
from tests.engines.engine import Engine
from tests.engines.packages import Unavailable
from tests.engines.suites import SUITES


class Place(NamedTuple):
    """Hold where an engine comes from: ``docker`` or ``podman``, and its Debian suite; the caller's own has none."""

    kind: str
    suite: str | None

    def __str__(self) -> str:
        return f"{self.kind}-{self.suite}" if self.suite else f"{self.kind}-given"

    @property
    def required(self) -> bool:
        """Return whether CI fails where it can't be had."""
        return self.suite is None or SUITES[self.suite].required


def places(suites: Sequence[str]) -> list[Place]:
    """The engines of these suites, Docker before Podman. The caller's own Docker takes the place of all others."""
    dockers = [Place("docker", None)] if given_docker() else [Place("docker", suite) for suite in suites]
    return dockers + [Place("podman", suite) for suite in suites]


class Pool:
    """Engines by their place."""

    def __init__(self) -> None:
        self.running: dict[Place, Engine] = {}
        self.missing: dict[Place, str] = {}
        self._stack = contextlib.ExitStack()

    def get(self, place: Place) -> Engine:
        """The engine of this place, started if nobody has asked for it before.

        Raises:
            Unavailable: it can't be had here, for a reason that holds for the whole session.
        """
        if place in self.missing:
            raise Unavailable(self.missing[place])
        if place not in self.running:
            try:
                self.running[place] = self._start(place)
            except Unavailable as reason:
                self.missing[place] = str(reason)
                raise
        return self.running[place]

    def _start(self, place: Place) -> Engine:
        if place.suite is None:
            given = given_docker()
            assert given is not None
            return given
        start = start_docker if place.kind == "docker" else start_podman
        return self._stack.enter_context(start(suite=place.suite))

    def close(self) -> None:
        """End what was started."""
        self._stack.close()
