"""``action.yml``: valid, and its own steps do what its page says, in folders such as GitHub gives them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
BROKEN = "title: T\nsteps:\n  - start: '{{ nobody }}'\n"
FAILS = "title: Fails\nsteps:\n  - {id: bad, title: Look, check: ['1 == 2']}\n"


def check_schema(*words: str | Path) -> None:
    """Validate with the schemas that check-jsonschema ships."""
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_an_action() -> None:
    check_schema("--builtin-schema", "vendor.github-actions", ROOT / "action.yml")


@dataclass
class Job:
    """One step of a workflow that uses the action, in a workspace."""

    workspace: Path
    temp: Path

    def __call__(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the action's step that runs the command, as GitHub would: ``bash -e`` and its own environment."""
        (step,) = [step for step in ACTION["runs"]["steps"] if step.get("id") == "command"]
        given = {name: str(each["default"]) for name, each in ACTION["inputs"].items()} | inputs
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
        environment |= {
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(self.temp / "output"),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "RUNNER_TEMP": str(self.temp),
        }
        environment |= {name: expanded(text, given) for name, text in step["env"].items()}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(
            command, cwd=self.workspace, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.temp / "output").read_text().splitlines())

    @property
    def summary(self) -> str:
        return (self.temp / "summary").read_text()


def expanded(text: str, inputs: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: inputs[match[1]], text)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A workspace with scenarios, and the command installed where the action's own step installs it."""
    workspace, temp = tmp_path / "workspace", tmp_path / "temp"
    shutil.copytree(ROOT / "scenarios" / "recordings", workspace / "scenarios" / "recordings")
    shutil.copy(ROOT / "scenarios" / "run-a-container.yaml", workspace / "scenarios")
    installed = temp / "engine-recipes" / "bin"
    installed.mkdir(parents=True)
    installed.joinpath("run").symlink_to(Path(sys.executable).with_name("run"))
    return Job(workspace, temp)


def test_run(job: Job) -> None:
    done = job(files="scenarios", arguments="--replay")
    assert done.returncode == 0, done.stderr
    assert job.outputs["exit-code"] == "0"
    reports = Path(job.outputs["reports"])
    assert {path.name for path in reports.iterdir()} == {"report.xml", "report.html", "report.json", "summary.md"}
    assert job.summary.startswith("### Engine Recipes: passed\n")
    assert "`scenarios/run-a-container.yaml`" in job.summary
    assert "::" not in done.stderr


def test_run_that_fails(job: Job) -> None:
    (job.workspace / "fails.yaml").write_text(FAILS)
    recording = job.workspace / "recordings" / "fails.json"
    recording.parent.mkdir()
    shutil.copy(job.workspace / "scenarios" / "recordings" / "run-a-container.json", recording)
    done = job(files="fails.yaml\n\nscenarios\n", arguments="--replay --var 'image=a b'")
    assert done.returncode == 1, done.stderr
    assert job.outputs["exit-code"] == "1"
    assert "::error file=fails.yaml,line=3," in done.stderr
    assert "| ✗ failed | Fails `fails.yaml` |" in job.summary


def test_check(job: Job) -> None:
    (job.workspace / "broken.yaml").write_text(BROKEN)
    done = job(command="check")
    assert done.returncode == 3
    assert job.outputs["exit-code"] == "3"
    assert "::error file=broken.yaml,line=3,col=16" in done.stdout
    assert job.summary.startswith(
        "### Engine Recipes: check failed\n\n```text\nbroken.yaml:3:16: error[undefined-name]"
    )
    assert "::error" not in job.summary


def test_docs(job: Job) -> None:
    page = job.workspace / "page.md"
    page.write_text("# P\n\n<!-- run: scenarios/run-a-container.yaml --replay -->\n<!-- /run -->\n")
    assert job(command="docs", files="page.md").returncode == 5
    assert "page.md is stale" in job.summary
    subprocess.run([sys.executable, "-m", "runner", "docs", page], check=True, cwd=ROOT, capture_output=True)
    assert job(command="docs", files="page.md").returncode == 0


def test_an_unknown_command(job: Job) -> None:
    done = job(command="fly")
    assert done.returncode == 2
    assert "::error" in done.stdout


def test_the_reports_are_uploaded_whatever_happened() -> None:
    (upload,) = [step for step in ACTION["runs"]["steps"] if "upload-artifact" in step.get("uses", "")]
    assert upload["if"].startswith("always()")
    assert [line.rpartition("/")[2] for line in upload["with"]["path"].split()[-3:]] != []
    for name in ("report.xml", "report.html", "report.json"):
        assert name in upload["with"]["path"]


def test_it_installs_what_is_beside_it(tmp_path: Path) -> None:
    (step,) = [step for step in ACTION["runs"]["steps"] if step.get("name") == "Install Engine Recipes"]
    environment = {**os.environ, "RUNNER_TEMP": str(tmp_path), "GITHUB_ACTION_PATH": str(ROOT)}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], env=environment, check=True, cwd=tmp_path)
    subprocess.run([tmp_path / "engine-recipes" / "bin" / "run", "--version"], check=True)
