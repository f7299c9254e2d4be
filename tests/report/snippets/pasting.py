"""Runs a scenario, and what its page shows, as a reader pastes it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple
from urllib.parse import quote

from tests.engines import Docker
from tests.scenarios.helpers import start

LANGUAGES = {"curl": "bash", "docker-cli": "sh", "docker-py": "python", "requests": "py"}
"""The languages of snippets, and how their blocks are marked on a page of Markdown."""


class Pasted(NamedTuple):
    """Hold what the snippets of one language did."""

    code: int
    out: str
    err: str


class Reader:
    """A folder with a scenario in it, whose page is pasted there."""

    def __init__(self, docker: Docker, folder: Path) -> None:
        self.docker = docker
        self.folder = folder
        self.page = ""

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run(self, scenario: str, *options: str) -> str:
        """Run a scenario that passes, and return its page."""
        (self.folder / "x.yaml").write_text(dedent(scenario))
        process = start(self.folder, "x.yaml", "-H", self.docker.url, "--format", "markdown", *options)
        self.page, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return self.page

    def blocks(self, language: str) -> list[str]:
        """Return the code of the page in one language."""
        found: list[str] = re.findall(rf"^```{LANGUAGES[language]}\n(.*?)^```$", self.page, re.MULTILINE | re.DOTALL)
        return found

    def paste(self, language: str, env: Mapping[str, str] | None = None) -> Pasted:
        """Run the code of one language, to its end."""
        code = "\n".join(self.blocks(language))
        socket = self.docker.url.removeprefix("unix://")
        code = code.replace("/var/run/docker.sock", socket)
        code = code.replace("docker.APIClient()", f"docker.APIClient(base_url={self.docker.url!r})")
        code = code.replace("%2Fvar%2Frun%2Fdocker.sock", quote(socket, safe=""))
        command = [sys.executable, "-c", code] if language in ("docker-py", "requests") else ["bash", "-u", "-c", code]
        own = {**os.environ, "DOCKER_HOST": self.docker.url, **(env or {})}
        done = subprocess.run(
            command, cwd=self.folder, env=own, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        return Pasted(done.returncode, out, err)
