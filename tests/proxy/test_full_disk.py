"""A disk that is full: said in one message with exit code 2, and no half of a file is left under its name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import runner
from tests.cli.helpers import ROOT, Command

RECORDING = ROOT / "scenarios" / "recordings" / "run-a-container.json"
SCENARIO = ROOT / "scenarios" / "run-a-container.yaml"
SMALL = 'mount -t tmpfs -o size=4k tmpfs small || exit 99; "$@"; code=$?; ls -A small; exit $code'


def on_a_small_disk(command: Command, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command where the folder ``small`` has room for one page; stdout ends with what is in it."""
    (command.folder / "small").mkdir()
    script = ["unshare", "-m", "sh", "-c", SMALL, "sh", sys.executable, "-m", "runner", *words]
    return subprocess.run(
        script,
        cwd=command.folder,
        env=command.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("option", ["-o", "--record"])
def test_a_report_and_a_recording(tmp_path: Path, option: str) -> None:
    with runner.engine_from_recording(RECORDING) as engine:
        words = [str(SCENARIO), "--format", "none", "-q", option, "small/made.json"]
        done = on_a_small_disk(Command(tmp_path, engine.url), *words)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "error[cannot-write]: small/made.json can't be written: No space left on device" in done.stderr
