"""The pages of the shipped scenarios, pasted: every ``curl`` block in bash, every docker-py block in Python."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.engines import Docker
from tests.scenarios.running import ROOT

PRINTED = {
    "container-lifecycle": "",
    "container-operations": "ready",
    "exec-with-stdin": "something is wrong here",
    "images": "Hello from a file.",
    "logs-and-events": "line 1",
    "networks": "hello from the server",
    "run-a-container": "bin\ndev\netc\n",
    "sdk-tour": "hello",
    "volumes-and-archive": "Hello from a file.",
}
"""Of each scenario that needs no more than an engine, what its containers print, or what it saves."""


def blocks(page: str, language: str) -> str:
    """All blocks of a language, one after the other."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))


@pytest.fixture
def folder(docker: Docker, tmp_path: Path) -> Path:
    """Where a reader pastes: what the recipes need is beside it."""
    if not docker.url.startswith("unix://"):
        pytest.skip("the caller's engine is not on a socket")
    shutil.copytree(ROOT / "scenarios/greeting", tmp_path / "greeting")
    return tmp_path


def page_of(name: str) -> str:
    """The page as readers have it, which is the one that a live run makes (``test_same``)."""
    return (ROOT / "docs/cookbook" / f"{name}.md").read_text(encoding="utf-8")


def pasted(command: list[str], folder: Path) -> str:
    """What a program prints that must not fail."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{command[-1]}\n{done.stderr}"
    return done.stdout + done.stderr


def files_in(folder: Path) -> str:
    """What is in the files that a page has saved."""
    texts = []
    for path in folder.glob("*.tar"):
        with tarfile.open(path) as archive:
            found = [archive.extractfile(member) for member in archive if member.isfile()]
            texts += [file.read().decode(errors="replace") for file in found if file is not None]
    return "\n".join(texts)


@pytest.mark.parametrize(("name", "printed"), PRINTED.items(), ids=PRINTED)
def test_curl(docker: Docker, folder: Path, name: str, printed: str) -> None:
    script = blocks(page_of(name), "bash")
    script = script.replace("/var/run/docker.sock", docker.url.removeprefix("unix://"))
    assert printed in pasted(["bash", "-eu", "-c", script], folder) + files_in(folder)


@pytest.mark.parametrize(("name", "printed"), PRINTED.items(), ids=PRINTED)
def test_docker_py(docker: Docker, folder: Path, name: str, printed: str) -> None:
    program = blocks("".join(re.findall(r"<summary>With .*?</details>", page_of(name), re.DOTALL)), "python")
    program = program.replace("docker.APIClient()", f"docker.APIClient(base_url={docker.url!r})")
    assert printed in pasted([sys.executable, "-c", program], folder) + files_in(folder)
