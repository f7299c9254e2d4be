"""The GitLab template: valid, and its scripts do what they say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.ci.test_github_action import check_schema

ROOT = Path(__file__).parents[2]
FILE = ROOT / "templates" / "engine-recipes.gitlab-ci.yml"
TEMPLATE: dict[str, Any] = yaml.safe_load(FILE.read_text())


def script(job: str, folder: Path, **variables: str) -> int:
    """Run a job's script as a runner does: a shell, the template's variables, those of the project above them."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    environment |= {name: str(value) for name, value in TEMPLATE["variables"].items()} | variables
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    lines = "\n".join(TEMPLATE[job]["script"])
    return subprocess.run(["sh", "-ec", lines], cwd=folder, env=environment, check=False).returncode


def test_it_is_valid() -> None:
    check_schema("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", FILE)


def test_its_jobs(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scenarios" / "recordings", tmp_path / "recordings")
    shutil.copy(ROOT / "scenarios" / "run-a-container.yaml", tmp_path)
    assert script("engine-recipes-check", tmp_path) == 0
    assert script("engine-recipes-run", tmp_path, ENGINE_RECIPES_ARGUMENTS="--replay") == 0
    artifacts = TEMPLATE["engine-recipes-run"]["artifacts"]
    for name in (artifacts["reports"]["junit"], *artifacts["paths"]):
        assert (tmp_path / name).stat().st_size > 100
    (tmp_path / "broken.yaml").write_text("title: T\nsteps:\n  - strat: x\n")
    assert script("engine-recipes-check", tmp_path) == 3
    assert script("engine-recipes-check", tmp_path, SCENARIOS="run-a-container.yaml") == 0
