"""A run that is killed in the middle of a build: what the finished steps have created is in its journal."""

from __future__ import annotations

import time
from pathlib import Path

from tests.cli.helpers import Command
from tests.engines import Docker
from tests.executor.cleanup.test_cut_off_builds import SLOW, await_builder
from tests.leftovers.torture import inventory


def test_run_clean_removes_the_steps_of_a_build(docker: Docker, tmp_path: Path) -> None:
    before = inventory(docker)
    state = tmp_path / "state"
    command = Command(tmp_path, docker.url, {"XDG_STATE_HOME": str(state)})
    command.write("context/Dockerfile", SLOW)
    command.write("x.yaml", "title: t\nsteps:\n  - image.build: {body_dir: context, nocache: true, t: left/slow}\n")
    with command.started("x.yaml", "--format", "none") as process:
        while not any(path.read_text().count("\n") > 1 for path in state.rglob("*.jsonl")):
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
        process.wait()
    while any(thing.noun == "container" for thing in inventory(docker) - before):
        time.sleep(0.1)
    assert len(inventory(docker) - before) == 1
    cleaned = command("clean")
    assert cleaned.code == 0, cleaned.err
    assert "removed 1 thing of 1 interrupted run" in cleaned.out
    assert await_builder(docker, before) == set()
    assert list(state.rglob("*.jsonl")) == []
