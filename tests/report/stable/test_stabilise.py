from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.report.json import render
from runner.report.stable.stabilise import stabilise
from runner.results.records import EngineRecord, Report, ResponseRecord, StepRecord
from runner.results.result_path import Absent, ResultPath, read
from runner.scenario.expressions.paths import parse_path, parse_source
from tests.report.factories import ENGINE, LONG, OTHER, call, create, report, sources, step

HEX = "0123456789abcdef"


def paths(*texts: str) -> tuple[ResultPath, ...]:
    return tuple(path for text in texts if (path := parse_path(text)) is not None)


def answer_of(made: Report, number: int = -1) -> Any:
    response = stabilise(made).scenarios[0].steps[number].response
    assert response is not None
    return response.body


def seen(body: Any, operation: str = "ContainerInspect", **fields: Any) -> Any:
    """Return what becomes of an answer."""
    return answer_of(report(call(operation, "GET", "/x", body, **fields)))


# Ids


def test_a_container_is_the_same_id_everywhere() -> None:
    start = call("ContainerStart", "POST", f"/containers/{LONG[:12]}/start", {"message": f"no {LONG}, {LONG[:12]}!"})
    stable = stabilise(report(create(), start))
    first, second = stable.scenarios[0].steps
    assert first.response is not None
    shown = first.response.body["Id"]
    assert re.fullmatch("[0-9a-f]{64}", shown)
    assert first.captured == {"container": shown}
    assert second.request is not None
    assert second.request.path == f"/v1.41/containers/{shown[:12]}/start"
    assert second.response is not None
    assert second.response.body == {"message": f"no {shown}, {shown[:12]}!"}
    assert LONG[:12] not in render(stable)


def test_more_ids_in_one_answer_change_those_of_no_other_step() -> None:
    """Another container in a list, or a layer that was not cached, comes before what the page is about."""

    def shown(others: list[str]) -> Any:
        listed = call("ContainerList", "GET", "/containers/json", [{"Id": one} for one in others])
        made = create()
        inspect = call("ContainerInspect", "GET", f"/containers/{LONG}/json", {"Image": f"sha256:{OTHER}"})
        return stabilise(report(listed, made, inspect)).scenarios[0].steps[1:]

    assert shown([]) == shown([HEX * 4]) == shown([HEX * 4, HEX[::-1] * 4])
    created, inspect = shown([])
    assert created.captured["container"].startswith("c0ffee000001")
    assert inspect.response.body["Image"].startswith("sha256:c0ffee003001")


def test_ids_beyond_those_that_a_step_has_numbers_for() -> None:
    ids = [f"{number:064x}".replace("0", "a", 40) for number in range(2500)]
    body = seen(ids, "")
    assert len(set(body)) == len(ids)
    assert {len(one) for one in body} == {64}
    assert (body[0][:12], body[998][:12], body[999][:12]) == ("c0ffee001001", "c0ffee001999", "c0ffee999999")


