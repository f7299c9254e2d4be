"""A run that removes nothing leaves nothing: everything that it creates carries its labels, and goes at its end."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path

import pytest

from runner.engine.engine import connect
from runner.engine.transport import Deadline
from runner.executor.cleanup.find import KINDS, Leftover
from runner.executor.cleanup.remove import remove_all
from tests.engine.scripted import Peer, ok, replies, serving
from tests.engines import Docker, Engine, Podman
from tests.executor.helpers import Player

FILTER = urllib.parse.quote(json.dumps({"label": ["engine-recipes.run"]}))
LISTS = {"containers": "/json?all=1&", "networks": "?", "volumes": "?", "images": "/json?all=1&"}

EVERYTHING = r"""
title: Everything "at once", $HOME and all
steps:
  - volume.create: {body: {Name: left-volume}}
  - network.create: {body: {Name: left-net}}
  - create:
      body:
        Image: alpine
        Cmd: [sleep, "60"]
        HostConfig: {Binds: ["left-volume:/data"], NetworkMode: left-net}
    capture:
      container: body.Id
  - start: "{{ container }}"
  - request: {method: POST, path: /volumes/create, body: {Name: left-raw}}
  - image.commit: {container: "{{ container }}", repo: left/committed}
  - image.build: {body_dir: context, t: left/built}
  - export: {id: "{{ container }}", save: files.tar}
  - image.import: {fromSrc: "-", repo: left/imported, body_file: files.tar}
  - volume.inspect: left-volume
    capture:
      labels: body.Labels
  - check:
      - labels['engine-recipes.scenario'] == 'Everything "at once", $HOME and all'
  - network.inspect: left-net
    expect: {body: {Labels: "{{ labels }}"}}
  - inspect: "{{ container }}"
    expect: {body: {Config: {Labels: "{{ labels }}"}}}
  - volume.inspect: left-raw
    expect: {body: {Labels: "{{ labels }}"}}
  - image.inspect: left/built
    expect: {that: ["'engine-recipes' not in body.Config.Labels | json"]}
  - for_each: [left/committed, left/imported]
    image.inspect: "{{ item }}"
    expect:
      body:
        Config:
          Labels:
            engine-recipes.run: "{{ labels['engine-recipes.run'] }}"
            engine-recipes.scenario: Everything 'at once', HOME and all
