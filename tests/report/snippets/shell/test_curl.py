from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.report.snippets.session import Snippet
from runner.report.snippets.shell import bash
from runner.report.snippets.shell.curl import Script
from runner.report.snippets.shell.jq import jq_filter
from runner.report.snippets.variables import Part, Variable, Variables
from runner.results.records import StepRecord
from runner.scenario.expressions.paths import parse_source
from tests.report.factories import LONG, call, create, sources, step

SOCKET = "unix:///var/run/docker.sock"
READABLE = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


def commands(*steps: StepRecord, endpoint: str = SOCKET) -> list[str | None]:
    script = Script(endpoint, steps)
    snippets = [script.snippet(step) for step in steps]
    return [snippet.code if isinstance(snippet, Snippet) else None for snippet in snippets]


def in_bash(text: str) -> str:
    done = subprocess.run(["bash", "-c", text], capture_output=True, check=True, timeout=10)
    return done.stdout.decode()


# Words


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(READABLE | st.just(None), max_size=4), min_size=1, max_size=20))
def test_bash_reads_exactly_the_word_that_was_meant(words: list[list[str | None]]) -> None:
    parts: list[list[Part]] = [[Variable("box") if part is None else part for part in one] for one in words]
    meant = ["".join("a b$'\"" if part is None else part for part in one) for one in words]
    lines = [f"printf '%s\\0' {bash.word(one)}" for one in parts]
    assert in_bash("box='a b$'\\''\"'\n" + "\n".join(lines)).split("\0")[:-1] == meant


@given(READABLE)
def test_a_word_shows_what_it_holds(text: str) -> None:
    assert bash.word([text]).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        (["plain-text"], "plain-text"),
        (["two words"], "'two words'"),
        (["/containers/", Variable("box"), "/start"], '"/containers/$box/start"'),
        ([Variable("box"), "_2"], '"${box}_2"'),
        ([Variable("boxes", 1)], '"${boxes[1]}"'),
        (["x-", Variable("box", None, 0, 12)], '"x-${box:0:12}"'),
        (['{"Id": "', Variable("box"), '"}'], """'{"Id": "'"$box"'"}'"""),
        (["\x1b[31m\u202e"], r"$'\x1b[31m\u202e'"),
        ([""], "''"),
    ],
)
def test_words(parts: list[Part], word: str) -> None:
    assert bash.word(parts) == word


# Captured values


@pytest.mark.parametrize(
    ("source", "command"),
    [
        ("body.Id", "jq -r .Id"),
        ("body[0].Names[0]", "jq -r '.[0].Names[0]'"),
        ("body", "jq -r ."),
        ("body | length", "jq -r length"),
        ("body.Mounts | length", "jq -r '.Mounts|length'"),
        ("body.Id | short", "jq -r '.Id[:12]'"),
        ("body['a-b'].c", "jq -r '.[\"a-b\"].c'"),
        ("items[-1].aux.ID", "jq -sr '.[-1].aux.ID'"),
        ("stdout | trim", ""),
        ("status", None),
        ("body.x + 1", None),
        ("body.get('x')", "jq -r .x"),
        ("bodyguard.x", None),
        ("body | map(attribute='Id') | first", "jq -r '(map(.Id))[0]'"),
        ("(items | selectattr('aux', 'defined') | list)[-1].aux.ID", "jq -sr '(map(select(.aux != null)))[-1].aux.ID'"),
        (
            "stdout.splitlines()[-2].split(' ')[0]",
            r"""jq -Rsr '((rtrimstr("\n") | split("\n"))[-2] | split(" "))[0]'""",
        ),
        ("[body.A, body.B.C]", "jq -r '[.A, .B.C]'"),
        ("{'a b': body.A}", "jq -r '{\"a b\": .A}'"),
        ("body.A == container", None),
        ("body.A | b64encode", None),
    ],
)
def test_jq(source: str, command: str | None) -> None:
    assert jq_filter(parse_source(source)) == (f" | {command}" if command else command)


@pytest.mark.parametrize(
    ("source", "body"),
    [("body.A.B", {"A": {"B": "x"}}), ("body[1]['a b']", [0, {"a b": "x"}]), ("body['q\"']", {'q"': "x"})],
)
def test_jq_finds_the_value(source: str, body: Any) -> None:
    assert in_bash(f"cat <<'EOF'{jq_filter(parse_source(source))}\n{json.dumps(body)}\nEOF") == "x\n"


