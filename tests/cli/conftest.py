"""The command, in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import Command
from tests.engine.scripted import Peer, Server, ok, serving
from tests.engines import Docker

PING = ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)")


def greets(peer: Peer) -> None:
    """Enough for scenarios that only sleep and check."""
    while True:
        peer.request()
        peer.send(PING)


@pytest.fixture
def nowhere(tmp_path: Path) -> Command:
    """For what must end before an engine is met."""
    return Command(tmp_path, f"unix://{tmp_path}/no.sock")


@pytest.fixture
def greeter() -> Iterator[Server]:
    with serving(*[greets] * 20) as server:
        yield server


@pytest.fixture
def command(tmp_path: Path, greeter: Server) -> Command:
    """For scenarios whose steps need no engine."""
    return Command(tmp_path, greeter.endpoint.url)


@pytest.fixture
def on_docker(tmp_path: Path, docker: Docker) -> Command:
    return Command(tmp_path, docker.url)
