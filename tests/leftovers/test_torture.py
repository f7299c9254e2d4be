"""A sample of runs that are cut off in the middle of what they create: nothing is left without being named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines import Engine
from tests.leftovers.torture import ACTIVITIES, WAYS, torture

SEED = 20261125


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left_in_silence(engine: Engine, tmp_path: Path, way: str) -> None:
    tally = torture(engine, way, len(ACTIVITIES), SEED, tmp_path)
    assert tally.errors == []
    assert tally.silent == [], tally
