"""The pages of the shipped scenarios, pasted: every ``curl`` block in bash, every docker-py block in Python."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.engines import Certificates, Docker, Registry
from tests.scenarios.helpers import ROOT, start

PRINTED = {
    "container-lifecycle": "",
    "container-operations": "ready",
    "exec-with-stdin": "something is wrong here",
    "images": "Hello from a file.",
    "logs-and-events": "line 1",
    "networks": "hello from the server",
    "run-a-container": "bin\ndev\netc\n",
    "sdk-tour": "hello",
    "swarm-service": "",
    "volumes-and-archive": "Hello from a file.",
}
"""Of each scenario that needs no more than an engine, what its containers print, or what it saves."""


REFUSAL = re.compile(r'^No such |{"message":', re.MULTILINE)
REFUSED = {"container-lifecycle", "sdk-tour", "volumes-and-archive"}
"""Where the page shows a call that the engine refuses: what it names is gone by then."""
AUTHORITIES = {"CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}
"""These come before the certificate that docker-py is given."""


def blocks(page: str, language: str) -> str:
    """All blocks of a language, one after the other."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))


@pytest.fixture
def folder(docker: Docker, tmp_path: Path) -> Path:
    """Provide where a reader pastes: what the recipes need is beside it."""
    if not docker.url.startswith("unix://"):
        pytest.skip("the caller's engine is not on a socket")
    shutil.copytree(ROOT / "scenarios/greeting", tmp_path / "greeting")
    return tmp_path


@pytest.fixture
def no_swarm(docker: Docker) -> Iterator[None]:
    """A page that breaks off in the middle leaves its swarm too; the containers of its tasks go a little later."""
    before = docker.containers()
    yield
    if docker.get("/info")["Swarm"]["LocalNodeState"] != "inactive":
        docker.cli("swarm", "leave", "--force")
    patience = time.monotonic() + 20
    while set(docker.containers()) - set(before) and time.monotonic() < patience:
        time.sleep(0.1)


def page_of(name: str, engine: Docker) -> str:
    """The page as readers have it, which is the one that a live run makes (``test_same``), in the engine's API."""
    page = (ROOT / "docs/cookbook" / f"{name}.md").read_text(encoding="utf-8")
    return re.sub(r"/v1\.\d+/", f"/v{engine.version.api}/", page)


