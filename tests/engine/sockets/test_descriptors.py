"""The limit of descriptors bounds what happens at the same time; what still has none is a step's error."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from runner.engine.sockets import descriptors
from runner.errors import StepError
from tests.engines import Docker

MANY = """
title: Many
steps:
  - for_each: {in: "range(500)", parallel: 300}
    create: {body: {Image: alpine, Cmd: ["true"]}}
"""
# Each stream holds a connection for longer than the ones after it may wait for one.
STREAMS = """
title: More streams than descriptors
steps:
  - create: {body: {Image: alpine, Cmd: ["true"]}}
  - {for_each: "range(4)", events: {}, background: true, timeout: 9s}
  - {events: {}, background: true, timeout: 5s}
  - {events: {}, background: true, timeout: 3s}
  - {events: {}, background: true, timeout: 1s}
"""


def run(folder: Path, docker: Docker, text: str, limit: int) -> subprocess.CompletedProcess[str]:
    """Run the command with a limit of descriptors."""
    (folder / "x.yaml").write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "runner", "x.yaml", "--format", "none", "-q", "--host", docker.url],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
    )


@pytest.mark.parametrize("limit", [256, 64])
def test_many_at_once_wait_for_each_other(docker: Docker, tmp_path: Path, limit: int) -> None:
    before = docker.containers()
    text = MANY if limit == 256 else MANY.replace("500", "100")
    done = run(tmp_path, docker, text, limit)
    assert (done.returncode, done.stderr) == (0, "")
    assert docker.containers() == before


def test_streams_that_do_not_end_are_too_many(docker: Docker, tmp_path: Path) -> None:
    before = docker.containers()
    done = run(tmp_path, docker, STREAMS, 12)
    assert done.returncode == 1, done.stderr
    assert "error[too-many-open-files]" in done.stderr
    assert "ulimit -n" in done.stderr
    assert docker.containers() == before


def test_a_place_is_waited_for() -> None:
    places = descriptors.Places()
    for _ in range(places.most):
        assert places.take(0)
    assert not places.take(0.01)
    assert not places.wanted
    places.give_back()
    assert places.take(0)


@pytest.mark.parametrize("wanted", [1, 4])
def test_few_steps_are_not_bounded(wanted: int) -> None:
    assert descriptors.concurrency(wanted) == wanted


def test_a_module_that_can_not_be_opened_counts_as_a_file() -> None:
    for error in (OSError(24, "Too many open files"), ImportError("x.so: Too many open files")):
        with pytest.raises(StepError) as raised:
            descriptors.refuse_if_exhausted(error)
        assert raised.value.code == "too-many-open-files"
    descriptors.refuse_if_exhausted(OSError(2, "No such file or directory"))
    descriptors.refuse_if_exhausted(ImportError("no module"))
