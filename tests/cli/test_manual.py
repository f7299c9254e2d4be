"""The manual page: what the parsers say, and good roff."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from runner.cli.verbs import VERBS
from tests.cli.manual import PAGE, page
from tests.conftest import NO_ENGINE
from tests.engines.packages import Unavailable, install


def test_it_is_what_the_parsers_say() -> None:
    assert PAGE.read_text() == page(), "python -m tests.cli.manual"


def _missing_groff() -> list[str]:
    return [] if shutil.which("groff") else ["groff-base"]


@pytest.fixture
def shown() -> str:
    """The page as a terminal shows it, with every warning of groff as an error."""
    try:
        install(_missing_groff)
    except Unavailable as reason:
        pytest.skip(f"{NO_ENGINE}{reason}")
    if shutil.which("groff") is None:
        pytest.skip(f"{NO_ENGINE}no groff here")
    command: list[str | Path] = ["groff", "-man", "-ww", "-Kutf8", "-Tutf8", "-P-cbou", PAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_it_is_shown_without_warnings(shown: str) -> None:
    for verb in VERBS.values():
        assert " ".join(verb.summary.split()) in " ".join(shown.split())
    for heading in ("NAME", "SYNOPSIS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES"):
        assert f"\n{heading}\n" in shown
    assert "run x.yaml --format json | jq '.scenarios[].status'" in shown
    assert max(len(line) for line in shown.splitlines()) < 110
