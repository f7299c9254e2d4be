"""Test that what is not a run's own stays, however much it looks like it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.cli.helpers import Command
from tests.engines import Docker, Engine
from tests.leftovers.everything import Inventory

RUN, SCENARIO, ORIGIN = (f"engine-recipes.{name}" for name in ("run", "scenario", "origin"))


@pytest.fixture
def foreign(engine: Engine) -> Iterator[list[str]]:
    """The names of containers, made by the docker CLI, that are to stay; removed after the test."""
    names: list[str] = []
    yield names
    for name in reversed(names):
        engine.cli("rm", "-f", "-v", name)


def make(engine: Engine, names: list[str], name: str, image: str, *options: str) -> None:
    engine.cli("create", "--name", name, *options, image, "sleep", "600")
    names.append(name)


def commit(engine: Engine, container: str, repo: str) -> None:
    """``docker commit``, which Podman understands only with a body."""
    curl = ["curl", "-sf", "--unix-socket", engine.url.removeprefix("unix://"), "-H", "Content-Type: application/json"]
    url = f"http://engine/v1.40/commit?container={container}&repo={repo}&tag=1"
    subprocess.run([*curl, "-d", "{}", url], check=True, stdout=subprocess.DEVNULL)


def test_containers_that_only_look_like_a_runs(on_engine: Command, engine: Engine, foreign: list[str]) -> None:
    for number, labels in enumerate(
        (
            (),
            (f"{RUN}=",),
            (f"{SCENARIO}=One of everything",),
            (f"{ORIGIN}=container/0",),
            (f"{RUN}.more=abc", f"more.{RUN}=abc", f"{RUN.upper()}=abc"),
            (f"engine-recipes={RUN}", f"{RUN}s=abc"),
        )
    ):
        make(engine, foreign, f"foreign-{number}", "alpine", *(f"--label={label}" for label in labels))
    known = Inventory.of(engine)
    assert on_engine("everything.yaml", "--format", "none").code == 0
    assert on_engine("clean").out == "nothing is left behind\n"
    assert Inventory.of(engine) == known


def test_what_is_made_of_a_runs_images_and_containers(
    on_engine: Command, engine: Engine, foreign: list[str], untouched: Inventory
) -> None:
    """Containers and images inherit the labels of what they are made of."""
    with contextlib.ExitStack() as stack:
        assert on_engine("everything.yaml", "--keep", "--format", "none").code == 0
        stack.callback(on_engine, "clean")
        labels = json.loads(engine.cli("inspect", "left-box"))[0]["Config"]["Labels"]
        make(engine, foreign, "of-built", "left/built:1")
        make(engine, foreign, "of-committed", "left/committed")
        engine.cli("start", "of-committed")
        commit(engine, "left-box", "mine/committed")
        stack.callback(engine.cli, "rmi", "mine/committed:1")
        make(engine, foreign, "of-mine", "mine/committed:1")
        commit(engine, "of-built", "mine/derived")
        stack.callback(engine.cli, "rmi", "mine/derived:1")
        make(engine, foreign, "of-derived", "mine/derived:1")
        assert json.loads(engine.cli("inspect", "of-mine"))[0]["Config"]["Labels"][RUN] == labels[RUN]
        cleaned = on_engine("clean")
        now = Inventory.of(engine)
        assert {*foreign} == now.containers - untouched.containers
        mine = {name for name in now.images if "mine/" in name}
        assert len(mine) == 2, now.images
        # The images that these containers need stay, and that is said; nothing else does.
        assert cleaned.code == 1
        assert "left/built:1" in cleaned.err
        assert "left/committed:latest" in cleaned.err
        assert "is still there" in cleaned.err
        assert "left/raw" not in cleaned.err
        assert engine.cli("inspect", "--format", "{{.State.Running}}", "of-committed").strip() == "true"
        for name in foreign:
            engine.cli("rm", "-f", name)
        foreign.clear()
    assert on_engine("clean").out == "nothing is left behind\n"
    assert Inventory.of(engine).beyond(untouched) == []


def test_what_somebody_else_uses_stays_and_the_rest_goes(
    on_engine: Command, engine: Engine, foreign: list[str], untouched: Inventory
) -> None:
    """A foreign container on the run's network and its volume, while the run goes on."""
    on_engine.write(
        "used.yaml",
        """
        title: used
        steps:
          - volume.create: {body: {Name: used-volume}}
          - network.create: {body: {Name: used-net}}
          - volume.create: {body: {Name: unused-volume}}
          - create: {name: used-box, body: {Image: alpine}}
          - {id: ready, check: ["true"]}
          - {id: long, sleep: 4s}
        """,
    )
    with on_engine.started("used.yaml", "--format", "json") as process:
        deadline = time.monotonic() + 10
        while "used-box" not in engine.containers().values() and "/used-box" not in engine.containers().values():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        make(engine, foreign, "user", "alpine", "--network=used-net", "--volume=used-volume:/data")
        engine.cli("start", "user")
        out, err = process.communicate(timeout=60)
    scenario = json.loads(out)["scenarios"][0]
    assert (process.returncode, scenario["status"]) == (1, "failed"), err
    assert sorted(line.partition(" is still there: ")[0] for line in scenario["left"]) == [
        "network used-net",
        "volume used-volume",
    ]
    assert Inventory.of(engine).beyond(untouched) == ["used-net", "used-volume", "user"]
    assert b"left: volume used-volume is still there" in err
    assert b"run clean" in err
    assert on_engine("clean").code == 1
    engine.cli("rm", "-f", foreign.pop())
    assert on_engine("clean").code == 0
    assert Inventory.of(engine).beyond(untouched) == []


