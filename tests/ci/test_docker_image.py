"""The ``Dockerfile``: built on a private engine from a Debian that a test made, and run on that engine."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import NO_ENGINE
from tests.engines import Docker
from tests.engines.packages import Unavailable, require
from tests.engines.suites import mirror

ROOT = Path(__file__).parents[2]
SUITE, PYTHON = "bookworm", "3.11"
MAX_ADDED = 60_000_000
"""Bytes that the image may have beyond its base."""
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "Dockerfile", ".dockerignore", "runner", "schemas", "docs/run.1")


@pytest.fixture(scope="module")
def base() -> Path:
    """A Debian with Python, as a tar. It is made once and kept outside the checkout."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "/var/cache", "engine-recipes", "roots")
    tar = cache / f"{SUITE}-python.tar"
    if not tar.exists():
        try:
            require("mmdebstrap")
        except Unavailable as reason:
            pytest.skip(f"{NO_ENGINE}{reason}")
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = tar.with_suffix(f".{os.getpid()}.tar")
        options = ["--mode=root", "--variant=minbase", "--include=python3,python3-venv", "--quiet"]
        options += ['--aptopt=Acquire::Check-Valid-Until "false"', "--dpkgopt=path-exclude=/usr/share/doc/*"]
        command = ["mmdebstrap", *options, SUITE, str(unfinished), *mirror()]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        unfinished.rename(tar)
    return tar


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide what is sent to the engine: sources and the wheels that they need, since it builds offline."""
    folder = tmp_path_factory.mktemp("context")
    for name in SOURCES:
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", ROOT / name, target], check=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    for_base = ["--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp"]
    for_base += [f"--abi={abi}" for abi in (f"cp{PYTHON.replace('.', '')}", "abi3", "none")]
    machine = platform.machine()
    for_base += [f"--platform=manylinux{version}_{machine}" for version in ("_2_28", "_2_17", "2014", "2010", "1")]
    words = (ROOT / "pyproject.toml").read_text()
    listed = re.search(r"^dependencies = \[(.*?)\]", words, re.MULTILINE | re.DOTALL)
    assert listed
    needed = re.findall(r'"([^"]+)"', listed[1])
    subprocess.run([*pip, "--dest", folder / "wheels", *for_base, *needed, "hatchling>=1.25"], check=True)
    return folder


@pytest.fixture(scope="module")
def image(docker: Docker, base: Path, context: Path) -> Iterator[str]:
    """The image's name. It is removed afterwards, with its base and what the build left between the two."""
    if docker.sandbox is None:
        pytest.skip(f"{NO_ENGINE}images are built on private engines only")
    docker.cli("import", str(base), "debian-python")
    options = ["--build-arg", "BASE=debian-python", "--build-arg", "PIP_OPTIONS=--no-index --find-links /src/wheels"]
    docker.cli("build", "--quiet", "--tag", "engine-recipes-image", *options, str(context))
    yield "engine-recipes-image"
    docker.cli("rmi", "--force", "engine-recipes-image", "debian-python")
    docker.cli("image", "prune", "--force")


def test_it_is_the_command(docker: Docker, image: str) -> None:
    printed = docker.cli("run", "--rm", image, "--version")
    assert re.fullmatch(r"engine-recipes \d+\.\d+\.\d+\S*\n", printed)
    assert json.loads(docker.cli("run", "--rm", image, "operations", "version", "--format", "json"))


def test_it_runs_a_scenario_on_the_engine_whose_socket_it_gets(docker: Docker, image: str, tmp_path: Path) -> None:
    assert docker.folder is not None
    work = docker.folder / "work"
    work.mkdir(exist_ok=True)
    mounts = ["-v", f"{work}:/work", "-v", f"{docker.folder}/docker.sock:/var/run/docker.sock"]
    docker.cli("run", "--rm", *mounts, image, "init")
    assert (work / "hello.scenario.yaml").exists()
    page = docker.cli("run", "--rm", *mounts, image, "hello.scenario.yaml", "--quiet")
    assert page.startswith("# Say hello from a container\n")
    assert "hello" in page


def test_it_is_small(docker: Docker, image: str) -> None:
    sizes = [docker.get(f"/v1.41/images/{name}/json")["Size"] for name in (image, "debian-python")]
    assert 5_000_000 < sizes[0] - sizes[1] < MAX_ADDED, sizes


def test_nothing_but_the_command_is_in_it(docker: Docker, image: str) -> None:
    listed = docker.cli("run", "--rm", "--entrypoint", "sh", image, "-c", "ls / /opt/engine-recipes/bin")
    assert "src" not in listed.split()
    assert "pip" not in listed.split()
    assert {"run", "engine-recipes"} <= set(listed.split())