def test_variables_are_found_whole_and_only_where_they_stand_alone() -> None:
    variables = Variables()
    variables.learn(LONG, Variable("box"))
    variables.learn("web", Variable("name"))
    assert variables.split(f"/x/{LONG}/y") == ["/x/", Variable("box"), "/y"]
    assert variables.split(LONG[:12]) == [Variable("box", None, 0, 12)]
    assert variables.split(f"0{LONG}") == [f"0{LONG}"]
    assert variables.split("web") == [Variable("name")]
    assert variables.split("webbing web") == ["webbing web"]


def test_parts_of_a_digest_are_parts_of_its_variable() -> None:
    variables = Variables()
    variables.learn(f"sha256:{LONG}", Variable("image"))
    assert variables.split(LONG[:12]) == [Variable("image", None, 7, 12)]
    assert variables.split(LONG) == [Variable("image", None, 7)]


# Commands


def test_a_captured_id_flows_as_a_variable() -> None:
    start = call("ContainerStart", "POST", f"/containers/{LONG}/start", status_code=204)
    assert commands(create(), start) == [
        "container=$(curl -s --unix-socket /var/run/docker.sock -X POST http://localhost/v1.41/containers/create \\\n"
        "    -H 'Content-Type: application/json' \\\n"
        """    -d '{"Image": "alpine", "Cmd": ["ls"]}' | jq -r .Id)""",
        'curl -s --unix-socket /var/run/docker.sock -X POST "http://localhost/v1.41/containers/$container/start"',
    ]


def test_two_captures_share_one_call() -> None:
    given = sources(a="body.Id", b="body.Name")
    (command,) = commands(
        call("ContainerInspect", "GET", "/x", {}, captured=dict.fromkeys(given, "v"), capture_sources=given)
    )
    assert command is not None
    assert command.splitlines()[1:] == ['a=$(jq -r .Id <<<"$response")', 'b=$(jq -r .Name <<<"$response")']


def test_a_loop_fills_an_array() -> None:
    ids = [LONG, LONG[::-1]]
    elements = tuple(
        create(id=f"c[{number}]", captured={"c": one}, capture_sources=sources(c="body.Id"))
        for number, one in enumerate(ids)
    )
    loop = create(each=elements, captured={"c": ids}, capture_sources=sources(c="body.Id"))
    remove = call("ContainerDelete", "DELETE", f"/containers/{ids[1]}")
    made, removed = commands(loop, remove)
    assert made is not None
    assert made.splitlines()[0] == "c=()"
    assert made.count('c+=("$(curl') == made.count('jq -r .Id)")') == 2
    assert removed is not None
    assert '"http://localhost/v1.41/containers/${c[1]}"' in removed


def test_background_and_await() -> None:
    attach = call(
        "ContainerAttach",
        "POST",
        f"/containers/{LONG}/attach",
        id="out-put",
        background=True,
        request={"query": {"stdout": "1"}},
    )
    wait = step(kind="await", awaits="out-put")
    one = commands(create(), attach, wait)
    assert one[1] is not None
    assert one[1].splitlines()[1].endswith('attach?stdout=1" | unframe &')
    assert one[2] == "wait"
    two = commands(create(), attach, attach._replace(id="second"), wait)
    assert two[1] is not None
    assert "| unframe & out_put_job=$!\n" in two[1]
    assert two[3] == 'wait "$out_put_job"'


@pytest.mark.parametrize(("tty", "framed"), [(False, True), (True, False)])
def test_frames_are_taken_off_where_there_are_any(tty: bool, framed: bool) -> None:
    logs = call("ContainerLogs", "GET", f"/containers/{LONG}/logs")
    command = commands(create(body={"Image": "alpine", "Tty": tty}), logs)[1]
    assert command is not None
    assert command.endswith("| unframe") == framed


def test_a_query_that_a_url_can_t_hold_stands_beside_it() -> None:
    query = {"all": "1", "filters": '{"label":["a=b"]}'}
    (command,) = commands(call("ContainerList", "GET", "/containers/json", request={"query": query}))
    assert command is not None
    assert "-G http://localhost/v1.41/containers/json --data-urlencode all=1" in command
    assert """--data-urlencode 'filters={"label":["a=b"]}'""" in command


