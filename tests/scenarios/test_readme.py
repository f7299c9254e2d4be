"""Test that what the README shows is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.engines import Docker
from tests.scenarios.helpers import ROOT, SCENARIOS, start

README = (ROOT / "README.md").read_text()


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """The README's first scenario, as a file."""
    return written(tmp_path, blocks("yaml")[0])


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def written(folder: Path, text: str) -> Path:
    path = folder / "hello.yaml"
    path.write_text(text)
    return path


def test_its_scenario_makes_its_page(docker: Docker, hello: Path) -> None:
    process = start(hello.parent, hello.name, "-H", docker.url)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    quoted = "\n".join(line[2:] for line in README.splitlines() if line.startswith(">"))
    page = stdout.replace(docker.url.removeprefix("unix://"), "/var/run/docker.sock")
    page = re.sub(r" \\\n +", " ", page)  # the other socket's path may be long enough to break a line
    assert quoted in re.sub(r"/v1\.\d+/", "/v1.41/", page)


def test_its_mistake_is_shown_so(hello: Path) -> None:
    written(hello.parent, hello.read_text().replace('start: "{{ container', 'start: "{{ contaner'))
    process = start(hello.parent, "hello.yaml")
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (3, blocks("console")[1])


def test_it_lists_every_scenario() -> None:
    linked = set(re.findall(r"\(scenarios/([\w-]+)\.yaml\)", README))
    assert linked == {path.stem for path in SCENARIOS}


def test_its_links_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / name).read_text()):
            assert (ROOT / target).exists(), f"{name}: {target}"
