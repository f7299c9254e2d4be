"""Test that what is written is what is read, whatever was captured."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.api.operations import find
from runner.proxy.capture.names import Names
from runner.proxy.capture.scenario import title_for
from runner.proxy.capture.values import body_of, params_of
from runner.proxy.capture.yaml_text import scenario_text
from runner.proxy.matching import call_of
from runner.scenario.yaml.loader import load
from runner.scenario.yaml.nodes import SourceFile, plain

TEXT = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    [
        "no",
        "1e3",
        "0o17",
        "0x1F",
        "1.0",
        "~",
        "null",
        "22:22",
        "2026-01-01",
        "=",
        "<<",
        "- a",
        "a: b",
        "#",
        "{{ x }}",
        "|",
        "!raw",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT.filter(bool), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_yaml_comes_back_as_it_was(value: Any) -> None:
    text = scenario_text({"title": "x"}, [{"title": "y", "value": {"body": value}}])
    read = plain(load(SourceFile.of("x.yaml", text)))
    assert read["steps"][0]["value"]["body"] == value


def params(target: str, method: str = "GET") -> dict[str, Any]:
    return params_of(call_of(method, target))


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("GET", "/containers/json?all=1&size=0&limit=-1", {"all": True}),
        ("GET", '/containers/json?filters={"label":{"b":true,"a":true}}', {"filters": {"label": ["b", "a"]}}),
        ("POST", "/containers/x/stop?t=0", {"id": "x", "t": 0}),
        ("GET", "/containers/x/logs?follow=1&tail=all&since=0&stdout=1", {"id": "x", "follow": True, "stdout": True}),
        ("POST", "/build?t=a&t=b&dockerfile=Dockerfile&rm=1&buildargs={}&labels={}&shmsize=0", {"t": ["a", "b"]}),
        ("POST", '/build?buildargs={"X":"1"}', {"buildargs": {"X": "1"}}),
    ],
)
def test_parameters_are_typed_and_without_defaults(method: str, target: str, expected: dict[str, Any]) -> None:
    assert params(target, method) == expected


def test_bodies_keep_what_means_something() -> None:
    create = find("create")
    assert create is not None
    body = {
        "Image": "alpine",
        "Tty": False,
        "Env": None,
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/d": {}},
        "StopTimeout": 0,
        "HostConfig": {"MemorySwappiness": -1, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "Init": False},
        "Unheard": 1,
    }
    assert body_of(create, body) == {
        "Image": "alpine",
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/d": {}},
        "StopTimeout": 0,
        "HostConfig": {"Init": False},
    }
    assert body_of(create, body, full=True) == body


def test_templates_of_docker_stay_as_they_are() -> None:
    names = Names({"token": "s3cret"})
    assert names.template(["{{.Names}}", "a s3cret"]) == ["{{.Names}}", "a {{ token }}"]
    text = scenario_text({"title": "x"}, [{"value": names.template({"format": "{{.Names}}"})}])
    assert "!raw" in text


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["docker", "ps"], "docker ps"),
        (["sh", "-c", "a; b"], "a; b"),
        (["python", "-c", "import x\nx()"], "python -c 'import x…"),
        (["x" * 200], f"{'x' * 79}…"),
    ],
)
def test_titles(words: list[str], title: str) -> None:
    assert title_for(words) == title