def test_images_that_were_not_made_here_stay(on_engine: Command, engine: Engine, untouched: Inventory) -> None:
    """One that is loaded, and another name of the image that the run uses."""
    on_engine.write(
        "loaded.yaml",
        """
        title: loaded
        steps:
          - image.get: {name: alpine, save: alpine.tar}
          - image.load: {body_file: alpine.tar}
          - image.tag: {name: alpine, repo: other/name, tag: "1"}
          - create: {body: {Image: "other/name:1"}}
        """,
    )
    try:
        assert on_engine("loaded.yaml", "--format", "none").code == 0
        assert [name.rpartition("other/")[2] for name in Inventory.of(engine).beyond(untouched)] == ["name:1"]
        assert on_engine("clean").out == "nothing is left behind\n"
        assert untouched.images < Inventory.of(engine).images
    finally:
        engine.cli("rmi", "other/name:1")


def test_what_is_made_for_the_swarm(docker: Docker, on_docker: Command) -> None:
    """Services, secrets and configs, also after an update that gives other labels."""
    docker.private  # noqa: B018 - the caller's own engine is not made a swarm
    on_docker.write(
        "swarm.yaml",
        """
        title: swarm
        steps:
          - secret.create: {body: {Name: left-secret, Data: aGlkZGVu}}
          - config.create: {body: {Name: left-config, Data: b3Blbg==}}
          - request: {method: POST, path: /secrets/create, body: {Name: left-raw, Data: aGlkZGVu}}
          - network.create: {body: {Name: left-overlay, Driver: overlay}}
          - set:
              task:
                ContainerSpec: {Image: alpine, Command: [sleep, "60"], StopGracePeriod: 1000000000}
                Networks: [{Target: left-overlay}]
          - service.create: {body: {Name: left-service, TaskTemplate: "{{ task }}"}}
            capture: {service: body.ID}
          - task.list: {filters: {service: left-service}}
            retry: {times: 100, every: 100ms, until: "body[0].Status.State == 'running'"}
          - service.inspect: "{{ service }}"
            capture: {version: body.Version.Index}
          - service.update:
              id: left-service
              version: "{{ version }}"
              body: {Name: left-service, Labels: {mine: "yes"}, TaskTemplate: "{{ task }}"}
          - service.inspect: "{{ service }}"
            expect:
              that: ["body.Spec.Labels.mine == 'yes'", "'engine-recipes.run' in body.Spec.Labels"]
        """,
    )
    docker.cli("swarm", "init", "--advertise-addr", "127.0.0.1")
    try:
        docker.cli("config", "create", "--label", f"{RUN}=", "not-ours", "-", stdin=b"x")
        for options in ((), ("--keep",)):
            done = on_docker("swarm.yaml", "--format", "json", *options)
            assert done.code == 0, done.err
            assert ("left" in json.loads(done.out)["scenarios"][0]) == bool(options)
            if options:
                assert on_docker("clean").code == 0
            assert docker.cli("service", "ls", "-q") == docker.cli("secret", "ls", "-q") == ""
            assert docker.cli("config", "ls", "--format", "{{.Name}}").split() == ["not-ours"]
            assert "left-overlay" not in docker.cli("network", "ls", "--format", "{{.Name}}").split()
    finally:
        docker.cli("swarm", "leave", "--force")
