"""Test what an engine's API version lacks is said before anything is sent to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.engines import Engine

TEXT = """
title: From the future
steps:
  - ping: {{}}
  - {step}
"""


def run(folder: Path, engine: Engine, step: str) -> subprocess.CompletedProcess[str]:
    (folder / "x.yaml").write_text(TEXT.format(step=step))
    words = [sys.executable, "-m", "runner", "x.yaml", "-H", engine.url, "--format", "json"]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_an_operation_that_is_newer_is_refused(tmp_path: Path, docker: Engine) -> None:
    done = run(tmp_path, docker, "image.attestations: {name: alpine}")
    assert (done.returncode, done.stdout) == (3, "")
    assert "x.yaml:5:5: error[not-in-this-version]: API 1.41 has no operation 'image.attestations' yet" in done.stderr


def test_a_field_that_is_newer_is_warned_of(tmp_path: Path, docker: Engine) -> None:
    step = "create: {body: {Image: alpine, HostConfig: {Annotations: {a: b}}}}"
    done = run(tmp_path, docker, step)
    assert done.returncode == 0, done.stderr
    assert "warning[not-in-this-version]: API 1.41 has no field 'HostConfig.Annotations' yet" in done.stderr
