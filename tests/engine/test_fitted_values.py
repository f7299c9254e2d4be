"""Computed values are fitted to what the API wants as written ones are; what does not fit is an error of its field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runner.api.operations import find
from runner.engine.requests import build, build_raw
from runner.errors import FieldError
from runner.spelling import spelled


def create(**body: Any) -> Any:
    operation = find("create")
    assert operation is not None
    content = build(operation, {}, body=body, api_version="1.41").body
    assert isinstance(content, bytes)
    return json.loads(content)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"Labels": {"v": spelled(3.2, "3.20"), "o": spelled(16, "0x10")}}, {"Labels": {"v": "3.20", "o": "0x10"}}),
        ({"Cmd": ["sleep", 30, True]}, {"Cmd": ["sleep", "30", "true"]}),
        ({"HostConfig": {"NanoCpus": 5e8, "Memory": 1.0}}, {"HostConfig": {"NanoCpus": 500000000, "Memory": 1}}),
        ({"StopTimeout": None, "Env": None}, {"StopTimeout": None, "Env": None}),
        ({"HostConfig": {"RestartPolicy": {"Name": ""}}}, {"HostConfig": {"RestartPolicy": {"Name": ""}}}),
        ({"Unknown": {"a": [1, "x"]}}, {"Unknown": {"a": [1, "x"]}}),
    ],
)
def test_what_fits_a_body(body: dict[str, Any], sent: Any) -> None:
    found = create(**body)
    assert found == sent
    assert json.dumps(found) == json.dumps(sent)


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"Tty": "false"}, ("body", "Tty"), 'Tty must be true or false, not "false"'),
        (
            {"HostConfig": {"Memory": "64m"}},
            ("body", "HostConfig", "Memory"),
            'HostConfig.Memory must be a whole number, not "64m"',
        ),
        ({"HostConfig": {"CpuShares": 2.5}}, ("body", "HostConfig", "CpuShares"), "HostConfig.CpuShares must be"),
        ({"Env": {"A": 1}}, ("body", "Env"), 'Env must be a list, not {"A": 1}'),
        ({"Cmd": [["x"]]}, ("body", "Cmd", 0), 'Cmd.0 must be a text, not ["x"]'),
        ({"Labels": "a=b"}, ("body", "Labels"), 'Labels must be a mapping, not "a=b"'),
        (
            {"HostConfig": {"RestartPolicy": {"Name": "alwys"}}},
            ("body", "HostConfig", "RestartPolicy", "Name"),
            "can't be",
        ),
    ],
)
def test_what_does_not_fit_a_body(body: dict[str, Any], field: tuple[str | int, ...], message: str) -> None:
    with pytest.raises(FieldError, match=r"must be|can't be") as caught:
        create(**body)
    assert caught.value.field == field
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("name", "params", "field"),
    [
        ("list", {"all": "yes"}, "all"),
        ("list", {"limit": "5"}, "limit"),
        ("list", {"filters": "x"}, "filters"),
        ("logs", {"id": "x", "since": "then"}, "since"),
        ("start", {"id": ""}, "id"),
        ("list", {"alll": True}, "alll"),
    ],
)
def test_what_does_not_fit_a_parameter(name: str, params: dict[str, Any], field: str) -> None:
    operation = find(name)
    assert operation is not None
    with pytest.raises(FieldError) as caught:
        build(operation, params, api_version="1.41")
    assert caught.value.field == (field,)


def test_a_time_keeps_its_digits() -> None:
    operation = find("logs")
    assert operation is not None
    since = spelled(1700000000.123456789, "1700000000.123456789")
    sent = build(operation, {"id": "x", "since": since}, api_version="1.41")
    assert ("since", "1700000000.123456789") in sent.query


def test_a_part_of_a_raw_request() -> None:
    with pytest.raises(FieldError) as caught:
        build_raw("GET", "/info", headers={"X-A": ["x"]}, api_version="1.41")
    assert caught.value.field == ("headers", "X-A")
