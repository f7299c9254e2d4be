"""The hooks of ``.pre-commit-hooks.yaml``, as pre-commit runs them in somebody's repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRE_COMMIT = (sys.executable, "-m", "pre_commit")
GIT = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org")


class Repository:
    """A repository that uses the hooks, and pre-commit's cache of their environment."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self._environment = {
            name: text for name, text in os.environ.items() if not name.startswith(("GIT_", "DOCKER_"))
        }
        self._environment |= {"PRE_COMMIT_HOME": str(cache), "HOME": str(cache)}
        self._done(*GIT, "init", "-q", check=True)
        head = self._done("git", "-C", str(ROOT), "rev-parse", "HEAD", check=True).stdout.strip()
        hooks = [{"id": "engine-recipes-check"}, {"id": "engine-recipes-docs"}]
        config = {"repos": [{"repo": str(ROOT), "rev": head, "hooks": hooks}]}
        (folder / ".pre-commit-config.yaml").write_text(json.dumps(config))

    def run(self, hook: str, *files: str) -> subprocess.CompletedProcess[str]:
        """Run a hook of the last commit on files of the repository."""
        return self._pre_commit("run", hook, "--verbose", "--files", *files)

    def try_repo(self, hook: str, *files: str) -> subprocess.CompletedProcess[str]:
        """Run a hook of this checkout, as it is now, in an environment that is made for it."""
        return self._pre_commit("try-repo", str(ROOT), hook, "--verbose", "--files", *files)

    def _pre_commit(self, *words: str) -> subprocess.CompletedProcess[str]:
        self._done(*GIT, "add", "-A", check=True)
        return self._done(*PRE_COMMIT, *words)

    def _done(self, *words: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=check
        )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    folder = tmp_path_factory.mktemp("repository")
    recordings = folder / "recordings"
    recordings.mkdir()
    shutil.copy(ROOT / "scenarios" / "run-a-container.yaml", folder / "good.scenario.yaml")
    shutil.copy(ROOT / "scenarios" / "recordings" / "run-a-container.json", recordings / "good.scenario.json")
    (folder / "bad.scenario.yaml").write_text("title: T\nsteps:\n  - strat: x\n")
    (folder / "other.yaml").write_text("not: a scenario\n")
    return Repository(folder, tmp_path_factory.mktemp("cache"))


def test_the_manifest_is_valid() -> None:
    subprocess.run([*PRE_COMMIT, "validate-manifest", ROOT / ".pre-commit-hooks.yaml"], check=True)


def test_scenarios_are_checked(repository: Repository) -> None:
    bad = repository.try_repo("engine-recipes-check", "good.scenario.yaml", "bad.scenario.yaml", "other.yaml")
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "bad.scenario.yaml:3:5: error[unknown-key]: a step has no 'strat'" in bad.stdout
    assert "1 of 2 scenarios is invalid" in bad.stdout
    good = repository.run("engine-recipes-check", "good.scenario.yaml", "other.yaml")
    assert good.returncode == 0, good.stdout + good.stderr
    assert "1 scenario: nothing wrong" in good.stdout


def test_pages_are_compared(repository: Repository) -> None:
    page = repository.folder / "page.md"
    page.write_text("# P\n\n<!-- run: good.scenario.yaml -->\n<!-- /run -->\n")
    stale = repository.run("engine-recipes-docs", "page.md")
    assert stale.returncode == 1
    assert "exit code: 5" in stale.stdout, stale.stdout + stale.stderr
    subprocess.run([sys.executable, "-m", "runner", "docs", page, "--replay"], check=True, cwd=ROOT)
    fresh = repository.run("engine-recipes-docs", "page.md")
    assert fresh.returncode == 0, fresh.stdout + fresh.stderr