"""


def labelled(engine: Engine) -> list[str]:
    found = []
    for kind, query in LISTS.items():
        listed = engine.get(f"/v1.41/{kind}{query}filters={FILTER}")
        found += [kind for _ in (listed["Volumes"] if kind == "volumes" else listed) or ()]
    return found


@pytest.fixture
def playing(tmp_path: Path, engine: Engine) -> Player:
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "Dockerfile").write_text("FROM alpine\nENV BUILT=yes\n")
    return Player(tmp_path, engine.url)


def test_everything_is_labelled_and_goes(playing: Player, engine: Engine) -> None:
    before = engine.containers(), engine.get("/v1.41/images/json")
    played = playing(EVERYTHING)
    assert played.status == "passed", [step.error for step in played.steps.values() if step.error]
    removed = [step.kind for step in played.scenario.steps if step.phase == "cleanup"]
    assert sorted(set(removed)) == ["container.delete", "image.delete", "network.delete", "volume.delete"]
    assert removed.count("volume.delete") == 2
    assert removed.count("image.delete") == 3
    assert labelled(engine) == []
    assert (engine.containers(), engine.get("/v1.41/images/json")) == before


def test_a_container_is_not_given_the_time_that_it_has_to_stop(playing: Player) -> None:
    played = playing("""
        steps:
          - create: {body: {Image: alpine, Cmd: [sleep, "600"], StopTimeout: 15, HostConfig: {NetworkMode: none}}}
            capture: {box: body.Id}
          - start: "{{ box }}"
    """)
    assert played.status == "passed"
    (removal,) = [step for step in played.scenario.steps if step.phase == "cleanup"]
    assert removal.status == "passed"
    assert removal.duration_ms < 12_000


def test_images_that_were_made_of_each_other_go_too(playing: Player, engine: Engine) -> None:
    """Named and nameless ones, with several names, by commits and builds."""
    before = engine.containers(), engine.get("/v1.41/images/json?all=1")
    (playing.folder / "context" / "Dockerfile").write_text("ARG BASE\nFROM $BASE\nRUN touch /built\n")
    played = playing("""
        steps:
          - create: {body: {Image: alpine, Cmd: [touch, /one]}}
            capture: {one: body.Id}
          - start: "{{ one }}"
          - wait: "{{ one }}"
          - image.commit: {container: "{{ one }}", repo: left/one}
          - image.tag: {name: left/one, repo: left/uno}
          - image.build: {body_dir: context, t: left/two, buildargs: {BASE: left/one}}
          - create: {body: {Image: left/two, Cmd: [touch, /three]}}
            capture: {two: body.Id}
          - start: "{{ two }}"
          - wait: "{{ two }}"
          - image.commit: {container: "{{ two }}"}
            capture: {three: body.Id}
          - create: {body: {Image: "{{ three }}"}}
            capture: {four: body.Id}
          - for_each: [left/four, left/five]
            image.commit: {container: "{{ four }}", repo: "{{ item }}"}
    """)
    assert played.status == "passed", [step.error for step in played.steps.values() if step.error]
    assert played.scenario.left == ()
    assert (engine.containers(), engine.get("/v1.41/images/json?all=1")) == before


def test_a_row_of_things_that_hold_each_other_goes_from_its_end(tmp_path: Path) -> None:
    """An engine that lists the first of a row first, and never removes one that the next needs."""
    row = [f"image{number}" for number in range(5)]
    held = {"image9"}

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)"))
        while True:
            name = peer.request().split(b" ")[1].decode().rsplit("/", 1)[1]
            if name in held or name != row[-1]:
                peer.send(b"HTTP/1.1 409 Conflict\r\nContent-Length: 18\r\n\r\n" + b'{"message":"held"}')
            else:
                row.remove(name)
                peer.send(ok(b"[]", "Content-Type: application/json"))

    kind = next(one for one in KINDS if one.noun == "image")
    found = [Leftover(kind, name, name, "run", "scenario") for name in [*row, "image9"]]
    with serving(script) as server:
        engine = connect(server.endpoint, deadline=Deadline.after(10))
        removals = list(remove_all(engine, found, Deadline.after(10)))
        engine.close()
    assert [(one.leftover.name, one.attempts) for one in removals if one.error is None] == [
        ("image4", 1), ("image3", 2), ("image2", 3), ("image1", 4), ("image0", 5),
    ]  # fmt: skip
    assert [one.leftover.name for one in removals if one.error is not None] == ["image9"]


def test_a_container_that_the_engine_is_removing_already_is_waited_for(tmp_path: Path) -> None:
    busy = b'{"message":"removal of container box is already in progress"}'
    conflict = b"HTTP/1.1 409 Conflict\r\nContent-Length: %d\r\n\r\n%s" % (len(busy), busy)
    ping = ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)")
    gone = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"
    kind = next(one for one in KINDS if one.noun == "container")
    with serving(replies(ping, conflict, conflict, gone)) as server:
        engine = connect(server.endpoint, deadline=Deadline.after(10))
        (removal,) = remove_all(engine, [Leftover(kind, "box", "box", "run", "scenario")], Deadline.after(10))
        engine.close()
    assert removal.error is None
    assert removal.response is not None
    assert removal.response.status == 404


def test_what_removes_itself_is_not_said_to_be_left(on_docker: Player, docker: Docker) -> None:
    played = on_docker("""
        steps:
          - for_each: {in: "range(4)", parallel: 4}
            create: {body: {Image: alpine, Cmd: ["true"], HostConfig: {AutoRemove: true}}}
            capture: {boxes: body.Id}
          - for_each: {in: boxes, parallel: 4}
            start: "{{ item }}"
          - for_each: {in: boxes, parallel: 4}
            wait: "{{ item }}"
            expect: {status: [200, 404]}
    """)
    assert (played.status, played.scenario.left) == ("passed", ())
    assert labelled(docker) == []


def test_what_is_kept_is_still_labelled_and_what_has_no_label_stays(playing: Player, engine: Engine) -> None:
    engine.cli("volume", "create", "--label", "engine-recipes.scenario=mine", "not-ours")
    try:
        played = playing("steps:\n  - volume.create: {body: {Name: ours}}\n", keep=True)
        assert played.scenario.left == ("volume ours was kept",)
        assert labelled(engine) == ["volumes"]
        playing("steps:\n  - volume.create: {body: {Name: others}}\n")
        names = {volume["Name"] for volume in engine.get("/v1.41/volumes")["Volumes"]}
        assert {"ours", "not-ours"} <= names and "others" not in names
    finally:
        engine.cli("volume", "rm", "-f", "not-ours", "ours")


def test_a_kind_that_an_engine_does_not_list_by_label_hinders_no_other(on_podman: Player, podman: Podman) -> None:
    played = on_podman(
        """
        steps:
          - secret.create: {body: {Name: left-secret, Data: aGlkZGVu}}
            defer: {secret.remove: left-secret}
          - create: {body: {Image: alpine}}
        """
    )
    assert (played.status, played.scenario.left) == ("passed", ())
    assert labelled(podman) == []


def test_the_engine_stays_as_it_was_after_a_failure(on_docker: Player, docker: Docker) -> None:
    played = on_docker("steps:\n  - volume.create: {body: {Name: left-after-failure}}\n  - check: ['1 == 2']\n")
    assert played.status == "failed"
    assert labelled(docker) == []
