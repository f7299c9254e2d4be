"""The operation table: what it says, and that asking it is cheap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.api import operations
from runner.api.operations import Operation, find


def known(name: str) -> Operation:
    operation = find(name)
    assert operation is not None, name
    return operation


def test_each_operation_has_its_own_request_and_the_readme_counts_them() -> None:
    every = operations.all_operations()
    assert len({(operation.method, operation.path) for operation in every}) == len(every)
    readme = Path(__file__).parents[2].joinpath("README.md").read_text()
    assert f"lists all {len(every)} " in readme


def test_an_operation_is_found_by_name_alias_and_id() -> None:
    by_name = known("container.delete")
    assert known("remove") is by_name
    assert known("container.remove") is by_name
    assert operations.by_id("ContainerDelete") is by_name
    assert find("container.destroy") is None
    assert operations.by_id("ContainerDestroy") is None


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("image.pull", "image.create"),
        ("image.save", "image.get"),
        ("df", "system.data_usage"),
        ("exec", "container.exec"),
        ("put_archive", "container.put_archive"),
        ("put.container_archive", "container.put_archive"),
        ("get.plugin_privileges", "plugin.get_privileges"),
        ("login", "system.auth"),
    ],
)
def test_words_that_people_say(alias: str, name: str) -> None:
    assert known(alias).name == name


def test_paths_and_path_parameters_agree() -> None:
    for operation in operations.all_operations():
        for param in operation.path_params:
            assert f"{{{param.name}}}" in operation.path
            assert param.required
        assert operation.path.count("{") == len(operation.path_params)


@pytest.mark.parametrize(
    ("name", "sole"),
    [
        ("start", "id"),
        ("exec.start", "id"),
        ("image.inspect", "name"),
        ("image.push", "name"),
        ("rename", None),
        ("create", None),
        ("info", None),
        ("plugin.get_privileges", None),
    ],
)
def test_a_bare_value_stands_for_the_only_parameter_that_is_needed(name: str, sole: str | None) -> None:
    param = known(name).sole_param
    assert (param.name if param else None) == sole


@pytest.mark.parametrize(
    ("name", "params", "body", "answer", "endless"),
    [
        ("stats", {}, None, "items", True),
        ("stats", {"stream": False}, None, "json", False),
        ("stats", {"stream": 0}, None, "json", False),
        ("stats", {"stream": "0"}, None, "json", False),
        ("stats", {"stream": "true"}, None, "items", True),
        ("logs", {}, None, "output", False),
        ("logs", {"follow": True}, None, "output", True),
        ("events", {}, None, "items", True),
        ("events", {"until": 0}, None, "items", False),
        ("attach", {"stream": True}, None, "output", False),
        ("exec.start", {}, None, "output", False),
        ("exec.start", {}, {"Detach": True}, "none", False),
        ("exec.start", {}, {"Detach": False}, "output", False),
        ("image.pull", {}, None, "progress", False),
        ("image.save", {}, None, "tar", False),
        ("ping", {}, None, "text", False),
        ("ping_head", {}, None, "none", False),
        ("session", {}, None, "upgrade", False),
    ],
)
def test_what_an_answer_is(name: str, params: dict[str, Any], body: Any, answer: str, endless: bool) -> None:
    operation = known(name)
    assert operation.answer_for(params, body) == answer
    assert operation.is_endless(params) is endless


def test_a_detached_exec_asks_for_no_upgrade() -> None:
    assert known("exec.start").upgrade_for({}) == "tcp"
    assert known("exec.start").upgrade_for({"Detach": True}) is None
    assert known("attach_websocket").upgrade_for() == "websocket"


@pytest.mark.parametrize(
    ("name", "params", "place"),
    [
        ("create", {}, "body.Labels"),
        ("image.build", {}, None),
        ("image.pull", {"fromImage": "alpine"}, None),
        ("image.import", {"fromSrc": "-"}, "query.changes"),
        ("image.commit", {}, "query.changes"),
        ("start", {}, None),
    ],
)
def test_where_labels_go(name: str, params: dict[str, Any], place: str | None) -> None:
    assert known(name).labels_for(params) == place


def test_where_a_terminal_comes_in() -> None:
    facts = {one.name: one.tty for one in operations.all_operations() if one.tty}
    assert facts == {
        "container.create": "creates",
        "container.exec": "creates",
        "exec.start": "body",
        "container.attach": "container",
        "container.logs": "container",
        "container.attach_websocket": "always",
    }


def test_whatever_takes_credentials_says_of_which_registry() -> None:
    for operation in operations.all_operations():
        takes_credentials = any(param.type == "auth" for param in operation.params)
        assert takes_credentials == (operation.registry in ("all", "reference")), operation.name
        assert (operation.image is not None) == (operation.registry == "reference"), operation.name
    assert {one.name for one in operations.all_operations() if one.registry == "login"} == {"system.auth"}
    assert {one.name for one in operations.all_operations() if one.build_context} == {"image.build"}


SERVICE = {"TaskTemplate": {"ContainerSpec": {"Image": "registry.test/web:1"}}}


@pytest.mark.parametrize(
    ("name", "params", "body", "reference"),
    [
        ("image.pull", {"fromImage": "alpine"}, None, "alpine"),
        ("image.import", {"fromSrc": "-"}, None, None),
        ("image.push", {"name": "registry.test/web"}, None, "registry.test/web"),
        ("plugin.pull", {"remote": "vieux/sshfs", "name": "sshfs"}, [], "vieux/sshfs"),
        ("image.build", {"remote": "https://example.org/x.git"}, None, None),
        ("service.create", {}, SERVICE, "registry.test/web:1"),
        ("service.create", {}, {"TaskTemplate": None}, None),
        ("service.update", {"id": "web", "version": 1}, SERVICE, "registry.test/web:1"),
        ("service.update", {"id": "web", "version": 1, "registryAuthFrom": "spec"}, SERVICE, None),
        ("service.update", {"id": "web", "version": 1, "rollback": "previous"}, SERVICE, None),
        ("start", {"id": "web"}, None, None),
    ],
)
def test_the_reference_that_names_the_registry(
    name: str, params: dict[str, Any], body: Any, reference: str | None
) -> None:
    assert known(name).image_reference(params, body) == reference


def test_what_pulls_pushes_builds_loads_or_saves_has_more_time() -> None:
    slow = {one.name for one in operations.all_operations() if one.slow}
    assert slow == {
        *("image.create", "image.push", "image.build", "image.load", "image.get", "image.get_all"),
        *("plugin.pull", "plugin.push", "plugin.upgrade"),
    }


@pytest.mark.parametrize(
    ("name", "version", "shown"),
    [
        ("create", "1.41", "1.41"),
        ("config.list", "1.25", "1.30"),
        ("create", "1.9", "1.25"),
        ("info", "9.9", operations.newest_api()),
    ],
)
def test_the_reference_of_the_nearest_version_that_has_it(name: str, version: str, shown: str) -> None:
    operation = known(name)
    url = f"https://docs.docker.com/reference/api/engine/version/v{shown}/#operation/{operation.id}"
    assert operation.reference(version) == url


@pytest.mark.parametrize(
    ("name", "success"),
    [("start", (204, 304)), ("stop", (204, 304)), ("attach", (101, 200)), ("exec.start", (101, 200)), ("kill", (204,))],
)
def test_statuses_that_are_a_success(name: str, success: tuple[int, ...]) -> None:
    assert known(name).success == success


def test_versions_are_compared_by_number() -> None:
    assert operations.version_key("1.9") < operations.version_key("1.10") < operations.version_key("2.0")


def test_finding_one_operation_reads_nothing_but_the_table() -> None:
    code = (
        "import __future__, sys, json, pathlib, dataclasses, typing; before = set(sys.modules)\n"
        "from runner.api import operations; operations.find('start')\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["runner", "runner.api", "runner.api.operations"]
