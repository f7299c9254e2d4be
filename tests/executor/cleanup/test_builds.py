"""Builds run as they are written, and what they create is removed by its id; what was there before stays."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
import requests
import requests_unixsocket

from runner.executor.context import Options
from tests.engines import Docker, Engine
from tests.executor.helpers import Played, Player

DOCKERFILE = "FROM alpine\nRUN echo two > /made\n"
STAGES = "FROM alpine AS one\nRUN echo one > /one\nFROM alpine\nCOPY --from=one /one /two\nRUN echo two > /three\n"
BUILD = "steps:\n  - {id: built, image.build: {body_dir: context%s}}\n"


@pytest.fixture
def play(tmp_path: Path, engine: Engine) -> Player:
    return Player(tmp_path, engine.url)


def context(player: Player, dockerfile: str = DOCKERFILE) -> None:
    (player.folder / "context").mkdir(exist_ok=True)
    (player.folder / "context" / "Dockerfile").write_text(dockerfile)


def images(engine: Engine) -> set[str]:
    return {image["Id"] for image in engine.get("/v1.41/images/json?all=1")}


def output(played: Played) -> str:
    response = played["built"].response
    assert response is not None
    return "".join(item.get("stream", "") for item in response.items or ())


def by_hand(engine: Engine, dockerfile: str, query: str = "") -> str:
    """Build an image without the runner; its id."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        info = tarfile.TarInfo("Dockerfile")
        info.size = len(dockerfile)
        made.addfile(info, io.BytesIO(dockerfile.encode()))
    socket = engine.url.removeprefix("unix://").replace("/", "%2F")
    with requests_unixsocket.Session() as session:
        response: requests.Response = session.post(f"http+unix://{socket}/v1.41/build{query}", data=out.getvalue())
    lines = [json.loads(line) for line in response.text.splitlines()]
    return next(str(line["aux"]["ID"]) for line in reversed(lines) if "aux" in line)


@pytest.mark.parametrize("more", ["", ", t: [left/built, 'left/built:2']", ", q: true"])
def test_nothing_of_the_runner_shows(play: Player, engine: Engine, more: str) -> None:
    before = images(engine)
    context(play)
    played = play(BUILD % more)
    assert played.status == "passed", played["built"].error
    assert "engine-recipes" not in output(played)
    if "q:" not in more:
        assert "2/2" in output(played)
        assert "3/3" not in output(played)
    assert played.scenario.left == ()
    assert images(engine) == before


def test_stages_go_too(play: Player, engine: Engine) -> None:
    before = images(engine)
    context(play, STAGES)
    played = play(BUILD % "")
    assert (played.status, played.scenario.left) == ("passed", ())
    assert images(engine) == before


@pytest.mark.parametrize("dockerfile", ["FROM alpine\nRUN echo x > /x\nRUN false\n", "FROM alpine\nCOPY missing /\n"])
def test_what_a_failed_build_created_goes(play: Player, engine: Engine, dockerfile: str) -> None:
    before = images(engine), engine.containers()
    context(play, dockerfile)
    played = play(BUILD % "")
    assert played.status == "failed"
    assert played.scenario.left == ()
    assert (images(engine), engine.containers()) == before


def test_an_image_from_the_cache_is_not_the_runs_own(play: Player, engine: Engine) -> None:
    theirs = by_hand(engine, DOCKERFILE, "?t=left/theirs")
    try:
        context(play)
        played = play(BUILD % "")
        assert played.status == "passed"
        assert "Using cache" in output(played)
        assert theirs in images(engine)
        assert theirs.removeprefix("sha256:")[:12] in output(played), "the same steps have the same id"
        context(play, f"{DOCKERFILE}RUN echo three > /three\n")
        assert play(BUILD % "").status == "passed"
        assert theirs in images(engine)
    finally:
        engine.cli("image", "rm", "-f", "left/theirs")


def test_a_step_may_remove_it_first(play: Player, engine: Engine) -> None:
    before = images(engine)
    context(play)
    played = play(
        """
        steps:
          - {id: built, image.build: {body_dir: context, t: left/built}}
          - image.remove: left/built
        """
    )
    assert (played.status, played.scenario.left) == ("passed", ())
    assert [step.kind for step in played.scenario.steps if step.phase == "cleanup"] == []
    assert images(engine) == before


def test_a_build_by_a_raw_request(play: Player, engine: Engine) -> None:
    before = images(engine)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        info = tarfile.TarInfo("Dockerfile")
        info.size = len(DOCKERFILE)
        made.addfile(info, io.BytesIO(DOCKERFILE.encode()))
    (play.folder / "context.tar").write_bytes(out.getvalue())
    played = play(
        "steps:\n  - request: {method: POST, path: '/build?t=left/raw', headers: {Content-Type: application/x-tar},"
        " body_file: context.tar}\n"
    )
    assert (played.status, played.scenario.left) == ("passed", ())
    assert images(engine) == before


def test_what_is_kept_is_named(play: Player, engine: Engine) -> None:
    context(play)
    played = play(BUILD % ", t: left/kept", keep=True)
    (line,) = played.scenario.left
    assert line.startswith("image ")
    assert "left/kept:latest (" in line
    engine.cli("image", "rm", "-f", "left/kept")


def test_a_journal_names_it_until_it_is_removed(on_docker: Player, docker: Docker, tmp_path: Path) -> None:
    state = tmp_path / "state"
    context(on_docker)
    on_docker(BUILD % "", state=state)
    assert list(state.iterdir()) == [], "the run has cleaned up"
    played = on_docker(BUILD % ", t: left/kept", state=state, keep=True)
    assert played.scenario.left
    (journal,) = state.iterdir()
    first, entry = map(json.loads, journal.read_text().splitlines())
    image = docker.get("/v1.41/images/left/kept/json")
    assert first == {"endpoint": docker.url}
    assert entry == {"noun": "image", "id": image["Id"], "created": image["Created"]}
    assert journal.stat().st_mode & 0o777 == 0o600
    docker.cli("image", "rm", "-f", "left/kept")


def test_a_journal_that_can_not_be_written_is_no_reason_to_fail(on_docker: Player, tmp_path: Path) -> None:
    context(on_docker)
    (tmp_path / "file").touch()
    assert Options().state is None
    assert on_docker(BUILD % "", state=tmp_path / "file" / "state").status == "passed"
