"""A player for each place that a scenario can run at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines import Docker, Engine, Podman
from tests.executor.helpers import Player


@pytest.fixture
def play(tmp_path: Path) -> Player:
    """For scenarios that send nothing."""
    return Player(tmp_path)


@pytest.fixture
def on_docker(tmp_path: Path, docker: Docker) -> Player:
    return Player(tmp_path, docker.url)


@pytest.fixture
def on_podman(tmp_path: Path, podman: Podman) -> Player:
    return Player(tmp_path, podman.url)


@pytest.fixture
def on_each(tmp_path: Path, engine: Engine) -> Player:
    """Each engine in turn."""
    return Player(tmp_path, engine.url)