def pasted(command: list[str], folder: Path, env: Mapping[str, str] | None = None) -> str:
    """Return what a program prints that must not fail."""
    own = {name: value for name, value in os.environ.items() if name not in AUTHORITIES}
    done = subprocess.run(
        command, cwd=folder, env={**own, **(env or {})}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{command[-1]}\n{done.stderr}"
    return done.stdout + done.stderr


def in_bash(page: str, folder: Path, here: Mapping[str, str], env: Mapping[str, str] | None = None) -> str:
    """Return what the ``curl`` blocks print and save; ``here`` says what stands for the addresses of the page."""
    script = blocks(page, "bash")
    for shown, real in here.items():
        assert shown in script
        script = script.replace(shown, real)
    return pasted(["bash", "-eu", "-c", script], folder, env) + files_in(folder)


def in_python(
    page: str, folder: Path, here: Mapping[str, str], env: Mapping[str, str] | None = None, language: str = "python"
) -> str:
    """Return what the blocks of docker-py, or with ``py`` those of ``requests``, print and save."""
    program = blocks(page, language)
    for shown, real in here.items():
        assert shown in program
        program = program.replace(shown, real)
    return pasted([sys.executable, "-c", program], folder, env) + files_in(folder)


def files_in(folder: Path) -> str:
    """Return what is in the files that a page has saved."""
    texts = []
    for path in folder.glob("*.tar"):
        with tarfile.open(path) as archive:
            found = [archive.extractfile(member) for member in archive if member.isfile()]
            texts += [file.read().decode(errors="replace") for file in found if file is not None]
    return "\n".join(texts)


@pytest.mark.parametrize(("name", "printed"), PRINTED.items(), ids=PRINTED)
def test_curl(docker: Docker, no_swarm: None, folder: Path, name: str, printed: str) -> None:
    here = {"/var/run/docker.sock": docker.url.removeprefix("unix://")}
    found = in_bash(page_of(name, docker), folder, here)
    assert printed in found
    assert (REFUSAL.search(found) is not None) is (name in REFUSED)  # which curl does not take for a failure


@pytest.mark.parametrize(("name", "printed"), PRINTED.items(), ids=PRINTED)
def test_docker_py(docker: Docker, no_swarm: None, folder: Path, name: str, printed: str) -> None:
    here = {"docker.APIClient()": f"docker.APIClient(base_url={docker.url!r})"}
    assert printed in in_python(page_of(name, docker), folder, here)


@pytest.mark.parametrize(("name", "printed"), PRINTED.items(), ids=PRINTED)
def test_requests(docker: Docker, no_swarm: None, folder: Path, name: str, printed: str) -> None:
    here = {"%2Fvar%2Frun%2Fdocker.sock": quote(docker.url.removeprefix("unix://"), safe="")}
    page = page_of(name, docker)
    assert "`requests` (no equivalent" not in page
    found = in_python(page, folder, here, language="py")
    assert printed in found
    assert (REFUSAL.search(re.sub(r"^\d{3} ", "", found, flags=re.MULTILINE)) is not None) is (name in REFUSED)


def test_over_tcp(docker: Docker, folder: Path) -> None:
    assert docker.tcp_url is not None
    bare = docker.tcp_url.removeprefix("tcp://")
    page = page_of("remote-engine", docker)
    assert "bin\ndev\netc\n" in in_bash(page, folder, {"127.0.0.1:2375": bare})
    in_python(page, folder, {"127.0.0.1:2375": bare})
    assert "bin\ndev\netc\n" in in_python(page, folder, {"127.0.0.1:2375": bare}, language="py")


def test_over_tls(docker: Docker, docker_tls: Docker, certificates: Certificates, folder: Path) -> None:
    assert docker_tls.tcp_url is not None
    bare = docker_tls.tcp_url.removeprefix("tcp://").replace("127.0.0.1", "localhost")
    env = {"DOCKER_CERT_PATH": str(certificates.good), "DOCKER_TLS_VERIFY": "1", "DOCKER_HOST": f"tcp://{bare}"}
    page = page_of("tls-endpoint", docker)
    assert "something is wrong here" in in_bash(page, folder, {"127.0.0.1:2376": bare}, env)
    assert "something is wrong here" in in_python(page, folder, {}, env)
    found = in_python(page, folder, {"127.0.0.1:2376": bare}, env, language="py")
    assert "something is wrong here" in found


def test_with_a_registry(docker: Docker, registry: Registry, folder: Path) -> None:
    login = {"username": registry.user, "password": registry.password, "serveraddress": registry.address}
    env = {"REGISTRY_AUTH": base64.urlsafe_b64encode(json.dumps(login).encode()).decode(), "DOCKER_CONFIG": str(folder)}
    env["REGISTRY_CONFIG"] = base64.urlsafe_b64encode(b"{}").decode()
    known = base64.b64encode(f"{registry.user}:{registry.password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": known}}}))
    arguments = ("-H", docker.url, "--var", f"registry={registry.address}", "--format", "markdown")
    process = start(folder, ROOT / "scenarios/private-registry.yaml", *arguments, env=env)
    page, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    printed = in_bash(page, folder, {"/var/run/docker.sock": docker.url.removeprefix("unix://")}, env)
    assert '"mediaType":' in printed
    assert '{"message":' not in printed
    in_python(page, folder, {"docker.APIClient()": f"docker.APIClient(base_url={docker.url!r})"}, env)
    here = {"%2Fvar%2Frun%2Fdocker.sock": quote(docker.url.removeprefix("unix://"), safe="")}
    assert "mediaType" in in_python(page, folder, here, env, language="py")


def test_every_page_is_pasted() -> None:
    pages = {path.stem for path in (ROOT / "docs/cookbook").glob("*.md")} - {"README"}
    assert pages == {*PRINTED, "remote-engine", "tls-endpoint", "private-registry"}
