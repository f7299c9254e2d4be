"""Credentials from the docker CLI's configuration; the helpers are real programs."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.engine.docker_config.credentials import Credentials
from runner.engine.registry_auth import HUB_KEY
from runner.errors import StepError

LOCAL = "localhost:5000"


def auth(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def configured(folder: Path, config: Any, env: Mapping[str, str] | None = None) -> Credentials:
    """The credentials of a configuration file with this content."""
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return Credentials(folder, {"PATH": f"{folder}:{os.environ['PATH']}", **(env or {})})


def helper(folder: Path, name: str, script: str) -> None:
    path = folder / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def refused(credentials: Credentials, host: str = LOCAL, seconds: float = 5) -> StepError:
    with pytest.raises(StepError) as caught:
        credentials.find(host, seconds)
    return caught.value


def test_without_a_configuration_there_are_none(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path / "missing", {})
    assert credentials.find(LOCAL) is None
    assert credentials.find_all() == {}


def test_user_and_password_of_the_file(tmp_path: Path) -> None:
    credentials = configured(tmp_path, {"auths": {LOCAL: {"auth": auth("anna:pass:word")}, "other": {}}})
    assert credentials.find(LOCAL) == {"username": "anna", "password": "pass:word", "serveraddress": LOCAL}
    assert credentials.find("other") is None
    assert credentials.find("nobody") is None
    assert credentials.find_all() == {LOCAL: credentials.find(LOCAL)}


def test_docker_hub_by_its_old_address(tmp_path: Path) -> None:
    credentials = configured(tmp_path, {"auths": {HUB_KEY: {"auth": auth("anna:open")}}})
    assert credentials.find("docker.io") == {"username": "anna", "password": "open", "serveraddress": HUB_KEY}
    assert list(credentials.find_all()) == [HUB_KEY]


def test_a_registry_by_its_url(tmp_path: Path) -> None:
    credentials = configured(tmp_path, {"auths": {f"https://{LOCAL}/v1/": {"auth": auth("anna:open")}}})
    assert credentials.find(LOCAL) == {"username": "anna", "password": "open", "serveraddress": LOCAL}


def test_an_identity_token_takes_the_place_of_the_password(tmp_path: Path) -> None:
    entry = {"auth": auth("anna:"), "identitytoken": "abc"}
    credentials = configured(tmp_path, {"auths": {LOCAL: entry}})
    assert credentials.find(LOCAL) == {"username": "anna", "identitytoken": "abc", "serveraddress": LOCAL}


def test_a_helper_is_asked_with_the_host_on_stdin(tmp_path: Path) -> None:
    helper(
        tmp_path,
        "own",
        f"""[ "$1" = get ] && [ "$(cat)" = {LOCAL} ] &&
        echo '{{"ServerURL":"{LOCAL}","Username":"anna","Secret":"open","Extra":1}}'""",
    )
    credentials = configured(tmp_path, {"credHelpers": {LOCAL: "own"}, "auths": {LOCAL: {"auth": auth("no:no")}}})
    assert credentials.find(LOCAL) == {"username": "anna", "password": "open", "serveraddress": LOCAL}


def test_helper_then_store_then_file(tmp_path: Path) -> None:
    helper(tmp_path, "own", """echo '{"Username":"own","Secret":"1"}'""")
    helper(
        tmp_path,
        "store",
        """case "$1" in list) echo '{"b":"store"}';; get) read -r host || true
        [ "$host" = b ] && echo '{"Username":"store","Secret":"2"}' && exit
        echo 'credentials not found in native keychain'; exit 1;; esac""",
    )
    credentials = configured(
        tmp_path, {"credHelpers": {"a": "own"}, "credsStore": "store", "auths": {"c": {"auth": auth("file:3")}}}
    )
    assert {host: (found or {}).get("username") for host, found in ((x, credentials.find(x)) for x in "abcd")} == {
        "a": "own", "b": "store", "c": "file", "d": None,
    }  # fmt: skip
    assert {host: found["username"] for host, found in credentials.find_all().items()} == {
        "a": "own", "b": "store", "c": "file",
    }  # fmt: skip


def test_a_helpers_identity_token(tmp_path: Path) -> None:
    helper(tmp_path, "own", """echo '{"Username":"<token>","Secret":"abc"}'""")
    credentials = configured(tmp_path, {"credsStore": "own"})
    assert credentials.find(LOCAL) == {"identitytoken": "abc", "serveraddress": LOCAL}


def test_each_registry_is_asked_for_once(tmp_path: Path) -> None:
    helper(tmp_path, "own", f"""echo asked >> {tmp_path}/log; echo '{{"Username":"anna","Secret":"open"}}'""")
    credentials = configured(tmp_path, {"credsStore": "own"})
    assert credentials.find(LOCAL) == credentials.find(LOCAL)
    assert (tmp_path / "log").read_text() == "asked\n"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo no keyring here >&2; exit 3", "it failed with exit code 3: no keyring here"),
        ("exit 1", "it failed with exit code 1"),
        ("echo junk", "its answer is not JSON"),
        ("true", "its answer is not JSON"),
        ("echo '[]'", "its answer has no Username and Secret"),
        ("""echo '{"Username":"anna"}'""", "its answer has no Username and Secret"),
        ("""echo '{"Username":"anna","Secret":7}'""", "its answer has no Username and Secret"),
    ],
)
def test_helpers_that_fail(tmp_path: Path, script: str, message: str) -> None:
    helper(tmp_path, "own", script)
    error = refused(configured(tmp_path, {"credsStore": "own"}))
    assert (error.code, error.message) == ("credential-helper", f"no credentials from docker-credential-own: {message}")
    assert "X-Registry-Auth" in (error.hint or "")


def test_a_helper_that_never_answers(tmp_path: Path) -> None:
    helper(tmp_path, "own", "exec sleep 60")
    error = refused(configured(tmp_path, {"credsStore": "own"}), seconds=0.3)
    assert error.message == "no credentials from docker-credential-own: it did not answer within 0.3 s"
    assert (error.code, "X-Registry-Auth" in (error.hint or "")) == ("credential-helper", True)


def test_what_a_failing_helper_printed_stays_secret(tmp_path: Path) -> None:
    helper(tmp_path, "own", """echo '{"Username":"anna","Secret":"open-sesame"}'; exit 1""")
    assert "sesame" not in refused(configured(tmp_path, {"credsStore": "own"})).message


def test_a_helper_that_is_missing(tmp_path: Path) -> None:
    error = refused(configured(tmp_path, {"credHelpers": {LOCAL: "nobody"}}))
    assert error.message == (
        "no credentials from docker-credential-nobody: it can't be started: No such file or directory"
    )
    assert str(tmp_path / "config.json") in (error.hint or "")


@pytest.mark.parametrize(
    "store",
    ["exit 1", "echo locked >&2; exit 1", "echo junk", "[ $1 = list ] && exit 1; echo '{}'", "exec sleep 60", None],
)
def test_a_build_gets_what_there_is_whichever_helper_fails(tmp_path: Path, store: str | None) -> None:
    if store is not None:
        helper(tmp_path, "store", store)
    helper(tmp_path, "own", """echo '{"Username":"own","Secret":"1"}'""")
    config = {
        "credsStore": "store",
        "credHelpers": {"a": "own", "b": "missing"},
        "auths": {"c": {"auth": "???"}, "d": 7},
    }
    credentials = configured(tmp_path, config)
    assert {key: found["username"] for key, found in credentials.find_all(2).items()} == {"a": "own"}
    assert {error.code for error in credentials.problems} <= {"bad-credentials", "credential-helper"}
    assert any("docker-credential-missing" in error.message for error in credentials.problems)
    assert refused(credentials, "b", 1).code == "credential-helper"
    assert refused(credentials, "c", 1).code in ("credential-helper", "bad-credentials")


def test_a_configuration_that_is_broken_has_nothing_for_a_build(tmp_path: Path) -> None:
    credentials = configured(tmp_path, "{")
    assert credentials.find_all() == {}
    assert [error.code for error in credentials.problems] == ["bad-credentials"] * 3


def test_helpers_for_a_build_have_the_time_together(tmp_path: Path) -> None:
    helper(tmp_path, "slow", "exec sleep 60")
    credentials = configured(tmp_path, {"credHelpers": {str(number): "slow" for number in range(50)}})
    began = time.monotonic()
    assert credentials.find_all(0.5) == {}
    assert time.monotonic() - began < 10
    assert len(credentials.problems) == 50


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "it is not a JSON object"),
        ({"auths": [], "credHelpers": [1]}, "'credHelpers' is not an object"),
        ({"auths": {LOCAL: "anna:open"}}, f"auths['{LOCAL}'] is not an object"),
        ({"auths": {LOCAL: {"auth": 7}}}, f"auths['{LOCAL}'].auth is not a text"),
        ({"auths": {LOCAL: {"auth": "???"}}}, f"auths['{LOCAL}']: 'auth' is not base64 of user:password"),
        ({"credsStore": "../../bin/sh"}, "'../../bin/sh' is not the name of a credential helper"),
        ({"credsStore": {"a": 1}}, "is not the name of a credential helper"),
    ],
)
def test_configurations_that_make_no_sense(tmp_path: Path, config: Any, message: str) -> None:
    error = refused(configured(tmp_path, config))
    assert error.code == "bad-credentials"
    assert message in error.message
    assert str(tmp_path / "config.json") in error.message
