"""The scenario of these tests, and the list of everything that an engine has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from runner.labels import RUN
from tests.cli.helpers import Command
from tests.engines import Engine

STEPS = """
    title: One of "everything"
    vars: {wanted: pass}
    steps:
      - volume.create: {body: {Name: left-volume}}
      - request: {method: post, path: /volumes/create, body: {Name: left-raw-volume, Labels: {mine: "yes"}}}
      - network.create: {body: {Name: left-net}}
      - create:
          name: left-box
          body:
            Image: alpine
            Cmd: [sleep, "600"]
            StopSignal: SIGKILL
            HostConfig: {Binds: ["left-volume:/data"], NetworkMode: left-net}
        capture: {box: body.Id}
      - start: "{{ box }}"
      - create: {name: left-from-file, body_file: container.json}
      - for_each: [one, two]
        create: {name: "left-{{ item }}", body: {Image: alpine}}
      - request: {method: POST, path: /containers/create?name=left-raw, body_file: container.json}
      - image.build: {body_dir: context, t: "left/built:1"}
      - image.commit: {container: "{{ box }}", repo: left/committed}
      - request: {method: POST, path: "/commit?container={{ box }}", query: {repo: left/raw}, body: {}}
      - create: {name: left-of-built, body: {Image: "left/built:1", Cmd: [sleep, "600"]}}
      - include: {scenario: included.yaml}
      - {id: ready, check: ["true"]}
      - {id: ending, include: {scenario: "ending.yaml", vars: {wanted: "{{ wanted }}"}}}
"""
INCLUDED = """
    title: included
    steps:
      - parallel:
          - volume.create: {body: {Name: left-included}}
          - create: {name: left-included, body: {Image: alpine}}
"""
ENDING = """
    title: How it ends
    vars: {wanted: pass}
    steps:
      - {when: wanted == 'fail', check: [1 == 2]}
      - {when: wanted == 'error', inspect: "{{ wanted | int / 0 }}"}
      - {when: wanted == 'refused', start: there-is-none}
      - {when: wanted == 'timeout', events: {}, timeout: 500ms}
      - {when: wanted == 'long', events: {}, timeout: 10m}
      - {when: wanted == 'stuck', check: [1 == 2]}
    finally:
      - {when: wanted == 'stuck', events: {}, timeout: 10m}
"""
# The label goes into what is committed and built too; Podman keeps what a stage of a build leaves, from version 5 on
# without a label.
DOCKERFILE = """
    FROM alpine AS first
    RUN touch /made
    FROM alpine
    COPY --from=first /made /made
    ENV BUILT=yes
"""


def written(command: Command) -> Command:
    """The command, with the scenario in its folder."""
    command.write("everything.yaml", STEPS)
    command.write("included.yaml", INCLUDED)
    command.write("ending.yaml", ENDING)
    command.write("container.json", '{"Image": "alpine", "Cmd": ["true"]}')
    command.write("context/Dockerfile", DOCKERFILE)
    return command


def names_of(image: Mapping[str, Any]) -> list[str]:
    """An image's tags, or its id where a run has labelled it."""
    tags = [tag for tag in image.get("RepoTags") or () if not tag.startswith("<")]
    return tags or ([image["Id"]] if RUN in (image.get("Labels") or {}) else [])


class Inventory(NamedTuple):
    """Everything on an engine, by name or id."""

    containers: frozenset[str]
    networks: frozenset[str]
    volumes: frozenset[str]
    images: frozenset[str]

    @classmethod
    def of(cls, engine: Engine) -> Inventory:
        """List it; of the images without a name only those of a run. What a build's cache holds bears no label."""
        volumes: list[dict[str, Any]] = engine.get("/v1.40/volumes")["Volumes"] or []
        images = engine.get("/v1.40/images/json")
        return cls(
            frozenset(name.lstrip("/") for name in engine.containers().values()),
            frozenset(network["Name"] for network in engine.get("/v1.40/networks")),
            frozenset(volume["Name"] for volume in volumes),
            frozenset(name for image in images for name in names_of(image)),
        )

    def beyond(self, other: Inventory) -> list[str]:
        """Return what is here and not there."""
        return sorted(name for mine, others in zip(self, other, strict=True) for name in mine - others)
