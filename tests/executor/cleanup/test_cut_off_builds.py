"""A build that is cut off: what it has created goes, what somebody else's build may have created stays and is named."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.executor.cancellation import CancelScope
from runner.executor.context import Options
from runner.executor.run import Job, execute
from runner.results.collector import Collector
from runner.results.events import ItemArrived
from tests.engines import Docker, Engine, Podman
from tests.executor.cleanup.test_builds import by_hand, context, images
from tests.executor.helpers import Played, Player
from tests.leftovers.torture import Proxy, Thing, inventory

SLOW = "FROM alpine\nRUN echo one > /one\nRUN sleep 30\nRUN echo three > /three\n"
BUILD = "steps:\n  - {id: built, image.build: {body_dir: context, nocache: true, t: left/slow}%s}\n"


def await_first_step(engine: Engine, known: set[str]) -> None:
    """Wait until the first step of a build is done."""
    while images(engine) == known:
        time.sleep(0.05)


def await_builder(engine: Engine, before: frozenset[Thing]) -> set[str]:
    """Wait until no builder works any more; the images that are left, removed."""
    while any(thing.noun == "container" for thing in inventory(engine) - before):
        time.sleep(0.1)
    left = {thing.id.removeprefix("sha256:") for thing in inventory(engine) - before}
    for image in left:
        engine.cli("image", "rm", "-f", image)
    return left


def interrupted(folder: Path, at: str, text: str, output: str) -> Played:
    """Run a scenario that is asked to stop once an item of a stream has a text."""
    play, cancellation, collector = Player(folder, at), CancelScope(), Collector()
    with play.engine() as engine:
        job = Job.new(play.open(text), engine)
        for event in execute((job,), Options(folder=folder), cancellation):
            collector.add(event)
            if isinstance(event, ItemArrived) and output in str(event.item):
                cancellation.cancel()
    return Played(collector.report(), [])


@pytest.fixture
def proxy(tmp_path: Path, engine: Engine) -> Iterator[Proxy]:
    made = Proxy(tmp_path / "proxy.sock", engine)
    yield made
    made.close()


@pytest.mark.parametrize("ending", ["timeout", "stopped", "taken"])
def test_docker_says_how_it_ended(docker: Docker, tmp_path: Path, ending: str) -> None:
    """The stream is read to its end, so nothing is in doubt."""
    before = inventory(docker)
    play = Player(tmp_path, docker.url)
    context(play, SLOW)
    match ending:
        case "timeout":
            played = play(BUILD % ", timeout: 1s")
            assert played.error("built")[0] == "timeout"
        case "stopped":
            played = interrupted(tmp_path, docker.url, BUILD % "", "RUN sleep 30")
            assert played.error("built")[0] == "interrupted"
            response = played["built"].response
            assert response is not None
            assert any("RUN sleep 30" in str(item) for item in response.items or ()), "what came is in the report"
        case _:
            played = play(BUILD % ", take: {until: \"'sleep' in item.stream | default('')\"}")
            assert played.status == "passed"
    assert inventory(docker) == before
    if ending != "taken":
        assert played.scenario.left == ()


def test_podman_does_not_say_whether_it_has_ended(podman: Podman, tmp_path: Path) -> None:
    before = inventory(podman)
    context(Player(tmp_path), SLOW.replace("30", "2"))
    played = interrupted(tmp_path, podman.url, BUILD % "", "RUN sleep 2")
    assert played.error("built")[0] == "interrupted"
    line = played.scenario.left[0]
    assert line.startswith("images of the build of step 'built' may be left, since it was cut off: ")
    assert f"docker --host {podman.url} " in line
    await_builder(podman, before)


def test_what_another_build_created_meanwhile_stays(engine: Engine, proxy: Proxy, tmp_path: Path) -> None:
    """Nothing but the time tells it apart from what the build may have created."""
    before, known = inventory(engine), images(engine)
    play = Player(tmp_path, proxy.url)
    context(play, SLOW.replace("30", "10"))
    theirs: list[str] = []

    def meanwhile() -> None:
        await_first_step(engine, known)
        theirs.append(by_hand(engine, f"FROM alpine\nENV TIME={time.time()}\n").removeprefix("sha256:"))
        proxy.cut()

    other = threading.Thread(target=meanwhile)
    other.start()
    played = play(BUILD % "")
    other.join()
    (their,) = theirs
    assert played.error("built")[0] == "connection-broken"
    assert their in {image.removeprefix("sha256:") for image in images(engine)}
    assert any(f"image {their[:12]}" in line for line in played.scenario.left)
    assert their in await_builder(engine, before)