def test_what_the_author_wrote_stays() -> None:
    image = f"alpine@sha256:{OTHER}"
    made = create(body={"Image": image, "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "49160"}]}}})
    inspect = call("ContainerInspect", "GET", "/x", {"Image": image, "HostPort": "49160", "IP": "10.9.8.7"})
    stable = stabilise(report(made, inspect, vars={"ip": "10.9.8.7"}))
    assert stable.scenarios[0].steps[0].request == made.request
    assert answer_of(report(made, inspect, vars={"ip": "10.9.8.7"})) == {
        "Image": image,
        "HostPort": "49160",
        "IP": "10.9.8.7",
    }


IDS = st.text(HEX, min_size=64, max_size=64)
SWARM_IDS = st.from_regex(r"[0-9a-z]{25}", fullmatch=True)
ADDRESSES = st.tuples(*[st.integers(0, 255)] * 4).map(lambda octets: ".".join(map(str, octets)))
TIMES = st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}Z".rjust(27, "0"))
TOKENS = st.one_of(
    IDS,
    IDS.map(lambda one: one[:12]),
    IDS.map(lambda one: f"sha256:{one}"),
    SWARM_IDS,
    ADDRESSES,
    ADDRESSES.map(lambda one: f"{one}/16"),
    TIMES,
    st.ip_addresses(v=6).map(str),
    st.uuids().map(str),
    st.integers(0, 2**48).map(lambda one: ":".join(re.findall("..", f"{one:012x}"))),
    st.sampled_from(
        ["/eager_hopper", "/brave_noether2", "eager_hopper", "Up 3 seconds", "2 hours ago", "c0ffee000001"]
    ),
    st.sampled_from(["172.17.0.2", "172.18.0.1", "0001-01-01T00:00:00Z", "engine-recipes.run=5bab0a6707ea", "fe80::1"]),
    st.sampled_from(["/data/docker/containers/x/y", "c0ffee000002" * 5 + "c0ff", "/var/lib/docker/volumes/v/_data"]),
    st.text(max_size=8),
)
TEXTS = st.lists(TOKENS, min_size=1, max_size=3).map(" ".join)
KEYS = st.sampled_from(
    (
        *("Id", "Name", "Names", "Pid", "Created", "time", "timeNano", "HostPort", "PublicPort", "Size", "Labels", "x"),
        *("LogPath", "Mountpoint", "Index", "Containers", "usage", "total_usage", "engine-recipes.run", "status", "id"),
    )
)
NUMBERS = st.integers(-1, 70_000) | st.integers(1_600_000_000, 1_800_000_000) | st.floats(0, 9, allow_nan=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | TOKENS, inner, max_size=5),
    max_leaves=12,
)
OPERATIONS = st.sampled_from(
    ["ContainerInspect", "ContainerList", "ContainerStats", "ContainerTop", "SystemInfo", "ImageBuild", "NodeList", ""]
)


@st.composite
def steps(draw: st.DrawFn) -> StepRecord:
    request = {"query": draw(st.dictionaries(st.sampled_from(["name", "version", "filters"]), TEXTS, max_size=2))}
    response = {"items": draw(st.none() | st.lists(VALUES, max_size=3)), "stdout": draw(st.none() | TEXTS)}
    return call(
        draw(OPERATIONS),
        "GET",
        f"/{draw(TEXTS)}",
        draw(VALUES),
        request={**request, "body": draw(VALUES)},
        response=response,
        id=draw(st.sampled_from("abc")),
        kind=draw(st.sampled_from(["container.inspect", "sleep", "parallel"])),
        background=draw(st.booleans()),
        duration_ms=draw(st.floats(0, 5000)),
        captured={"x": draw(VALUES)},
        capture_sources=sources(x=draw(st.sampled_from(["body.Id", "body[0]", "body.x | length"]))),
        show="body.Id",
        shown=draw(VALUES),
        volatile=draw(st.sampled_from([(), paths("body.Id"), paths("body.*.x", "items[0]")])),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(steps(), min_size=1, max_size=3), st.dictionaries(st.sampled_from("abc"), VALUES, max_size=2))
def test_the_stable_form_is_stable(made: list[StepRecord], given_values: dict[str, Any]) -> None:
    once = stabilise(report(*made, vars=given_values))
    assert render(stabilise(once)) == render(once)
    assert stabilise(once) == once


@given(
    st.lists(
        IDS | SWARM_IDS.filter(lambda one: not one.isdigit()) | st.uuids().map(str),
        unique=True,
        min_size=2,
        max_size=30,
    )
)
def test_two_ids_are_never_one(ids: list[str]) -> None:
    half = len(ids) // 2
    body = seen(ids, "", request={"body": ids[:half]})
    assert len(set(body)) == len(ids)
    assert body[:half] == ids[:half]
    for one, shown in zip(ids, body, strict=True):
        assert len(one) == len(shown)


@given(st.lists(ADDRESSES, unique=True, min_size=2, max_size=30), st.integers(0, 5))
def test_two_addresses_are_never_one(addresses: list[str], given_of_them: int) -> None:
    body = seen(addresses, "", request={"body": addresses[:given_of_them]})
    assert len(set(body)) == len(addresses)


