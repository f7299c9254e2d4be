"""The docker CLI and docker-py tables: each row is held against the tool itself."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
from collections.abc import Sequence
from typing import Any

import docker
import pytest

from runner.api.operations import by_id
from runner.report.snippets.python.docker_py import Program
from runner.report.snippets.python.docker_py_table import METHODS, Method
from runner.report.snippets.session import Session, Snippet
from runner.report.snippets.shell.docker_cli import Commands
from runner.report.snippets.shell.docker_cli_table import COMMANDS, Command, Flag
from runner.results.records import StepRecord
from tests.report.factories import LONG, call, create, sources, step

SOCKET = "unix:///var/run/docker.sock"


def python(*steps: StepRecord, endpoint: str = SOCKET) -> list[str | None]:
    return codes(Program(endpoint, steps), steps)


def cli(*steps: StepRecord) -> list[str | None]:
    return codes(Commands(SOCKET, steps), steps)


def codes(session: Session, steps: Sequence[StepRecord]) -> list[str | None]:
    """The snippets of the steps, one after the other."""
    snippets = [session.snippet(step) for step in steps]
    return [snippet.code if isinstance(snippet, Snippet) else None for snippet in snippets]


def asked(operation_id: str, path: str, **request: Any) -> StepRecord:
    """A call whose answer doesn't matter."""
    return call(operation_id, "GET", path, {}, request=request)


# The tables


NEWER_THAN_20_10 = {"--signal"}


@pytest.mark.parametrize(("operation_id", "method"), METHODS.items(), ids=METHODS)
def test_docker_py_has_the_method_and_its_arguments(operation_id: str, method: Method) -> None:
    operation = by_id(operation_id)
    assert operation is not None
    params = {param.name for param in operation.params}
    assert set(method.args) <= params
    assert set(method.query) <= params
    signature = inspect.signature(getattr(docker.APIClient, method.name))
    given = {*method.query.values(), *method.always, *filter(None, (method.upload, method.folder))}
    given |= {method.body} if isinstance(method.body, str) else set((method.body or {}).values())
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in signature.parameters.values())
    assert takes_any or given <= set(signature.parameters)
    assert len(method.args) < len(signature.parameters)


@pytest.mark.parametrize(("operation_id", "row"), COMMANDS.items(), ids=COMMANDS)
def test_the_docker_cli_has_the_command_and_its_flags(docker_cli: str, operation_id: str, row: Command) -> None:
    name, _, parameter = operation_id.partition("?")
    operation = by_id(name)
    assert operation is not None
    params = {param.name for param in operation.params}
    assert parameter == "" or parameter in params
    assert set(re.findall(r"\{(\w+)\}", row.words)) <= params
    assert set(row.flags) <= params
    if row.exec == "create":
        return  # the flags of the other half
    words = [word for word in row.words.split() if not re.search(r"[{]|^-", word)]
    done = subprocess.run([docker_cli, *words, "--help"], capture_output=True, text=True, check=True, timeout=20)
    assert "Usage:" in done.stdout
    known = set(re.findall(r"(?<!\S)--?[a-z][\w-]*", done.stdout))
    given = (*row.flags.values(), *(row.body or {}).values(), *([row.quiet] if row.quiet else []))
    flags = {flag.name if isinstance(flag, Flag) else flag.removesuffix("=") for flag in given} - {""}
    assert flags | {word for word in row.words.split() if word.startswith("--")} <= known | NEWER_THAN_20_10


# docker-py


def test_a_captured_value_is_a_variable_and_the_client_is_made_once() -> None:
    start = call("ContainerStart", "POST", f"/containers/{LONG}/start", status_code=204)
    made, started = python(create(), start)
    assert made == (
        "import docker\n\nclient = docker.APIClient()\n\n"
        'container = client.create_container_from_config(config={"Image": "alpine", "Cmd": ["ls"]})["Id"]'
    )
    assert started == "client.start(container)"


