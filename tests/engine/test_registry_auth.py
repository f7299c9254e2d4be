"""References and the headers that carry credentials, without a registry."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.registry_auth import HUB_KEY, encode, host_of, key_of, secrets_in, split_auth
from runner.errors import StepError

AUTH, CONFIG = "X-Registry-Auth", "X-Registry-Config"
DIGEST = "sha256:" + "0123456789abcdef" * 4


def decoded(header: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(header))


@pytest.mark.parametrize(
    ("reference", "host"),
    [
        ("alpine", "docker.io"),
        ("alpine:3.20", "docker.io"),
        ("team/app:1.0", "docker.io"),
        ("docker.io/library/alpine", "docker.io"),
        ("index.docker.io/team/app", "docker.io"),
        (f"alpine@{DIGEST}", "docker.io"),
        ("localhost/app", "localhost"),
        ("localhost:5000/app", "localhost:5000"),
        (f"localhost:5000/team/app:1.0@{DIGEST}", "localhost:5000"),
        ("registry.example/team/app", "registry.example"),
        ("[::1]:5000/app", "[::1]:5000"),
        ("REGISTRY/app", "REGISTRY"),
        ("localhost", "docker.io"),
        ("", "docker.io"),
    ],
)
def test_the_registry_of_a_reference(reference: str, host: str) -> None:
    assert host_of(reference) == host


def test_docker_hub_has_a_key_of_its_own() -> None:
    assert (key_of("docker.io"), key_of("localhost:5000")) == (HUB_KEY, "localhost:5000")


@given(
    st.dictionaries(
        st.sampled_from(["username", "password", "identitytoken"]), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_credentials_arrive_as_they_were(fields: dict[str, str]) -> None:
    header = encode(AUTH, fields)
    assert decoded(header) == fields
    assert len(header) % 4 == 0, "padded, else engines ignore it"
    assert not set(header) & set("+/\r\n")
    assert encode(AUTH, header) == header


def test_numbers_become_text_and_nothing_is_left_out() -> None:
    assert decoded(encode(AUTH, {"username": 7, "password": 12345, "email": None})) == {
        "username": "7", "password": "12345",
    }  # fmt: skip
    assert decoded(encode(AUTH, {})) == {}


def test_the_configurations_own_form_is_taken_apart() -> None:
    both = base64.b64encode(b"anna:pass:word").decode()
    assert decoded(encode(AUTH, {"auth": both})) == {"username": "anna", "password": "pass:word"}


def test_credentials_of_many_registries() -> None:
    given = {"localhost:5000": {"username": "anna", "password": "open"}, HUB_KEY: {"identitytoken": "abc"}}
    assert decoded(encode(CONFIG, given)) == given


@pytest.mark.parametrize(
    ("name", "value", "message", "hint"),
    [
        (AUTH, {"user": "anna"}, "has no field 'user'", "did you mean 'username'?"),
        (AUTH, {"Username": "anna"}, "has no field 'Username'", "did you mean 'username'?"),
        (AUTH, {"password": ["open"]}, "X-Registry-Auth.password must be a text", ""),
        (AUTH, {"password": True}, "X-Registry-Auth.password must be a text", ""),
        (AUTH, {"auth": {"username": "anna"}}, "X-Registry-Auth.auth must be a text", ""),
        (AUTH, {"auth": "***"}, "'auth' is not base64 of user:password", ""),
        (AUTH, {"localhost:5000": {"username": "anna"}}, "has no field 'localhost:5000'", "there are: username"),
        (AUTH, "anna:open", "not padded base64url of a JSON object", "give a mapping"),
        (AUTH, ["anna"], "not padded base64url of a JSON object", "give a mapping"),
        (
            AUTH,
            base64.b64encode(b'{"username":"anna"}').decode().rstrip("="),
            "not padded base64url",
            "give a mapping",
        ),
        (AUTH, base64.b64encode(b'{"username":"~~~"}').decode(), "not padded base64url", "give a mapping"),
        (AUTH, base64.urlsafe_b64encode(b"[]").decode(), "not padded base64url of a JSON object", "give a mapping"),
        (AUTH, base64.urlsafe_b64encode(b'{"username":["anna"]}').decode(), "username must be a text", ""),
        (CONFIG, {"username": "anna"}, "X-Registry-Config.username must be a mapping such as", ""),
        (CONFIG, {"localhost": {"name": "anna"}}, "X-Registry-Config.localhost has no field 'name'", "'username'"),
    ],
)
def test_what_the_engine_would_silently_ignore(name: str, value: Any, message: str, hint: str) -> None:
    with pytest.raises(StepError) as caught:
        encode(name, value)
    assert caught.value.code == "bad-parameter"
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert "open" not in caught.value.message, "what is wrong may be a password"


def test_what_is_secret_is_found_at_any_depth() -> None:
    value = {"a": {"username": "anna", "password": "one"}, "identitytoken": "two", "b": {"auth": "three", "email": "x"}}
    assert sorted(secrets_in(value)) == ["one", "three", "two"]
    assert list(secrets_in("text")) == []


@pytest.mark.parametrize("text", ["", "anna", "YW5uYQ==", "/w=="])
def test_what_is_no_user_and_password(text: str) -> None:
    with pytest.raises(ValueError, match="user:password"):
        split_auth(text)