@given(st.lists(TIMES, unique=True, min_size=2, max_size=20))
def test_times_are_numbered_as_they_appear(times: list[str]) -> None:
    """Not by the clock, on which two streams race."""
    shown = seen([time for time in times if time > "1970-01-01T00:00:01"], "")
    assert shown == sorted(shown)
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("second", ["2026-11-23T14:22:01Z", "2026-11-23T14:22:02Z"])
def test_whole_seconds_are_one_placeholder(second: str) -> None:
    """Two of them are the same by chance only."""
    assert seen({"a": "2026-11-23T14:22:01Z", "b": second}) == dict.fromkeys("ab", "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("since", "shown"),
    [
        ("1795443721.725660000", "1767225600.000000000"),
        ("1795443721.72566", "1767225600.000000000"),
        ("1795443721", "1767225600"),
        (1795443721, 1767225600),
        ("1795443799", "1795443799"),
        ("1", "1"),
    ],
)
def test_a_time_that_a_parameter_has_as_seconds(since: Any, shown: Any) -> None:
    inspect = call("ContainerInspect", "GET", "/x", {"At": "2026-11-23T14:22:01.72566Z"})
    logs = call("ContainerLogs", "GET", "/x", request={"query": {"since": str(since)}, "params": {"since": since}})
    request = stabilise(report(inspect, logs)).scenarios[0].steps[1].request
    assert request is not None
    assert (request.query, request.params) == ({"since": str(shown)}, {"since": shown})


def test_a_port_that_the_engine_chose_is_the_same_in_a_text() -> None:
    inspect = call("ContainerInspect", "GET", "/x", {"Ports": {"80/tcp": [{"HostPort": "40123"}]}})
    url = step(kind="set", captured={"url": "http://127.0.0.1:40123/", "other": "140123 40123x"})
    shown = stabilise(report(inspect, url)).scenarios[0].steps[1].captured
    assert shown == {"url": "http://127.0.0.1:49153/", "other": "140123 40123x"}


# What else differs from run to run


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Up 3 seconds (healthy)", "Up 1 second (healthy)"),
        ("Exited (137) About a minute ago", "Exited (137) 1 second ago"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("2026-11-23T14:22:01.72566Z", "2026-01-01T00:00:00.000000000Z"),
        ("2026-11-23T16:22:01+02:00", "2026-01-01T00:00:00Z"),
        ("10.88.0.18", "172.17.0.2"),
        ("10.88.0.1 10.88.0.0/16", "172.17.0.1 172.17.0.0/16"),
        ("127.0.0.1 0.0.0.0 ::1 255.255.255.0", "127.0.0.1 0.0.0.0 ::1 255.255.255.0"),
        ("ce:c0:5d:b1:ab:5f", "02:42:ac:11:00:01"),
        ("fe80::cec0:5dff 2001:db8::1", "fe80::1 fd00::1"),
        ("at 14:22:01, std::map, 1.2.3", "at 14:22:01, std::map, 1.2.3"),
        (
            "SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-1awxwuwd3z9j1z3puu7rcgdbx",
            "SWMTKN-1-" + "1".zfill(44) + "c0ffee",
        ),
        ("LABEL engine-recipes.run=5bab0a6707ea a=b", "LABEL a=b"),
        ("deadbeefdead 123456789012 abcdefabcdef1", "deadbeefdead 123456789012 abcdefabcdef1"),
    ],
)
def test_text(value: str, shown: str) -> None:
    assert seen({"x": value}, "")["x"] == shown


def test_names_that_the_engine_made_up() -> None:
    listed = [{"Names": ["/eager_hopper"]}, {"Names": ["/my_web"]}, {"Names": ["/plain"]}]
    named = call("X", "POST", "/x", request={"query": {"name": "my_web"}})
    top = call("ContainerTop", "GET", "/containers/eager_hopper/top", {"x": "eager_hopper"})
    made = report(named, call("ContainerList", "GET", "/x", listed), top)
    stable = stabilise(made).scenarios[0].steps
    assert stable[1].response is not None
    (name,) = {one["Names"][0] for one in stable[1].response.body} - {"/my_web", "/plain"}
    assert name != "/eager_hopper"
    assert stable[2].request is not None
    assert stable[2].request.path == f"/v1.41/containers{name}/top"


