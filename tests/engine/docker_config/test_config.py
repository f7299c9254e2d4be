"""The docker CLI's configuration file: the HTTP headers in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.engine.docker_config.config import HeaderPairs, config_folder, http_headers
from runner.engine.docker_config.resolve import EngineOptions, resolve
from runner.errors import UsageError


def headers(folder: Path, config: Any, **env: str) -> HeaderPairs:
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return http_headers(folder, env)


def test_the_folder() -> None:
    assert config_folder({"HOME": "/home/me"}) == Path("/home/me/.docker")
    assert config_folder({"HOME": "/home/me", "DOCKER_CONFIG": "/etc/docker-cli"}) == Path("/etc/docker-cli")
    assert config_folder({}) == Path("/.docker")


def test_headers_of_the_configuration(tmp_path: Path) -> None:
    assert http_headers(tmp_path, {}) == ()
    assert headers(tmp_path, {}) == ()
    assert headers(tmp_path, {"HttpHeaders": None}) == ()
    given = {"X-Api-Key": "k3y", "Authorization": "Bearer t", "User-Agent": "mine", "HOST": "elsewhere"}
    assert headers(tmp_path, {"HttpHeaders": given}) == (("X-Api-Key", "k3y"), ("Authorization", "Bearer t"))


def test_the_variable_replaces_them_all(tmp_path: Path) -> None:
    config = {"HttpHeaders": {"X-Api-Key": "k3y"}}
    assert headers(tmp_path, config, DOCKER_CUSTOM_HEADERS="") == (("X-Api-Key", "k3y"),)
    listed = 'one=one-value,"two=two,value",four=,five=five=one,five=five-two'
    assert headers(tmp_path, config, DOCKER_CUSTOM_HEADERS=listed) == (
        ("one", "one-value"),
        ("two", "two,value"),
        ("four", ""),
        ("five", "five-two"),
    )


@pytest.mark.parametrize(
    ("config", "variable", "why"),
    [
        ({"HttpHeaders": ["X-A: s3cret"]}, "", "HttpHeaders is not an object"),
        ({"HttpHeaders": {"X-A": ["s3cret"]}}, "", "the value of X-A is not a text that a header can hold"),
        ({"HttpHeaders": {"X-A": "s3cret\r\nX-B: 1"}}, "", "the value of X-A is not a text that a header can hold"),
        ({"HttpHeaders": {"X A": "s3cret"}}, "", "'X A' is not a header name"),
        ({}, "s3cret", "one of its elements has no '='"),
        ({}, '"a=s3cret', "it is not a list of NAME=VALUE with commas between"),
        ({}, "=s3cret", "'' is not a header name"),
    ],
)
def test_headers_that_cannot_be_sent(tmp_path: Path, config: Any, variable: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        headers(tmp_path, config, DOCKER_CUSTOM_HEADERS=variable)
    assert caught.value.code == "bad-http-headers"
    assert why in caught.value.message
    assert "s3cret" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("config", ["{", "[]", "nul"])
def test_a_configuration_that_cannot_be_read_has_no_headers(tmp_path: Path, config: str) -> None:
    assert headers(tmp_path, config) == ()


def test_they_belong_to_whatever_endpoint_is_chosen(tmp_path: Path) -> None:
    folder = tmp_path / ".docker"
    folder.mkdir()
    (folder / "config.json").write_text('{"HttpHeaders": {"X-Api-Key": "k3y"}}')
    env = {"HOME": str(tmp_path)}
    for options in (EngineOptions(), EngineOptions(host="tcp://engine:4000/engines/1")):
        endpoint = resolve(options, env, exists=lambda path: False)
        assert endpoint.headers == (("X-Api-Key", "k3y"),)
        assert endpoint.secrets == ("k3y",)
