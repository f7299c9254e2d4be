"""Test what live runs need besides engines."""

from __future__ import annotations

import pytest

from tests.live.helpers import Runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("live"))