ON_A_NETWORK = {"Container": "c", "EndpointConfig": {"Aliases": ["x"]}}
STATS: dict[str, Any] = {"items": [{}, {}, {}]}


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (
            asked("ContainerList", "/containers/json", query={"all": "1", "filters": '{"label":["a"]}'}),
            'client.containers(all=True, filters={"label": ["a"]})',
        ),
        (
            call("ContainerStats", "GET", "/containers/x/stats", response=STATS),
            'list(itertools.islice(client.stats("x", decode=True), 3))',
        ),
        (
            asked("ImagePush", "/images/a%2Fb/push", query={"tag": "1"}),
            'list(client.push("a/b", tag="1", stream=True, decode=True))',
        ),
        (
            asked("NetworkConnect", "/networks/n/connect", body=ON_A_NETWORK),
            'client.connect_container_to_network(net_id="n", container="c", aliases=["x"])',
        ),
        (
            asked("ImageBuild", "/build", upload="@c.tar", folder="c"),
            'list(client.build(rm=True, path="c", decode=True))',
        ),
        (
            asked("PutContainerArchive", "/containers/x/archive", query={"path": "/"}, upload="@c.tar"),
            'with open("c.tar", "rb") as file:\n    client.put_archive("x", path="/", data=file)',
        ),
        (step(kind="sleep", duration_ms=1500.0), "time.sleep(1.5)"),
        (
            call("ContainerInspect", "GET", "/containers/x/json", {"message": "no"}, status_code=404),
            'try:\n    client.inspect_container("x")\nexcept APIError as error:\n    print(error.explanation)',
        ),
    ],
)
def test_docker_py(made: StepRecord, code: str) -> None:
    (_, found) = python(create(), made)
    assert found is not None
    assert found.endswith(code)


@pytest.mark.parametrize(
    "made",
    [
        call("ContainerArchiveInfo", "HEAD", "/containers/x/archive"),
        call("NetworkConnect", "POST", "/networks/n/connect", request={"body": {"Unheard": "of"}}),
        call("ContainerTop", "GET", "/containers/x/top", request={"query": {"unheard": "of"}}),
        call("ExecStart", "POST", "/exec/x/start", request={"stdin": "x"}),
        call("ImageBuild", "POST", "/build", request={"upload": "@c.tar"}),
        step(kind="request"),
        step(kind="check"),
    ],
)
def test_docker_py_says_nothing_rather_than_something_else(made: StepRecord) -> None:
    assert python(made) == [None]


def test_streams_in_the_background() -> None:
    attach = call(
        "ContainerAttach",
        "POST",
        f"/containers/{LONG}/attach",
        id="out",
        background=True,
        request={"query": {"stdout": "1", "stream": "1"}},
    )
    wait = call(
        "ContainerWait",
        "POST",
        f"/containers/{LONG}/wait",
        id="end",
        background=True,
        request={"query": {"condition": "next-exit"}},
    )
    found = python(create(), attach, wait, step(kind="await", awaits="out"), step(kind="await", awaits="end"))
    assert found[1] == "out = client.attach(container, stdout=True, stderr=False, stream=True)"
    assert (found[2] or "").endswith('end = ThreadPoolExecutor().submit(client.wait, container, condition="next-exit")')
    assert found[3:] == ['print(b"".join(out).decode(), end="")', "end.result()"]


@pytest.mark.parametrize("text", ['"', "\\", "{x}", "\n", "'", "\u202e", f'a{LONG}b {LONG} {{}}"\\'])
def test_python_reads_the_text_that_was_meant(text: str) -> None:
    tag = call("ImageTag", "POST", "/images/x/tag", request={"query": {"repo": text}})
    found = python(create(), tag)[1]
    assert found is not None
    assert found.replace("\n", "").isprintable()
    value = ast.parse(found, mode="eval").body
    assert isinstance(value, ast.Call)
    assert eval(ast.unparse(value.keywords[0].value), {"container": LONG}) == text


def test_names_that_python_has_already() -> None:
    made = create(
        captured={
            "client": LONG,
        },
        capture_sources=sources(client="body.Id"),
    )
    found = python(made, call("ContainerStart", "POST", f"/containers/{LONG}/start"))
    assert "\nclient_ = client.create" in (found[0] or "")
    assert found[1] == "client.start(client_)"


