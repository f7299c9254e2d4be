"""The package as a stranger gets it: a wheel in an empty environment, used from another folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([*PIP, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_the_package_its_tables_and_schemas_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    schemas = {path.name for path in (ROOT / "schemas").glob("*.schema.json")}
    assert schemas
    assert {name.rpartition("/")[2] for name in names if name.startswith("runner/schemas/")} == schemas
    assert {"runner/api/operations.json", "runner/cli/starter.yaml", "runner/py.typed"} <= set(names)
    assert any(name.endswith(".data/data/share/man/man1/run.1") for name in names)
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