def test_times_as_numbers() -> None:
    old, new = 1_600_000_000, 1_795_443_600
    body = seen([{"Created": old}, {"Created": new}, {"Created": new + 1}], "X")
    assert [one["Created"] - 1_767_225_600 for one in body] == [-172_800, 0, 0]
    events = [{"time": new, "timeNano": new * 10**9 + 5}, {"time": new, "timeNano": new * 10**9 + 9}]
    stable = stabilise(report(call("SystemEvents", "GET", "/events", response={"items": events})))
    response = stable.scenarios[0].steps[0].response
    assert response is not None
    assert response.items == [
        {"time": 1_767_225_600, "timeNano": 1_767_225_600 * 10**9},
        {"time": 1_767_225_601, "timeNano": 1_767_225_601 * 10**9},
    ]


def test_numbers_by_their_field() -> None:
    body = seen({"Pid": 21207, "Ports": {"80/tcp": [{"HostPort": "49999"}]}, "SizeRw": 77, "ExitCode": 137, "Size": 0})
    assert body == {
        "Pid": 4001,
        "Ports": {"80/tcp": [{"HostPort": "49153"}]},
        "SizeRw": 1_048_576,
        "ExitCode": 137,
        "Size": 0,
    }


def test_processes() -> None:
    titles = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    row = ["root", "21207", "21178", "1", "14:22", "?", "00:00:03", "sleep 30"]
    body = seen({"Processes": [row], "Titles": titles}, "ContainerTop")
    assert body["Processes"] == [["root", "4001", "4002", "0", "00:00", "?", "00:00:00", "sleep 30"]]


def test_stats_have_the_figures_of_a_quiet_container_even_where_they_were_captured() -> None:
    sample = {
        "cpu_stats": {"cpu_usage": {"total_usage": 29_911_458, "percpu_usage": [1, 2, 3]}},
        "pids_stats": {"current": 3},
    }
    fields: dict[str, Any] = {"captured": {"cpu": 29_911_458}, "capture_sources": sources(cpu="body.cpu_stats | f")}
    fields["show"] = parse_source("{'a': body.x}")
    stats = call("ContainerStats", "GET", "/x", sample, shown={"a": 29_911_458}, **fields)
    (stable,) = stabilise(report(stats)).scenarios[0].steps
    assert stable.response is not None
    usage = stable.response.body["cpu_stats"]["cpu_usage"]
    assert usage == {"total_usage": 20_000_000, "percpu_usage": [10_000_000] * 2}
    assert stable.captured == {"cpu": 20_000_000}
    assert stable.shown == {"a": 20_000_000}


def test_a_shown_mapping_of_paths_is_read_again() -> None:
    """Small numbers and facts of the host can't be recognised by their value."""
    body = {"Name": "vm", "NCPU": 2, "Driver": "vfs"}
    show = parse_source("{'Name': body.Name, 'Processors': body.NCPU, 'Missing': body.x}")
    shown = {"Name": "vm", "Processors": 2, "Missing": "y"}
    (stable,) = stabilise(report(call("SystemInfo", "GET", "/info", body, show=show, shown=shown))).scenarios[0].steps
    assert stable.shown == {"Name": "host", "Processors": 4, "Missing": "y"}


def test_an_idle_container_has_the_same_figures_as_a_busy_one() -> None:
    """Both samples of the counters are equal then; what is captured is the newer one."""
    for before in (29_911_458, 20_000_001):
        sample = {
            "cpu_stats": {"cpu_usage": {"total_usage": 29_911_458}},
            "precpu_stats": {"cpu_usage": {"total_usage": before}},
        }
        captured = {"captured": {"cpu": 29_911_458}, "capture_sources": sources(cpu="body.cpu_stats | f")}
        (stable,) = stabilise(report(call("ContainerStats", "GET", "/x", sample, **captured))).scenarios[0].steps
        assert stable.captured == {"cpu": 20_000_000}


