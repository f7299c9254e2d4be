"""Test what is known of request bodies, and of what an API version lacks."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.api.bodies import fitted, since_of, unknown_fields, until_of
from runner.api.compatibility import missing_in
from runner.api.missing import MISSING
from runner.api.operations import Operation, all_operations, find
from runner.errors import FieldError


def known(name: str) -> Operation:
    operation = find(name)
    assert operation is not None, name
    return operation


CREATE = known("create")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"Comand": 1}, [((), "Comand", "Cmd")]),
        ({"image": "alpine"}, [((), "image", "Image")]),
        ({"HostConfig": {"PortBinding": {}}}, [(("HostConfig",), "PortBinding", "PortBindings")]),
        (
            {"HostConfig": {"PortBindings": {"80/tcp": [{}, {"HostPrt": 1}]}}},
            [(("HostConfig", "PortBindings", "80/tcp", 1), "HostPrt", "HostPort")],
        ),
        ({"Qqqqqq": {"Cmd": 1}}, [((), "Qqqqqq", None)]),
    ],
)
def test_a_typo_in_a_body_is_found(body: Any, found: Any) -> None:
    assert list(unknown_fields(CREATE, body)) == found


@pytest.mark.parametrize(
    "body",
    [
        {"Labels": {"anything": "goes"}, "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/data": {}}},
        {"HostConfig": {"Sysctls": {"net.x": "1"}, "LogConfig": {"Type": "local", "Config": {"max-size": "1m"}}}},
        {"NetworkingConfig": {"EndpointsConfig": {"demo": {"Aliases": ["a"]}}}},
        {"{{ name }}": 1, "HostConfig": "{{ config }}"},
        {"HostConfig": {"KernelMemory": 1}},
        "{{ body }}",
        None,
        [],
    ],
)
def test_free_names_templates_and_retired_fields_are_no_typos(body: Any) -> None:
    assert list(unknown_fields(CREATE, body)) == []


def test_of_many_unknown_fields_no_more_are_compared_than_are_asked_for() -> None:
    body = {f"Imagx{number}": number for number in range(40_000)}
    started = time.process_time()
    assert next(unknown_fields(CREATE, body)) == ((), "Imagx0", "Image")
    assert time.process_time() - started < 0.5


def test_what_fits_is_left_alone() -> None:
    body = {"Cmd": [1, True, "x"], "Tty": False, "HostConfig": {"CpuShares": 5, "Ulimits": [{"Name": 1, "Soft": 2}]}}
    assert fitted(CREATE, body) == {
        "Cmd": ["1", "true", "x"],
        "Tty": False,
        "HostConfig": {"CpuShares": 5, "Ulimits": [{"Name": "1", "Soft": 2}]},
    }


@pytest.mark.parametrize(
    ("path", "since", "until"),
    [
        (("Image",), "1.25", None),
        (("HostConfig", "Annotations"), "1.43", None),
        (("HostConfig", "Annotations", "any"), "1.43", None),
        (("HostConfig", "Mounts", 3, "ImageOptions", "Subpath"), "1.48", None),
        (("HostConfig", "KernelMemory"), "1.25", "1.41"),
        (("Cmd", 0), "1.25", None),
        (("HostConfig", "PortBindings", "80/tcp", 0, "HostPort"), "1.25", None),
    ],
)
def test_the_versions_of_a_field(path: tuple[str | int, ...], since: str, until: str | None) -> None:
    assert since_of(CREATE, path) == since
    assert until_of(CREATE, path) == until


def lacks(name: str, params: dict[str, Any], body: Any, version: str) -> list[str]:
    return [str(one) for one in missing_in(known(name), params, body, version)]


def test_what_a_version_lacks() -> None:
    assert lacks("config.list", {}, MISSING, "1.29") == ["the operation config.list needs API 1.30"]
    assert lacks("stop", {"id": "x", "signal": "INT", "t": 1}, MISSING, "1.41") == [
        "the parameter signal needs API 1.42"
    ]
    assert lacks("stop", {"id": "x", "signal": None}, MISSING, "1.41") == []
    body = {"HostConfig": {"Mounts": [{"ImageOptions": {"Subpath": "x"}}], "Annotations": {"a": "b"}}}
    assert lacks("create", {}, body, "1.41") == [
        "the field HostConfig.Mounts.0.ImageOptions needs API 1.48",
        "the field HostConfig.Annotations needs API 1.43",
    ]
    assert lacks("create", {}, body, "1.48") == []


def test_what_is_gone_again() -> None:
    assert lacks("build.prune", {"keep-storage": 1}, MISSING, "1.51") == []
    assert lacks("build.prune", {"keep-storage": 1}, MISSING, "1.52") == [
        "the parameter keep-storage is gone after API 1.51"
    ]
    assert lacks("create", {}, {"HostConfig": {"KernelMemory": 1}}, "1.42") == [
        "the field HostConfig.KernelMemory is gone after API 1.41"
    ]


def test_the_paths_of_what_is_lacking_lead_into_the_call() -> None:
    (lack,) = missing_in(CREATE, {}, {"HostConfig": {"Annotations": {}}}, "1.42")
    assert (lack.kind, lack.path, lack.since) == ("field", ("body", "HostConfig", "Annotations"), "1.43")
    (lack,) = missing_in(CREATE, {"platform": "x"}, MISSING, "1.40")
    assert (lack.kind, lack.path) == ("parameter", ("platform",))


def test_an_api_that_is_newer_than_the_table_lacks_nothing() -> None:
    for operation in all_operations():
        params = {param.name: "x" for param in operation.params if not param.until}
        assert missing_in(operation, params, MISSING, "1.99") == []


NAMES = st.sampled_from(
    ["HostConfig", "Mounts", "Labels", "Cmd", "PortBindings", "80/tcp", "Nonsense", "Healthcheck", ""]
)
BODIES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
)


@given(BODIES)
def test_no_body_is_too_strange(body: Any) -> None:
    for path, name, _ in unknown_fields(CREATE, body):
        inner = body
        for part in path:
            inner = inner[part]
        assert name in inner
    with contextlib.suppress(FieldError):
        fitted(CREATE, body)
    missing_in(CREATE, {}, body, "1.30")
