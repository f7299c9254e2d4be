"""However a run ends, the engine has what it had before; at the latest after ``run clean``."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import Command
from tests.cli.test_signals import read_until
from tests.engines import Docker, Engine
from tests.leftovers.everything import Inventory

CONTAINERS = ("left-box", "left-from-file", "left-one", "left-two", "left-raw", "left-of-built", "left-included")


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path, engine: Engine, untouched: Inventory) -> Iterator[None]:
    yield
    left = Inventory.of(engine).beyond(untouched)
    if left:  # the tests that follow are not to fail of it too
        Command(tmp_path, engine.url)("clean")
    assert left == []


@pytest.mark.parametrize(
    ("wanted", "code", "status"),
    [
        ("pass", 0, "passed"),
        ("fail", 1, "failed"),
        ("refused", 1, "failed"),
        ("error", 1, "error"),
        ("timeout", 1, "failed"),
    ],
)
def test_a_run_that_ends_by_itself(on_engine: Command, wanted: str, code: int, status: str) -> None:
    done = on_engine("everything.yaml", "--var", f"wanted={wanted}", "--format", "json")
    assert done.code == code, done.err
    scenario = json.loads(done.out)["scenarios"][0]
    assert scenario["status"] == status
    assert "left" not in scenario
    removed = [step["kind"] for step in scenario["steps"] if step["phase"] == "cleanup"]
    assert removed.count("container.delete") == len(CONTAINERS)
    order = ["container.delete", "network.delete", "volume.delete", "image.delete"]
    assert removed == sorted(removed, key=order.index)
    assert set(removed) == set(order)


def test_a_build_that_fails(on_engine: Command) -> None:
    """The container of the step that failed has no label."""
    on_engine.write("broken/Dockerfile", "FROM alpine\nRUN false\n")
    on_engine.write("x.yaml", "title: t\nsteps:\n  - image.build: {body_dir: broken}\n")
    done = on_engine("x.yaml", "--format", "none")
    assert done.code == 1
    assert "failed[in-band-error]" in done.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal(on_engine: Command, number: signal.Signals, code: int) -> None:
    with on_engine.started("everything.yaml", "--var", "wanted=long", "--format", "none") as process:
        assert process.stderr is not None
        read_until(process.stderr, b" ready ")
        time.sleep(0.3)
        process.send_signal(number)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == code, err
    assert b"left:" not in err


def test_a_second_signal_says_what_is_left_and_what_removes_it(on_engine: Command, engine: Engine) -> None:
    """The second comes while ``finally`` goes on, which is long enough for it."""
    with on_engine.started("everything.yaml", "--var", "wanted=stuck", "--format", "json") as process:
        assert process.stderr is not None
        read_until(process.stderr, b" ready ")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        read_until(process.stderr, b"stopping")
        process.send_signal(signal.SIGTERM)
        before = time.monotonic()
        out, err = process.communicate(timeout=20)
    assert time.monotonic() - before < 5
    assert process.returncode == 130
    left = json.loads(out)["scenarios"][0]["left"]
    for name in CONTAINERS:
        assert any(line.startswith(f"container {name} (") and line.endswith("was not removed") for line in left), left
    assert "volume left-volume was not removed" in left
    assert any("left/built:1" in line for line in left)
    assert f"run clean --host {engine.url}".encode() in err
    cleaned = on_engine("clean")
    assert cleaned.code == 0, cleaned.err
    removed = re.search(r"removed (\d+) things of 1 interrupted run\n", cleaned.out)
    assert removed, cleaned.out
    assert int(removed[1]) >= len(left), "the steps of a build go with its image, and may be counted too"


def test_kill_9(on_engine: Command, engine: Engine, untouched: Inventory) -> None:
    with on_engine.started("everything.yaml", "--var", "wanted=long", "--format", "none") as process:
        assert process.stderr is not None
        read_until(process.stderr, b" ready ")
        process.kill()
        process.wait()
    left = Inventory.of(engine).beyond(untouched)
    assert set(CONTAINERS) <= set(left)
    shown = on_engine("clean", "--dry-run")
    assert shown.code == 0
    assert Inventory.of(engine).beyond(untouched) == left
    assert "would remove  container  left-box" in shown.out
    assert 'One of "everything"' in shown.out
    assert on_engine("clean", "--older-than", "1h").out == "nothing that old is left behind\n"
    cleaned = on_engine("clean", "--host", engine.url, env={"DOCKER_HOST": "unix:///nowhere"})
    assert cleaned.code == 0, cleaned.err
    things = shown.out.count("would remove  ")
    assert cleaned.out.endswith(f"removed {things} things of 1 interrupted run\n")
    assert on_engine("clean").out == "nothing is left behind\n"


def test_what_is_kept_is_in_the_report(on_engine: Command, engine: Engine) -> None:
    done = on_engine("everything.yaml", "--keep", "--format", "markdown")
    assert done.code == 0, done.err
    report = done.out.partition("## What is left")[2]
    assert "container left-box (" in report
    assert "volume left-volume was kept" in report
    assert f"run clean --host {engine.url}" in done.err
    assert on_engine("clean").code == 0


def test_an_engine_that_goes_away_and_comes_back(docker: Docker, on_docker: Command, untouched: Inventory) -> None:
    docker.private  # noqa: B018 - the caller's own is not restarted
    with on_docker.started("everything.yaml", "--var", "wanted=long", "--format", "json") as process:
        assert process.stderr is not None
        read_until(process.stderr, b" ready ")
        time.sleep(0.3)
        docker.restart()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    left = json.loads(out)["scenarios"][0].get("left", [])
    if Inventory.of(docker).beyond(untouched):  # it did not come back before the cleanup
        assert "containers, images, networks, volumes of run" in left[0]
        assert "may be left: no engine answers at" in left[0]
        assert b"run clean" in err
        assert on_docker("clean").code == 0
