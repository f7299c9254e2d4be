"""Requests as they go on the wire, without a wire."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.api.missing import MISSING
from runner.api.operations import Operation, all_operations, find
from runner.engine.parameters import typed_params
from runner.engine.requests import build, build_raw
from runner.engine.transport import Request
from runner.errors import StepError


class Bytes:
    """A body that comes in pieces."""

    size = 3
    label = "@x.tar"

    def chunks(self) -> Iterator[bytes]:
        yield b"tar"

    def recorded_chunks(self) -> Iterator[bytes]:
        return self.chunks()


def known(name: str) -> Operation:
    operation = find(name)
    assert operation is not None, name
    return operation


def request(name: str, params: dict[str, Any] | None = None, **more: Any) -> Request:
    return build(known(name), params or {}, api_version="1.41", **more)


def query(operation: str, /, **params: Any) -> list[tuple[str, str]]:
    return list(request(operation, params).query)


def refused(name: str, params: dict[str, Any], **more: Any) -> StepError:
    with pytest.raises(StepError) as caught:
        request(name, params, **more)
    return caught.value


def test_a_create() -> None:
    made = request("create", {"name": "web", "platform": None}, body={"Image": "alpine", "Cmd": ["ls"]})
    assert (made.method, made.target) == ("POST", "/v1.41/containers/create?name=web")
    assert made.headers == (("Content-Type", "application/json"),)
    assert made.body == b'{"Image":"alpine","Cmd":["ls"]}'


def test_a_start_has_neither_body_nor_query() -> None:
    assert request("start", {"id": "c0ffee"}) == Request("POST", "/v1.41/containers/c0ffee/start")


@pytest.mark.parametrize(("value", "sent"), [(True, "1"), (False, "0"), (1, "1"), (0, "0")])
def test_flags_are_ones_and_zeros(value: Any, sent: str) -> None:
    assert query("list", all=value) == [("all", sent)]


@pytest.mark.parametrize("value", ["yes", "true", "1", 2, None, [], {}, "", 1.5])
def test_what_is_no_flag_is_refused(value: Any) -> None:
    if value is None:
        assert query("list", all=value) == []
    else:
        assert refused("list", {"all": value}).code == "bad-parameter"


def test_filters_are_lists_of_strings() -> None:
    ((name, text),) = query("list", filters={"status": "running", "label": ["a=1", 2], "dangling": True, "x": None})
    assert name == "filters"
    assert json.loads(text) == {"status": ["running"], "label": ["a=1", "2"], "dangling": ["true"]}


@pytest.mark.parametrize("value", ["status=running", ["a"], {"label": {"a": "1"}}])
def test_filters_of_another_form_are_refused(value: Any) -> None:
    assert refused("list", {"filters": value}).code == "bad-parameter"


def test_names_are_repeated_and_json_is_not() -> None:
    assert query("image.save_all", names=["a", "b"]) == [("names", "a"), ("names", "b")]
    clean = ("forcerm", "1")
    assert query("image.build", t="a") == [("t", "a"), clean]
    assert query("image.build", t=["a", 1], forcerm=False) == [("t", "a"), ("t", "1"), ("forcerm", "0")]
    assert query("image.build", buildargs={"A": 1, "B": None, "C": True}) == [
        clean,
        ("buildargs", '{"A":"1","B":null,"C":"true"}'),
    ]
    assert query("image.build", cachefrom=["a", "b"]) == [("cachefrom", '["a","b"]'), clean]
    assert query("image.remove", name="x", platforms=[{"os": "linux"}]) == [("platforms", '{"os":"linux"}')]
    assert query("image.remove", name="x", platforms={"os": "linux"}) == [("platforms", '{"os":"linux"}')]


def test_t_is_seconds_in_stop() -> None:
    assert query("stop", id="x", t=3) == query("stop", id="x", t=3.0) == [("t", "3")]
    assert refused("stop", {"id": "x", "t": True}).message == "t must be a whole number, not true"
    assert refused("stop", {"id": "x", "t": "3"}).message == 't must be a whole number, not "3"'
    assert refused("stop", {"id": "x", "t": 2.5}).code == "bad-parameter"


def test_a_number_that_the_engine_reads_even_where_it_is_not_there() -> None:
    assert request("plugin.enable", {"name": "p"}).query == (("timeout", "0"),)
    assert request("plugin.enable", {"name": "p", "timeout": 3}).query == (("timeout", "3"),)


@pytest.mark.parametrize(
    ("since", "sent", "typed"),
    [
        (1700000000, "1700000000", 1700000000),
        (1700000000.5, "1700000000.5", 1700000000.5),
        ("1700000000.123456789", "1700000000.123456789", "1700000000.123456789"),
        ("2026-01-31T12:00:00.5+01:00", "1769857200.5", 1769857200.5),
    ],
)
def test_times(since: Any, sent: str, typed: Any) -> None:
    made = request("logs", {"id": "x", "since": since})
    assert made.query == (("since", sent),)
    assert made.relative == ()
    assert typed_params(known("logs"), {"id": "x", "since": since})["since"] == typed


def test_a_relative_time_counts_back_from_now_and_stays_as_it_was_written() -> None:
    made = request("events", {"since": "10m", "until": " 1.5s "}, now=1_700_000_000_250_000_000)
    assert made.target == "/v1.41/events?since=1699999400.25&until=1699999998.75"
    assert made.lasting_query == (("since", "10m"), ("until", "1.5s"))
    assert typed_params(known("events"), {"since": "10m", "until": "1.5s"}) == {"since": "10m", "until": "1.5s"}


def test_what_is_no_time_is_refused() -> None:
    error = refused("events", {"since": "yesterday"})
    assert error.code == "bad-parameter"
    assert error.message == (
        "since must be a time: Unix seconds with up to nine decimals, RFC 3339, or a duration before now such as 10m,"
        ' not "yesterday"'
    )


def test_allowed_values() -> None:
    assert query("df", type=["image", "volume"]) == [("type", "image"), ("type", "volume")]
    assert refused("wait", {"id": "x", "condition": "next-exist"}).hint == "did you mean 'next-exit'?"


@pytest.mark.parametrize(
    ("name", "params", "path"),
    [
        ("image.inspect", {"name": "registry:5000/team/app:1.0"}, "/v1.41/images/registry:5000/team/app:1.0/json"),
        ("image.inspect", {"name": "a@sha256:b"}, "/v1.41/images/a@sha256:b/json"),
        ("image.inspect", {"name": "a b?c#d%"}, "/v1.41/images/a%20b%3Fc%23d%25/json"),
        ("plugin.inspect", {"name": "vieux/sshfs:latest"}, "/v1.41/plugins/vieux/sshfs:latest/json"),
        ("distribution.inspect", {"name": "a/b"}, "/v1.41/distribution/a/b/json"),
        ("inspect", {"id": "/web"}, "/v1.41/containers/web/json"),
        ("inspect", {"id": 12}, "/v1.41/containers/12/json"),
        ("volume.inspect", {"name": "a:b@c"}, "/v1.41/volumes/a%3Ab%40c"),
    ],
)
def test_paths(name: str, params: dict[str, Any], path: str) -> None:
    assert request(name, params).path == path


@pytest.mark.parametrize("value", ["", ".", "..", "/", "a/b", "../info", "a/../b", "x\ud800", [], {}])
def test_an_id_that_would_lead_elsewhere_is_refused(value: Any) -> None:
    assert refused("inspect", {"id": value}).code == "bad-parameter"


@pytest.mark.parametrize("value", ["", "/a", "a/", "a//b", "a/../b", "./a", ".."])
def test_a_reference_that_would_lead_elsewhere_is_refused(value: str) -> None:
    assert refused("image.inspect", {"name": value}).code == "bad-parameter"


def test_unknown_and_missing_parameters() -> None:
    unknown = refused("stats", {"id": "x", "steam": True})
    assert (unknown.code, unknown.hint) == ("unknown-parameter", "did you mean 'stream'?")
    assert refused("rename", {"id": "x", "name": None}).code == "missing-parameter"
    assert refused("info", {"x": 1}).hint == "it has none"


def test_credentials_are_padded_base64url() -> None:
    credentials = {"username": "ü", "password": "??>>~~"}
    headers = dict(request("image.push", {"name": "x", "X-Registry-Auth": credentials}).headers)
    text = headers["X-Registry-Auth"]
    assert len(text) % 4 == 0
    assert not set(text) & set("+/")
    assert json.loads(base64.urlsafe_b64decode(text)) == credentials
    assert dict(request("image.push", {"name": "x", "X-Registry-Auth": text}).headers) == headers


def test_a_push_needs_credentials_and_a_pull_does_not() -> None:
    assert ("X-Registry-Auth", "e30=") in request("image.push", {"name": "x"}).headers
    assert "X-Registry-Auth" not in dict(request("image.pull", {"fromImage": "x"}).headers)


@pytest.mark.parametrize("text", ["nonsense", "bm90IGpzb24=", "W10=", "🙂"])
def test_credentials_that_an_engine_would_silently_ignore_are_refused(text: str) -> None:
    assert refused("image.pull", {"X-Registry-Auth": text}).code == "bad-parameter"


def test_formats_are_pinned_where_they_would_depend_on_the_client() -> None:
    assert ("Accept", "application/json") in request("events").headers
    assert ("Accept-Encoding", "identity") in request("archive", {"id": "x", "path": "/"}).headers
    assert request("list").headers == ()


def test_upgrades() -> None:
    assert request("attach", {"id": "x"}).upgrade == "tcp"
    assert request("session").upgrade == "h2c"
    started = request("exec.start", {"id": "x"})
    assert (started.upgrade, started.body) == ("tcp", b"{}")
    assert request("exec.start", {"id": "x"}, body={"Detach": True}).upgrade is None


def test_numbers_become_strings_where_the_body_wants_them() -> None:
    body = {
        "Cmd": ["sleep", 30],
        "Tty": True,
        "StopTimeout": 3,
        "Env": None,
        "Labels": {"a": 1, "b": False},
        "HostConfig": {"Memory": 5, "PortBindings": {"80/tcp": [{"HostPort": 8080}]}},
        "Unheard": {"of": 1},
    }
    sent = request("create", body=body).body
    assert isinstance(sent, bytes)
    assert json.loads(sent) == {
        **body,
        "Cmd": ["sleep", "30"],
        "Labels": {"a": "1", "b": "false"},
        "HostConfig": {"Memory": 5, "PortBindings": {"80/tcp": [{"HostPort": "8080"}]}},
    }


@pytest.mark.parametrize("body", [{"Memory": float("nan")}, {"x": object()}, {"x": "\ud800"}, {("a",): 1}])
def test_a_body_that_is_not_json_is_refused(body: Any) -> None:
    assert refused("create", {}, body=body).code in ("bad-body", "bad-parameter")


def test_null_is_a_body() -> None:
    assert request("create", body=None).body == b"null"
    assert request("create", body=MISSING).body is None


def test_uploads() -> None:
    upload = Bytes()
    made = request("image.build", {"t": "x"}, upload=upload)
    assert made.body is upload
    assert ("Content-Type", "application/x-tar") in made.headers
    assert ("Content-Type", "application/json") in request("create", upload=upload).headers
    assert refused("image.build", {}, body={}).hint == "use body_file or body_dir"
    assert refused("info", {}, body={}).code == "bad-body"


def test_more_headers_win_and_smuggle_nothing() -> None:
    made = request("events", headers={"accept": "application/x-ndjson", "X-Meta": "1"})
    assert made.headers == (("accept", "application/x-ndjson"), ("X-Meta", "1"))
    for name, value in (("X", "a\r\nY: b"), ("X: a", "b"), ("", "b"), ("X", "snow ☃")):
        assert refused("info", {}, headers={name: value}).code == "bad-parameter"


def raw(method: str, path: str, *args: Any, **more: Any) -> Request:
    return build_raw(method, path, *args, api_version="1.41", **more)


def test_a_raw_request() -> None:
    made = raw("get", "/containers/json?all=1", {"size": True, "x": [1, "b"], "filters": {"a": ["b"]}, "no": None})
    expected = "/v1.41/containers/json?all=1&size=1&x=1&x=b&filters=%7B%22a%22%3A%5B%22b%22%5D%7D"
    assert (made.method, made.target) == ("GET", expected)


def test_a_raw_path_keeps_its_own_version_and_encoding() -> None:
    assert raw("GET", "/v1.40/info").path == "/v1.40/info"
    assert raw("GET", "/volumes/a%2Fb c").path == "/v1.41/volumes/a%2Fb%20c"
    assert raw("GET", "/version").path == "/v1.41/version"


def test_raw_bodies() -> None:
    assert raw("POST", "/x", body={"a": [1]}).body == b'{"a":[1]}'
    text = raw("POST", "/x", None, {"content-type": "text/csv"}, body="a,b")
    assert (text.body, text.headers) == (b"a,b", (("content-type", "text/csv"),))
    assert raw("POST", "/x", body="a").headers == (("Content-Type", "text/plain; charset=utf-8"),)


def test_a_raw_upgrade() -> None:
    made = raw("POST", "/session", None, {"Upgrade": "h2c", "Connection": "Upgrade", "X": 1})
    assert (made.upgrade, made.headers) == ("h2c", (("X", "1"),))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET /x", "/info"),
        ("", "/info"),
        ("GET", "info"),
        ("GET", "//host/info"),
        ("GET", "http://host/info"),
        ("GET", ""),
    ],
)
def test_raw_requests_that_are_none(method: str, path: str) -> None:
    with pytest.raises(StepError) as caught:
        raw(method, path)
    assert caught.value.code == "bad-parameter"


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["image.inspect", "plugin.inspect", "inspect", "volume.inspect"]), TEXT)
def test_a_path_parameter_never_changes_the_operation(name: str, value: str) -> None:
    operation = known(name)
    (param,) = operation.path_params
    before, after = f"/v1.41{operation.path}".split(f"{{{param.name}}}")
    try:
        path = request(name, {param.name: value}).path
    except StepError:
        return
    assert path.startswith(before)
    assert path.endswith(after)
    assert path.isascii()
    assert not set(path) & set("?# \r\n\t")
    middle = path[len(before) : len(path) - len(after)]
    assert not {"", ".", ".."} & set(middle.split("/"))
    assert unquote(middle) in (value, value.removeprefix("/"))


@given(st.dictionaries(TEXT, TEXT | st.lists(TEXT, max_size=3), max_size=4))
def test_a_query_reads_back(filters: dict[str, Any]) -> None:
    made = request("list", {"filters": filters, "limit": 3})
    pairs = dict(parse_qsl(made.target.partition("?")[2], keep_blank_values=True))
    expected = {name: value if isinstance(value, list) else [value] for name, value in filters.items()}
    assert json.loads(pairs["filters"]) == expected
    assert pairs["limit"] == "3"


@given(st.sampled_from([operation.name for operation in all_operations()]), st.data())
def test_any_value_makes_a_request_or_a_step_error(name: str, data: st.DataObject) -> None:
    operation = known(name)
    params = {param.name: data.draw(JSON, param.name) for param in operation.params}
    body = data.draw(JSON, "body") if operation.body == "json" else MISSING
    try:
        made = build(operation, params, body=body, api_version="1.41")
    except StepError as error:
        assert error.message
    else:
        assert made.target.isascii()


def test_a_raw_path_goes_without_a_version_where_none_is_given() -> None:
    assert build_raw("GET", "/info", api_version=None).path == "/info"
    assert build_raw("GET", "/v4.0.0/libpod/info", api_version="1.41").path == "/v4.0.0/libpod/info"
    assert build_raw("GET", "/info", api_version="1.41").path == "/v1.41/info"