def test_progress_is_folded_to_its_end() -> None:
    items = [
        {"status": "Pulling from library/alpine", "id": "latest"},
        {"status": "Pulling fs layer", "progressDetail": {}, "id": "aa"},
        {"status": "Downloading", "progressDetail": {"current": 1, "total": 2}, "progress": "[=> ]", "id": "aa"},
        {"status": "Pulling fs layer", "progressDetail": {}, "id": "bb"},
        {"status": "Pull complete", "progressDetail": {}, "id": "bb"},
        {"status": "Pull complete", "progressDetail": {}, "id": "aa"},
        {"status": "Status: Downloaded newer image"},
        {"stream": "one "},
        {"stream": "line\n"},
    ]
    (stable,) = stabilise(report(call("ImageCreate", "POST", "/x", response={"items": items}))).scenarios[0].steps
    assert stable.response is not None
    assert [item.get("status") or item["stream"] for item in stable.response.items or ()] == [
        "Pulling from library/alpine",
        "Pull complete",
        "Pull complete",
        "Status: Downloaded newer image",
        "one line\n",
    ]


def test_sets_are_sorted_and_streams_are_not() -> None:
    mounts = [{"Destination": "/b"}, {"Destination": "/a"}]
    assert seen({"Mounts": mounts})["Mounts"] == mounts[::-1]
    assert seen([{"Name": "b", "Id": "0" + LONG[1:]}, {"Name": "a", "Id": LONG}], "NetworkList")[0]["Name"] == "a"
    assert seen({"Env": ["b", "a"]}) == {"Env": ["b", "a"]}


def test_a_mapping_by_id_is_in_the_order_of_what_it_holds() -> None:
    ids = [OTHER, LONG]
    for order in (ids, ids[::-1]):
        body = seen({"Containers": {one: {"Name": "a" if one == LONG else "b"} for one in order}})
        assert [one["Name"] for one in body["Containers"].values()] == ["a", "b"]


def test_the_runner_s_own_labels_are_left_out() -> None:
    labels = {"engine-recipes.run": "5bab0a6707ea", "engine-recipes.scenario": "X"}
    history = [{"CreatedBy": "/bin/sh -c #(nop)  LABEL engine-recipes.run=5bab"}, {"CreatedBy": "CMD"}]
    query = {"labels": json.dumps(labels), "changes": ['LABEL "engine-recipes.run"="x"', "CMD ls"]}
    made = create(body={"Image": "alpine", "Labels": labels})
    own = create(body={"Labels": {**labels, "a": "b"}})
    build = call("ImageHistory", "GET", "/x", history, request={"query": query})
    first, second, third = stabilise(report(made, own, build)).scenarios[0].steps
    assert first.request is not None
    assert first.request.body == {"Image": "alpine"}
    assert second.request is not None
    assert second.request.body == {"Labels": {"a": "b"}}
    assert third.request is not None
    assert third.request.query == {"changes": ["CMD ls"]}
    assert third.response is not None
    assert third.response.body == [{"CreatedBy": "CMD"}]


def test_the_host_is_not_told() -> None:
    info = {
        "Name": "vm",
        "KernelVersion": "6.18",
        "NCPU": 64,
        "Images": 7,
        "DockerRootDir": "/tmp/x",
        "Swarm": {"Error": ""},
    }
    assert seen(info, "SystemInfo") == {
        "Name": "host",
        "KernelVersion": "6.1.0",
        "NCPU": 4,
        "Images": 1,
        "DockerRootDir": "/var/lib/docker",
        "Swarm": {"Error": ""},
    }
    paths = {"LogPath": f"/tmp/e/data/containers/{LONG}/x.log", "Mounts": [{"Source": "/tmp/e/data/volumes/v/_data"}]}
    body = seen({"Id": LONG, **paths})
    assert body["LogPath"] == f"/var/lib/docker/containers/{body['Id']}/x.log"
    assert body["Mounts"] == [{"Source": "/var/lib/docker/volumes/v/_data"}]


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [
        ("unix:///tmp/e/docker.sock", "unix:///var/run/docker.sock"),
        ("ssh://me@host", "unix:///var/run/docker.sock"),
        ("tcp://192.168.1.7:41234", "tcp://127.0.0.1:2375"),
        ("https://build:2376", "https://127.0.0.1:2376"),
    ],
)
def test_endpoints(endpoint: str, shown: str) -> None:
    made = report(step())._replace(engine=EngineRecord("docker", "1", "1.41", endpoint))
    engine = stabilise(made).engine
    assert engine is not None
    assert engine.endpoint == shown


