"""The command, on an engine or on none."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import Command
from tests.conftest import NO_ENGINE
from tests.engines import Docker, Unavailable
from tests.engines.packages import require


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """A shell starts what it puts in the background deaf to it, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def nowhere(tmp_path: Path) -> Command:
    """For what must end without an engine."""
    return Command(tmp_path, f"unix://{tmp_path}/no.sock")


@pytest.fixture
def on_docker(tmp_path: Path, docker: Docker) -> Command:
    return Command(tmp_path, docker.url)


@pytest.fixture(scope="session", autouse=True)
def clients() -> None:
    """See to it that the client programs are there."""
    try:
        require("docker", "/usr/bin/docker", "podman", "docker-compose", "curl")
    except Unavailable as reason:
        pytest.skip(f"{NO_ENGINE}{reason}")
