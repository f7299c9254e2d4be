"""A scenario that creates one of everything in every way, and how the engine looked before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import Command
from tests.engines import Docker, Engine
from tests.leftovers.everything import Inventory, written


@pytest.fixture
def on_engine(tmp_path: Path, engine: Engine) -> Command:
    """The command on each engine in turn, with the scenario in its folder."""
    return written(Command(tmp_path, engine.url))


@pytest.fixture
def on_docker(tmp_path: Path, docker: Docker) -> Command:
    return written(Command(tmp_path, docker.url))


@pytest.fixture
def untouched(engine: Engine) -> Inventory:
    """Provide what was there before the test."""
    return Inventory.of(engine)
