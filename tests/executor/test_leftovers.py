"""A run that removes nothing leaves nothing: everything that it creates carries its labels, and goes at its end."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path

import pytest

from tests.engines import Docker, Engine, Podman
from tests.executor.playing import Player

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
    expect: {body: {Config: {Labels: "{{ labels }}"}}}
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
