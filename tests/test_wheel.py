"""The package as a stranger gets it: a wheel in an empty environment, used from another folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
UV = (sys.executable, "-m", "uv")
PIPX = (sys.executable, "-m", "pipx")
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


class Built(NamedTuple):
    """The two forms in which the package is given away."""

    wheel: Path
    sdist: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("built")
    subprocess.run([*UV, "build", "--quiet", "--out-dir", folder, ROOT], check=True)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture
def wheel(built: Built) -> Path:
    return built.wheel


def test_wheel_holds_the_package_its_tables_and_schemas_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    schemas = {path.name for path in (ROOT / "schemas").glob("*.schema.json")}
    assert schemas
    assert {name.rpartition("/")[2] for name in names if name.startswith("runner/schemas/")} == schemas
    assert {"runner/api/operations.json", "runner/cli/starter.yaml", "runner/py.typed"} <= set(names)
    assert any(name.endswith(".data/data/share/man/man1/run.1") for name in names)
    page = {path.name for path in (ROOT / "runner/report/html").iterdir() if path.suffix in (".html", ".css", ".js")}
    assert {"page.html", "page.css", "page.js"} <= page
    assert {name.rpartition("/")[2] for name in names if name.startswith("runner/report/html/")} >= page
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"runner", "engine_recipes"}


def test_wheel_works_from_anywhere(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env")
    bin_ = tmp_path / "env" / "bin"
    subprocess.run([*PIP, "--python", bin_ / "python", "install", wheel], check=True)
    shutil.copy(ROOT / "scenarios" / "run-a-container.yaml", tmp_path)

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([bin_ / "run", *args], cwd=tmp_path, capture_output=True, text=True, check=False)

    version = run("--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert version.stdout.split()[1] == wheel.name.split("-")[1]
    again = subprocess.run([bin_ / "engine-recipes", "--version"], capture_output=True, text=True, check=True)
    assert again.stdout == version.stdout
    assert (tmp_path / "env" / "share" / "man" / "man1" / "run.1").exists()
    check = run("check", "run-a-container.yaml")
    assert check.returncode == 0, check.stderr
    code = "import runner; print(runner.check('run-a-container.yaml'), runner.__version__)"
    python = subprocess.run([bin_ / "python", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert python.stdout.split() == ["()", version.stdout.split()[1]], python.stderr
    (tmp_path / "wrong.yaml").write_text("title: Wrong\nsteps: [{strat: x}]\n")
    wrong = run("wrong.yaml")
    assert wrong.returncode == 3, wrong.stderr
    assert "wrong.yaml:2:" in wrong.stderr


@pytest.mark.parametrize("form", Built._fields)
def test_uvx_runs_it_without_an_installation(built: Built, tmp_path: Path, form: str) -> None:
    shutil.copy(ROOT / "scenarios" / "run-a-container.yaml", tmp_path)
    uvx = [*UV, "tool", "run", "--quiet", "--from", getattr(built, form)]
    done = subprocess.run(
        [*uvx, "run", "check", "run-a-container.yaml"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.stdout == b"1 scenario: nothing wrong\n", done.stderr
    subprocess.run([*uvx, "engine-recipes", "init", "hello.yaml"], cwd=tmp_path, check=True)
    assert (tmp_path / "hello.yaml").exists()


def test_pipx_installs_both_names_and_the_manual(built: Built, tmp_path: Path) -> None:
    folders = {"PIPX_HOME": "home", "PIPX_BIN_DIR": "bin", "PIPX_MAN_DIR": "man"}
    environment = {**os.environ, **{name: str(tmp_path / folder) for name, folder in folders.items()}}
    subprocess.run([*PIPX, "install", "--quiet", built.sdist], env=environment, check=True)
    assert {path.name for path in (tmp_path / "bin").iterdir()} == {"run", "engine-recipes"}
    assert (tmp_path / "man" / "man1" / "run.1").read_text().startswith(".TH")
    printed = subprocess.run(
        [tmp_path / "bin" / "engine-recipes", "schema"], capture_output=True, text=True, check=True
    )
    assert printed.stdout == (ROOT / "schemas" / "scenario.schema.json").read_text()
