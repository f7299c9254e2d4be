"""Test that what a run creates without labels is sent as it is written, and is gone at the end all the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.labels import PREFIX
from tests.cli.helpers import Command
from tests.engines import Docker, Engine, Podman
from tests.executor.helpers import Player


def everything(engine: Engine) -> dict[str, list[Any]]:
    """The ids and names of what an engine has."""
    return {
        "containers": sorted(item["Id"] for item in engine.get("/v1.40/containers/json?all=1")),
        "networks": sorted(item["Id"] for item in engine.get("/v1.40/networks")),
        "volumes": sorted(item["Name"] for item in engine.get("/v1.40/volumes")["Volumes"] or []),
        "images": sorted(item["Id"] for item in engine.get("/v1.40/images/json?all=1")),
    }


WITHOUT_LABELS = """
    title: Without labels
    labels: false
    steps:
      - create: {body: {Image: alpine, Cmd: ["true"], Labels: {own: label}}}
        capture: {box: body.Id}
      - id: box
        inspect: "{{ box }}"
        expect: {body: {Config: {Labels: {equals: {own: label}}}}}
      - volume.create: {body: {}}
        capture: {volume: body.Name}
      - id: volume
        volume.inspect: "{{ volume }}"
      - id: commit
        image.commit: {container: "{{ box }}", repo: without, tag: labels}
        capture: {image: body.Id}
      - id: image
        image.inspect: "{{ image }}"
"""


def test_nothing_is_added_and_nothing_is_left(on_each: Player, engine: Engine) -> None:
    before = everything(engine)
    played = on_each(WITHOUT_LABELS)
    assert played.report.status == "passed", [step.error for step in played.report.scenarios[0].steps]
    assert everything(engine) == before
    requests = [step.request for step in played.report.scenarios[0].steps if step.request is not None]
    assert PREFIX not in json.dumps([[request.body, dict(request.query)] for request in requests])
    removed = [step.kind for step in played.report.scenarios[0].steps if step.phase == "cleanup"]
    assert sorted(removed) == ["container.delete", "image.delete", "volume.delete"]


def test_only_the_step_that_says_so_has_no_labels(on_docker: Player, docker: Docker) -> None:
    before = everything(docker)
    played = on_docker("""
        title: One of two
        steps:
          - {id: bare, labels: false, volume.create: {body: {Labels: {a: b}}}}
          - {id: labelled, volume.create: {body: {Labels: {a: b}}}}
    """)
    bare, labelled = (step.response.body["Labels"] for step in played.report.scenarios[0].steps[:2] if step.response)
    assert bare == {"a": "b"}
    assert len(labelled) > 1
    assert everything(docker) == before


def test_a_volume_that_was_there_before_is_not_the_runs(on_docker: Player, docker: Docker) -> None:
    docker.cli("volume", "create", "kept")
    try:
        played = on_docker("""
            title: Asked for again
            labels: false
            steps:
              - sleep: 1100ms
              - volume.create: {body: {Name: kept}}
        """)
        assert played.report.status == "passed"
        assert "kept" in everything(docker)["volumes"]
    finally:
        docker.cli("volume", "rm", "kept")


RAW = """
    title: Raw
    steps:
      - id: twice
        request:
          method: POST
          path: /volumes/create
          headers: {Content-Type: application/json}
          body: '{"Name":  "raw-a", "Labels": {"a":   "b"}}'
      - id: cut
        request: {method: POST, path: /containers/create, headers: {Content-Type: application/json}, body: '{"Image'}
        expect: {status: {one_of: [400, 500]}}
      - create: {body: {Image: alpine, Cmd: ["true"]}}
        capture: {box: body.Id}
      - id: commit
        request: {method: POST, path: "/commit?container={{ box }}"}
        expect: {status: 201}
"""


def test_a_raw_text_is_sent_as_it_is_written_and_what_it_creates_is_removed(on_docker: Player, docker: Docker) -> None:
    before = everything(docker)
    played = on_docker(RAW)
    assert played.report.status == "passed", [step.error for step in played.report.scenarios[0].steps]
    steps = {step.id: step for step in played.report.scenarios[0].steps}
    assert steps["twice"].request is not None
    assert steps["twice"].request.body == '{"Name":  "raw-a", "Labels": {"a":   "b"}}'
    assert steps["twice"].response is not None
    assert steps["twice"].response.body["Labels"] == {"a": "b"}
    assert steps["commit"].request is not None
    assert list(steps["commit"].request.query) == ["container"]
    assert everything(docker) == before


def test_what_native_endpoints_make_is_removed(on_podman: Player, podman: Podman) -> None:
    before = everything(podman)
    played = on_podman("""
        title: Native
        steps:
          - request: {method: POST, path: /v4.0.0/libpod/containers/create, body: {image: alpine, command: ["true"]}}
            expect: {status: 201}
            capture: {box: body.Id}
          - inspect: "{{ box }}"
          - request: {method: POST, path: /v4.0.0/libpod/volumes/create, body: {}}
            expect: {status: 201}
    """)
    assert played.report.status == "passed", [step.error for step in played.report.scenarios[0].steps]
    assert everything(podman) == before


def test_what_an_interrupted_run_made_without_labels_is_found_by_the_journal(tmp_path: Path, docker: Docker) -> None:
    command = Command(tmp_path, docker.url)
    command.write(
        "x.yaml",
        """
        title: Killed
        labels: false
        steps:
          - create: {body: {Image: alpine, Cmd: ["true"]}}
          - volume.create: {body: {}}
          - {id: ready, sleep: 0}
          - sleep: 60s
        """,
    )
    before = everything(docker)
    with command.started("x.yaml", "--format", "none") as process:
        assert process.stderr is not None
        assert any(b" ready " in line for line in process.stderr)
        process.kill()
        process.communicate()
    assert everything(docker) != before
    done = command("clean")
    assert done.code == 0, done
    assert everything(docker) == before


@pytest.mark.parametrize("kind", ["set: {a: 1}", "check: ['true']", "group: [{sleep: 0}]"])
def test_labels_belong_to_what_creates(tmp_path: Path, kind: str) -> None:
    command = Command(tmp_path, "unix:///nowhere")
    command.write("x.yaml", f"title: t\nsteps:\n  - {{labels: false, {kind}}}\n")
    result = command("check", "x.yaml")
    assert result.code == 3
    assert "write it on the steps that create something" in result.err