def test_time_passes_step_by_step_and_what_overlapped_still_does() -> None:
    background = step(id="output", background=True, started_ms=3.0, duration_ms=400.0)
    steps = (
        background,
        step(id="b"),
        step(kind="sleep", duration_ms=1503.0),
        step(kind="await", awaits="output"),
        step(id="c"),
    )
    stable = stabilise(report(*steps))
    assert [(one.started_ms, one.duration_ms) for one in stable.scenarios[0].steps] == [
        (0, 1800),
        (100, 100),
        (200, 1500),
        (1700, 100),
        (1800, 100),
    ]
    assert stable.started_at == "2026-01-01T00:00:00Z"
    assert stable.duration_ms == 1900


def test_volatile_parts_are_hidden() -> None:
    body = {"a": {"b": 1, "c": 2}, "list": [{"x": 1}, {"x": 2}], "none": None}
    hidden = seen(body, volatile=paths("body.a.b", "body.list[*].x", "body.none", "body.missing.y"))
    assert hidden == {"a": {"b": "…", "c": 2}, "list": [{"x": "…"}, {"x": "…"}], "none": None}


def test_attempts_and_fleeting_headers_are_no_part_of_it() -> None:
    made = call(
        "X", "GET", "/x", response={"headers": {"Date": "now", "Content-Length": "3", "Ostype": "linux"}}, attempts=7
    )
    (stable,) = stabilise(report(made)).scenarios[0].steps
    assert stable.response is not None
    assert (stable.attempts, stable.response.headers) == (1, {"Ostype": "linux"})


def test_the_report_is_otherwise_as_it_was() -> None:
    made = report(create(title="T", about="A"), left=("a thing",))
    stable = stabilise(made)
    assert (stable.status, stable.engine, stable.scenarios[0].title) == ("passed", ENGINE, "A title")
    assert stable.scenarios[0].left == ("a thing",)
    assert stable.scenarios[0].steps[0].title == "T"


# Paths


@pytest.mark.parametrize(
    ("source", "value"),
    [("body.a[0].b", 1), ("body['a'][-1]", {"b": 1}), ("status", 200), ("body", {"a": [{"b": 1}]})],
)
def test_paths(source: str, value: Any) -> None:
    path = parse_path(source)
    assert path is not None
    assert read(path, ResponseRecord(200, body={"a": [{"b": 1}]})) == value


@pytest.mark.parametrize("source", ["body.a + 1", "body.a()", "body.a | first | last", "body.", "true", "1", ""])
def test_what_is_not_a_path(source: str) -> None:
    assert parse_path(source) is None


@pytest.mark.parametrize(
    ("source", "member"),
    [("{'a': body.a[0]}", "body[a][0]"), ("""{ "a" : body['a'] , "b": status }""", "body[a]")],
)
def test_a_mapping_of_paths(source: str, member: str) -> None:
    members = parse_source(source).members
    assert members is not None
    assert str(members["a"]) == member.replace("[a]", ".a")


@pytest.mark.parametrize(
    "source",
    ["{'a': body.a + 1}", "{'a': body.a, **body}", "{body.a: 'a'}", "[body.a]", "{", "{'a': \x00}", "-" * 9**5],
)
def test_what_is_not_a_mapping_of_paths(source: str) -> None:
    assert parse_source(source).members is None


@pytest.mark.parametrize("source", ["body.b", "body[0]", "body.a[3]", "items[0]", "body.a.b"])
def test_what_is_absent(source: str) -> None:
    path = parse_path(source)
    assert path is not None
    with pytest.raises(Absent):
        read(path, ResponseRecord(200, body={"a": [1]}))