def test_a_stream_that_was_cut_is_cut() -> None:
    stats = call("ContainerStats", "GET", "/containers/x/stats", response={"items": [{}, {}, {}]})
    once = call("ContainerStats", "GET", "/containers/x/stats", {}, request={"query": {"stream": "0"}})
    cut, whole = commands(stats, once)
    assert cut == (
        "take 3 curl -s --unix-socket /var/run/docker.sock --no-buffer http://localhost/v1.41/containers/x/stats"
    )
    assert whole == "curl -s --unix-socket /var/run/docker.sock 'http://localhost/v1.41/containers/x/stats?stream=0'"


def test_credentials_are_never_shown() -> None:
    push = call("ImagePush", "POST", "/images/x/push", request={"headers": {"X-Registry-Auth": "c2VjcmV0"}})
    command = commands(push)[0] or ""
    assert '-H "X-Registry-Auth: $REGISTRY_AUTH"' in command
    assert "c2VjcmV0" not in command


def test_noise_headers_are_left_out() -> None:
    headers = {"Accept": "application/json", "X-Meta": "1", "Host": "docker"}
    (command,) = commands(call("SystemInfo", "GET", "/info", request={"headers": headers}))
    assert command == "curl -s --unix-socket /var/run/docker.sock http://localhost/v1.41/info -H 'X-Meta: 1'"


@pytest.mark.parametrize(
    ("endpoint", "start"),
    [
        ("unix:///a b.sock", "curl -s --unix-socket '/a b.sock' http://localhost/v1.41/info"),
        ("tcp://127.0.0.1:2375", "curl -s http://127.0.0.1:2375/v1.41/info"),
        ("ssh://me@host", "curl -s --unix-socket /var/run/docker.sock http://localhost/v1.41/info"),
    ],
)
def test_endpoints(endpoint: str, start: str) -> None:
    assert commands(call("SystemInfo", "GET", "/info"), endpoint=endpoint) == [start]


def test_tls_names_the_certificates() -> None:
    (command,) = commands(call("SystemInfo", "GET", "/info"), endpoint="tcp://docker:2376")
    assert command is not None
    assert command.endswith("https://docker:2376/v1.41/info")
    assert '--cacert "$DOCKER_CERT_PATH/ca.pem" --cert "$DOCKER_CERT_PATH/cert.pem"' in command


def test_uploads_and_downloads() -> None:
    load = call("ImageLoad", "POST", "/images/load", request={"upload": "@my image.tar"})
    build = call("ImageBuild", "POST", "/build", request={"upload": "@context.tar", "folder": "context"})
    save = call("ImageGet", "GET", "/images/x/get", request={"save": "x.tar"})
    loaded, built, saved = commands(load, build, save)
    assert loaded is not None
    assert loaded.endswith("-T 'my image.tar'")
    assert built is not None
    assert built.startswith("tar -C context -c . | curl")
    assert built.endswith("-T -")
    assert saved is not None
    assert "-o x.tar" in saved


def test_steps_without_a_call() -> None:
    assert commands(step(kind="sleep", duration_ms=1503.2)) == ["sleep 1.5"]
    assert commands(step(kind="set", captured={"name": "a b", "many": [1]})) == ["name='a b'"]
    assert commands(step(kind="check")) == [None]


def test_what_curl_can_t_do() -> None:
    stdin = call("ExecStart", "POST", f"/exec/{LONG}/start", request={"stdin": "x" * 2001})
    websocket = call("ContainerAttachWebsocket", "GET", f"/containers/{LONG}/attach/ws")
    assert commands(stdin, websocket) == [None, None]


def test_what_is_sent_behind_the_request_goes_through_a_function() -> None:
    sent = {"body": {"Tty": True}, "stdin": "it's\n"}
    (command,) = commands(call("ExecStart", "POST", "/exec/x/start", request=sent))
    words = " ".join(command.replace(" \\\n", " ").split(" ")) if command is not None else ""
    assert words.split("hijack ")[1].split() == ["/var/run/docker.sock", "/v1.41/exec/x/start", '\'{"Tty":', "true}'"]
    assert words.startswith("printf %s 'it'\"'\"'s\n' | hijack")


def test_a_long_body_stands_on_several_lines_and_bash_reads_it() -> None:
    body = {"Image": "alpine", "Env": [f"NUMBER_{number}=it's \u202e {number}" for number in range(9)]}
    (command,) = commands(create(body=body))
    assert command is not None
    curl = 'curl() { for last; do :; done; echo "$last"; }; jq() { cat; }\n'
    assert json.loads(in_bash(f'{curl}{command}\necho "$container"')) == body
    assert command.replace("\n", "").isprintable()