# The docker CLI


BODY: dict[str, Any] = {
    "Image": "alpine",
    "Cmd": ["sh", "-c", "echo $x"],
    "Env": ["A=b c"],
    "Labels": {"x": "y"},
    "Tty": True,
    "AttachStdout": True,
    "HostConfig": {
        "PortBindings": {"80/tcp": [{"HostPort": "8080"}]},
        "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2},
        "Mounts": [{"Type": "volume", "Source": "v", "Target": "/data", "ReadOnly": True}],
    },
}


def test_a_container_s_body_becomes_flags() -> None:
    (command,) = cli(create(body=BODY))
    assert command is not None
    words = " ".join(command.replace("\\\n", " ").split())
    assert words == (
        "container=$(docker container create --env 'A=b c' --label x=y --tty --restart on-failure:2 "
        "--mount type=volume,source=v,target=/data,readonly=true --publish 8080:80/tcp alpine sh -c 'echo $x')"
    )


@pytest.mark.parametrize(
    ("made", "command"),
    [
        (asked("ContainerStop", "/containers/x/stop", query={"t": "1"}), "container stop -t 1 x"),
        (asked("ContainerDelete", "/containers/x", query={"force": "1", "v": "0"}), "container rm --force x"),
        (
            asked("ContainerList", "/containers/json", query={"filters": '{"label":["a=b c"]}'}),
            "container ls --filter 'label=a=b c'",
        ),
        (
            asked("ContainerLogs", "/containers/x/logs", query={"stdout": "1", "follow": "1"}),
            "container logs --follow x 2> /dev/null",
        ),
        (asked("ImageGet", "/images/a/get", save="a.tar"), "image save a > a.tar"),
        (asked("ImageLoad", "/images/load", upload="@a.tar"), "image load < a.tar"),
        (asked("ImageBuild", "/build", query={"t": "x"}, folder="c", upload="@c.tar"), "image build --tag x c"),
        (asked("ImageCreate", "/images/create", query={"fromImage": "alpine", "tag": "3"}), "image pull alpine:3"),
        (asked("ImageTag", "/images/x/tag", query={"repo": "y"}), "image tag x y"),
        (asked("ContainerStats", "/containers/x/stats", query={"stream": "0"}), "container stats --no-stream x"),
    ],
)
def test_docker_cli(made: StepRecord, command: str) -> None:
    assert cli(made) == [f"docker {command}"]


def test_exec_is_two_calls_in_one() -> None:
    exec_ = call(
        "ContainerExec", "POST", f"/containers/{LONG}/exec", {"Id": LONG[::-1]},
        request={"body": {"Cmd": ["sort", "-n"], "AttachStdin": True, "User": "nobody"}},
        captured={"exec": LONG[::-1]}, capture_sources=sources(exec="body.Id"),
    )  # fmt: skip
    start = call("ExecStart", "POST", f"/exec/{LONG[::-1]}/start", request={"stdin": "2\n1\n"})
    found = cli(create(), exec_, start)
    assert found[1:] == [
        None,
        "printf %s '2\n1\n' | docker container exec --interactive --user nobody \"$container\" sort -n",
    ]


@pytest.mark.parametrize(
    "made",
    [
        call("SystemPing", "GET", "/_ping"),
        create(body={"Image": "alpine", "Unheard": "of"}),
        call("ContainerAttach", "POST", "/containers/x/attach", background=True),
        step(kind="await", awaits="x"),
        call("ContainerTop", "GET", "/containers/x/top", request={"query": {"unheard": "of"}}),
    ],
)
def test_the_cli_says_nothing_rather_than_something_else(made: StepRecord) -> None:
    assert cli(made) == [None]


def test_what_needs_a_value_that_the_cli_has_not_told_has_no_command() -> None:
    made = create(body={"Unheard": "of"})
    assert cli(made, call("ContainerStart", "POST", f"/containers/{LONG}/start")) == [None, None]
