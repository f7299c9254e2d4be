"""A registry with a password, spoken to through real engines, with credentials from every source."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.engine.docker_config.credentials import Credentials
from runner.results.records import StepRecord
from tests.engine.scripted import ok, serving
from tests.engines import Docker, Podman, Registry, start_registry
from tests.executor.helpers import Played, Player
from tests.executor.test_faults import says

ROUND_TRIP = """
    vars: {registry: "", name: app}
    steps:
      - image.tag: {name: alpine, repo: "{{ registry }}/{{ name }}", tag: "1"}
        defer: {image.remove: {name: "{{ registry }}/{{ name }}:1"}}
      - {id: push, image.push: {name: "{{ registry }}/{{ name }}", tag: "1"}}
      - {id: look, distribution.inspect: "{{ registry }}/{{ name }}:1"}
      - image.remove: "{{ registry }}/{{ name }}:1"
      - {id: pull, image.pull: {fromImage: "{{ registry }}/{{ name }}", tag: "1"}}
      - id: build
        image.build: {dockerfile: Dockerfile, pull: true, body_dir: context, q: true}
"""


def logged_in(folder: Path, registry: Registry, password: str | None = None) -> Callable[[], Credentials]:
    """Return what ``docker login`` leaves behind."""
    pair = base64.b64encode(f"{registry.user}:{password or registry.password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": pair}}}))
    return lambda: Credentials(folder, {})


def build_from(folder: Path, registry: Registry, name: str) -> None:
    (folder / "context").mkdir()
    (folder / "context" / "Dockerfile").write_text(f"FROM {registry.address}/{name}:1\nLABEL made=here\n")


def credentials_shown(step: StepRecord) -> Any:
    assert step.request is not None
    return [value for name, value in step.request.headers.items() if name.startswith("X-Registry-")]


def shows(played: Played, text: str) -> bool:
    """Return whether a text stands anywhere in what a run told, in any form that is easily undone."""
    forms = {text, base64.b64encode(text.encode()).decode().rstrip("="), json.dumps(text)}
    told = repr((played.report, played.events))
    return any(form in told for form in forms)


def test_the_configurations_credentials_are_used_by_themselves(
    on_docker: Player, registry: Registry, tmp_path: Path
) -> None:
    build_from(tmp_path, registry, "by-itself")
    played = on_docker(
        ROUND_TRIP,
        values={"registry": registry.address, "name": "by-itself"},
        credentials=logged_in(tmp_path, registry),
    )
    assert played.status == "passed", [step.error for step in played.scenario.steps if step.error]
    look = played["look"].response
    assert look is not None
    assert look.body["Descriptor"]["digest"].startswith("sha256:")
    for step in ("push", "look", "pull", "build"):
        assert credentials_shown(played[step]) == ["***"]
    assert not shows(played, registry.password)


def test_without_credentials_the_registry_refuses(on_docker: Player, registry: Registry, tmp_path: Path) -> None:
    values = {"registry": registry.address, "name": "refused"}
    played = on_docker(ROUND_TRIP, values=values)
    assert played.statuses["push"] == "failed"
    assert "no basic auth credentials" in played.error("push")[1]
    played = on_docker(ROUND_TRIP, values=values, credentials=logged_in(tmp_path, registry, "wrong-password"))
    assert played.statuses["push"] == "failed"
    assert "unauthorized: authentication required" in played.error("push")[1]
    assert not shows(played, "wrong-password")


def test_what_the_scenario_gives_wins(on_docker: Player, registry: Registry, tmp_path: Path) -> None:
    played = on_docker(
        """
        vars: {registry: "", password: ""}
        steps:
          - image.tag: {name: alpine, repo: "{{ registry }}/given", tag: "1"}
            defer: {image.remove: {name: "{{ registry }}/given:1"}}
          - id: push
            image.push:
              name: "{{ registry }}/given"
              tag: "1"
              X-Registry-Auth: {username: tester, password: "{{ password }}"}
        """,
        values={"registry": registry.address, "password": registry.password},
        credentials=logged_in(tmp_path, registry, "wrong-password"),
    )
    assert played.status == "passed", [step.error for step in played.scenario.steps if step.error]
    assert credentials_shown(played["push"]) == ["***"]
    assert not shows(played, registry.password)


@pytest.mark.parametrize(("password", "status"), [(None, "passed"), ("wrong-password", "failed")])
def test_login(on_docker: Player, registry: Registry, password: str | None, status: str) -> None:
    played = on_docker(
        """
        vars: {registry: "", password: ""}
        steps:
          - id: login
            auth: {body: {username: tester, password: "{{ password }}", serveraddress: "{{ registry }}"}}
        """,
        values={"registry": registry.address, "password": password or registry.password},
    )
    assert played.statuses == {"login": status}
    request, response = played["login"].request, played["login"].response
    assert request is not None
    assert response is not None
    assert request.body["password"] == "***"
    if status == "passed":
        assert response.body["Status"] == "Login Succeeded"
    else:
        assert "401 Unauthorized" in played.error("login")[1]
    assert not shows(played, password or registry.password)


def test_nothing_is_read_unless_a_registry_is_needed(on_docker: Player) -> None:
    def credentials() -> Credentials:
        raise AssertionError("nobody needs credentials here")

    played = on_docker("steps:\n  - image.list: {}\n  - version: {}\n", credentials=credentials)
    assert played.status == "passed"


def test_a_helper_that_fails_is_the_steps_error(on_docker: Player, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"credsStore": "nobody-has-this"}')
    played = on_docker(
        "steps:\n  - {id: pull, image.pull: {fromImage: alpine}}\n", credentials=lambda: Credentials(tmp_path, {})
    )
    assert played.statuses == {"pull": "error"}
    assert played.error("pull")[0] == "credential-helper"
    assert played["pull"].request is None, "nothing was sent"


def test_a_wrong_mapping_is_found_before_it_is_sent(on_docker: Player, docker: Docker) -> None:
    played = on_docker("""
        steps:
          - id: push
            image.push: {name: "localhost:1/app", X-Registry-Auth: {user: anna, password: open-sesame}}
    """)
    assert played.error("push") == ("bad-parameter", "X-Registry-Auth has no field 'user'")
    assert played["push"].request is None
    assert not shows(played, "open-sesame")


def test_podman_uses_them_too(podman: Podman, tmp_path: Path) -> None:
    with start_registry(podman) as registry:
        build_from(tmp_path, registry, "podman")
        played = Player(tmp_path, podman.url)(
            ROUND_TRIP.replace("- {id: look,", "- {id: look, when: engine.name == 'docker',"),
            values={"registry": registry.address, "name": "podman"},
            credentials=logged_in(tmp_path, registry),
        )
    assert played.status == "passed", [step.error for step in played.scenario.steps if step.error]
    assert played.statuses["look"] == "skipped", "Podman has no such call"
    assert not shows(played, registry.password)


IMAGE = "registry.example/team/app:1@sha256:abc"
BODY = f"body: {{Name: web, TaskTemplate: {{ContainerSpec: {{Image: '{IMAGE}'}}}}}}"
ABOUT_A_REGISTRY = {
    "image.create": "{fromImage: registry.example/app}",
    "image.push": "{name: registry.example/team/app}",
    "distribution.inspect": "registry.example/app",
    "plugin.get_privileges": "{remote: registry.example/app}",
    "plugin.pull": "{remote: registry.example/app, name: localhost:5000/mine, body: []}",
    "plugin.upgrade": "{name: localhost:5000/mine, remote: registry.example/app, body: []}",
    "plugin.push": "{name: registry.example/app}",
    "service.create": f"{{{BODY}}}",
    "service.update": f"{{id: web, version: 1, {BODY}}}",
}
NOT_ABOUT_ONE = {
    "image.create": "{fromSrc: 'http://registry.example/app.tar'}",
    "service.update": f"{{id: web, version: 1, registryAuthFrom: previous-spec, {BODY}}}",
    "service.create": "{body: {Name: web}}",
    "plugin.pull": "{remote: localhost:5000/app, body: []}",
}


def sent_header(folder: Path, step: str, name: str) -> Any:
    """The credentials in the request that a step sends, decoded."""
    auths = {
        host: {"auth": base64.b64encode(f"{user}:a-password".encode()).decode()}
        for host, user in {"registry.example": "anna", "https://index.docker.io/v1/": "hub"}.items()
    }
    (folder / "config.json").write_text(json.dumps({"auths": auths}))
    with serving(says(ok(b""))) as server:
        text = f"steps:\n  - {{id: asked, {step}}}\n"
        Player(folder, server.endpoint)(text, credentials=lambda: Credentials(folder, {}))
        head = server.requests[-1].decode()
    found = re.search(rf"^{name}: (\S+)\r$", head, re.MULTILINE)
    return json.loads(base64.urlsafe_b64decode(found[1])) if found else None


@pytest.mark.parametrize(("name", "value"), ABOUT_A_REGISTRY.items())
def test_each_operation_sends_what_its_registry_needs(tmp_path: Path, name: str, value: str) -> None:
    assert sent_header(tmp_path, f"{name}: {value}", "X-Registry-Auth") == {
        "username": "anna", "password": "a-password", "serveraddress": "registry.example",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "value"), NOT_ABOUT_ONE.items())
def test_what_needs_none_sends_none(tmp_path: Path, name: str, value: str) -> None:
    assert sent_header(tmp_path, f"{name}: {value}", "X-Registry-Auth") is None


def test_a_build_sends_those_of_every_registry(tmp_path: Path) -> None:
    found = sent_header(tmp_path, "image.build: {remote: 'http://127.0.0.1/x'}", "X-Registry-Config")
    assert {host: one["username"] for host, one in found.items()} == {
        "registry.example": "anna", "https://index.docker.io/v1/": "hub",
    }  # fmt: skip


def test_a_push_without_any_says_so_too(tmp_path: Path) -> None:
    """The engine wants the header even then."""
    assert sent_header(tmp_path, "image.push: {name: localhost:5000/app}", "X-Registry-Auth") == {}
