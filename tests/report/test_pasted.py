"""The pages of the shipped scenarios, pasted: every ``curl`` block in bash, every docker-py block in Python."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines import Docker
from tests.scenarios.running import ROOT, start

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
"""Of each scenario that needs no more than an engine, what its containers print."""


def blocks(page: str, language: str) -> str:
    """All blocks of a language, one after the other."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))


def page_of(name: str, docker: Docker, folder: Path) -> str:
    """The page that a run on the engine makes; what it needs is put beside it."""
    if not docker.url.startswith("unix://"):
        pytest.skip("the caller's engine is not on a socket")
    shutil.copytree(ROOT / "scenarios/greeting", folder / "greeting")
    process = start(folder, ROOT / f"scenarios/{name}.yaml", "-H", docker.url, "--quiet")
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    return stdout


def pasted(command: list[str], folder: Path) -> str:
    """What a program prints that must not fail."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{command[-1]}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.parametrize(("name", "printed"), PRINTED.items(), ids=PRINTED)
def test_curl(docker: Docker, tmp_path: Path, name: str, printed: str) -> None:
    script = blocks(page_of(name, docker, tmp_path), "bash")
    script = script.replace("/var/run/docker.sock", docker.url.removeprefix("unix://"))
    assert printed in pasted(["bash", "-eu", "-c", script], tmp_path)


@pytest.mark.parametrize(("name", "printed"), PRINTED.items(), ids=PRINTED)
def test_docker_py(docker: Docker, tmp_path: Path, name: str, printed: str) -> None:
    page = page_of(name, docker, tmp_path)
    program = blocks("".join(re.findall(r"<summary>With .*?</details>", page, re.DOTALL)), "python")
    program = program.replace("docker.APIClient()", f"docker.APIClient(base_url={docker.url!r})")
    assert printed in pasted([sys.executable, "-c", program], tmp_path)
