"""Every shipped scenario from its recording, without an engine; and the cookbook that is made of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands.test_replay import NO_SOCKET
from tests.scenarios.helpers import ROOT, SCENARIOS

NAMES = [path.stem for path in SCENARIOS]
COOKBOOK = ROOT / "docs" / "cookbook"
NOWHERE = {"DOCKER_HOST": "unix:///nowhere/at/all.sock"}


def without_sockets(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", NO_SOCKET, *map(str, words)],
        cwd=folder,
        env={**NOWHERE, "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("path", SCENARIOS, ids=NAMES)
def test_a_recording_is_replayed_whole_and_without_a_socket(path: Path, tmp_path: Path) -> None:
    done = without_sockets(path, "--replay", "--format", "none", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr


def test_the_cookbook_has_a_page_of_each_scenario_and_says_so() -> None:
    pages = {path.stem for path in COOKBOOK.glob("*.md")} - {"README"}
    assert pages == set(NAMES)
    listed = dict(re.findall(r"^- \[(.*)\]\((.*)\.md\)$", (COOKBOOK / "README.md").read_text("utf-8"), re.MULTILINE))
    assert sorted(listed.values()) == NAMES
    for title, name in listed.items():
        assert f"\n# {title}\n" in (COOKBOOK / f"{name}.md").read_text("utf-8")


def test_the_cookbook_is_fresh(tmp_path: Path) -> None:
    done = without_sockets("docs", "--check", *sorted(COOKBOOK.glob("*.md")), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
