"""``run profile``: what real clients used, what it needs, and allow-lists through which they still work."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner.api.operations import all_operations
from runner.proxy.allow_lists import AllowList, tecnativa, wollomatic
from runner.proxy.matching import call_of
from runner.proxy.profile import Profile, Use, from_json, to_json
from runner.proxy.profile_text import profile_text
from tests.cli.helpers import Command
from tests.engines import Certificates, Docker, Engine, SshServer
from tests.proxy.helpers import Rule, enforcing, tecnativa_rule, wollomatic_rule

PROGRAMS = {
    "docker run": ["docker", "run", "--rm", "alpine", "echo", "hi"],
    "Debian's docker run": ["/usr/bin/docker", "run", "--rm", "alpine", "echo", "hi"],
    "docker ps": ["docker", "ps", "--filter", "status=running"],
    "docker volume": ["docker", "volume", "create", "--label", "a=b", "profiled"],
    "docker volume rm": ["docker", "volume", "rm", "profiled"],
    "docker image": ["docker", "image", "inspect", "docker.io/library/alpine:latest", "-f", "{{.Os}}"],
    "docker-py": [
        sys.executable,
        "-c",
        "import docker; client = docker.from_env(timeout=30);"
        "print(client.containers.run('alpine', 'echo hi', remove=True));"
        "client.images.list(); client.volumes.list(); client.close()",
    ],
    "curl": ["sh", "-c", "curl -sf --unix-socket ${DOCKER_HOST#unix://} http://d/version http://d/v1.40/info"],
}


def profile_of(command: Command, *words: str) -> tuple[Profile, str]:
    done = command("profile", "-o", "profile.json", "--", *words)
    assert done.code == 0, done.err
    return from_json(json.loads((command.folder / "profile.json").read_text()), "profile.json"), done.out


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_works_through_its_own_allow_lists_and_no_smaller_ones(
    docker: Docker, tmp_path: Path, name: str
) -> None:
    program = PROGRAMS[name]
    profile, out = profile_of(Command(tmp_path, docker.url), *program)
    lists: list[tuple[AllowList, Rule]] = [
        (tecnativa(profile.routes), tecnativa_rule(tecnativa(profile.routes).lines)),
        (wollomatic(profile.routes), wollomatic_rule(wollomatic(profile.routes).lines)),
    ]
    for allowed, rule in lists:
        with enforcing(docker.url, rule) as (url, denied):
            again = Command(tmp_path, url)
            if program[:3] == ["docker", "volume", "rm"]:
                docker.cli("volume", "create", "profiled")
            second, out_again = profile_of(again, *program)
        assert (out_again, denied) == (out, []) or "2026" in out, allowed.lines
        assert set(second.uses) == set(profile.uses)
        for operation in all_operations():
            path = operation.path.replace("{id}", "x").replace("{name}", "x")
            used = (operation.method, operation.path) in profile.uses
            assert rule(operation.method, path) or rule(operation.method, f"/v1.41{path}") or not used
            granted = rule(operation.method, path) or rule(operation.method, f"/v1.41{path}")
            assert granted == (used or operation in allowed.excess), operation.name


@pytest.mark.parametrize("dropped", ["CONTAINERS=1", "POST=1", "-allowPOST", "-allowHEAD"])
def test_without_one_of_the_lines_the_program_fails(docker: Docker, tmp_path: Path, dropped: str) -> None:
    profile, _ = profile_of(Command(tmp_path, docker.url), *PROGRAMS["docker run"])
    lines = (*tecnativa(profile.routes).lines, *wollomatic(profile.routes).lines)
    assert any(line.startswith(dropped) for line in lines)
    rule = tecnativa_rule if "=1" in dropped else wollomatic_rule
    kept = [line for line in lines if not line.startswith(dropped) and line.startswith("-") == dropped.startswith("-")]
    with enforcing(docker.url, rule(kept)) as (url, denied):
        Command(tmp_path, url)("profile", "--", *PROGRAMS["docker run"])
    assert denied


def test_the_text(docker: Docker, tmp_path: Path) -> None:
    done = Command(tmp_path, docker.url)("profile", "--", *PROGRAMS["docker run"])
    assert done.out == "hi\n"
    first, *rest = done.err.splitlines()
    assert first == (
        "5 calls, 5 operations; negotiates its version (1.41); needs API 1.30 or newer"
        " (the parameter condition of container.wait), so Docker 17.06 or newer"
    )
    assert "  container.create  POST   /containers/create         1\N{MULTIPLICATION SIGN}" in rest
    assert "Tecnativa     CONTAINERS=1 POST=1 EVENTS=0 VERSION=0" in rest


def test_podman_remote_speaks_an_api_of_its_own(podman: Engine, tmp_path: Path) -> None:
    done = Command(tmp_path, podman.url)("profile", "--", "podman", "--remote", "run", "--rm", "alpine", "echo", "hi")
    assert (done.code, done.out) == (0, "hi\n")
    assert "speaks Podman's own API" in done.err
    assert "has no variable for DELETE /libpod/containers/{id}" in done.err
    assert "/libpod/containers/create" in done.err


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("docker.DockerClient(base_url=url, version='1.35', timeout=30).containers.list()", "pins API 1.35"),
        (
            "docker.DockerClient(base_url=url, version='auto', timeout=30).containers.list()",
            "negotiates its version (1.41)",
        ),
    ],
)
def test_pins_or_negotiates(docker: Docker, tmp_path: Path, code: str, expected: str) -> None:
    program = f"import docker, os; url = os.environ['DOCKER_HOST']; {code}"
    done = Command(tmp_path, docker.url)("profile", "--", sys.executable, "-W", "ignore", "-c", program)
    assert done.code == 0, done.err
    assert f"; {expected}; " in done.err
    assert ("API 1.35 is refused by engines older than Docker 17.12 and Docker 29.0 and newer" in done.err) == (
        "1.35" in expected
    )


def test_a_version_that_the_client_was_told_excludes_engines_too(docker: Docker, tmp_path: Path) -> None:
    command = Command(tmp_path, docker.url, env={"DOCKER_API_VERSION": "1.40"})
    done = command("profile", "--", "docker", "ps")
    assert "(1.40, pinned or its newest: the engine has 1.41)" in done.err
    assert "API 1.40 is refused by Docker 29.0 and newer (their oldest is API 1.44)" in done.err


def test_several_runs_are_merged_with_their_sources(docker: Docker, tmp_path: Path) -> None:
    command = Command(tmp_path, docker.url)
    command("profile", "-o", "a.json", "--", "docker", "ps")
    command.write("x.yaml", "title: x\nsteps:\n  - volume.list: {}\n  - info: {}\n")
    command("x.yaml", "--format", "none", "-o", "report.json")
    done = command("profile", "a.json", "report.json")
    assert done.code == 0, done.err
    lines = {line.split()[0]: line for line in done.out.splitlines() if line.startswith("  ")}
    assert lines["container.list"].endswith("docker ps")
    assert lines["volume.list"].endswith("report.json")
    assert "Tecnativa     CONTAINERS=1 INFO=1 VOLUMES=1 EVENTS=0 VERSION=0" in done.out
    assert "from docker ps, report.json" in done.out


@pytest.mark.parametrize(
    "content", ["{}", "[]", "no", '{"profile_version": 1}', '{"report_version": 1}', '{"profile_version": 99}']
)
def test_a_file_that_is_no_profile(nowhere: Command, content: str) -> None:
    nowhere.write("bad.json", content)
    done = nowhere("profile", "bad.json")
    assert done.code == 2
    assert "bad-profile" in done.err


def test_what_is_said_where_nothing_came(nowhere: Command) -> None:
    done = nowhere("profile", "--", "sh", "-c", "exit 7")
    assert done.code == 7
    assert "error[no-calls]: sh did not connect to the socket" in done.err
    assert "DOCKER_HOST" in done.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--", "no-such-program"], 2, "no-such-program can't be run: No such file or directory"),
        (["--"], 2, "there is no program behind --"),
        ([], 2, "what is to be profiled?"),
        (["--listen", "tcp://0.0.0.0:1", "--", "true"], 2, "not on the loopback"),
        (["--", "sh", "-c", "kill -9 $$"], 137, "did not connect"),
    ],
)
def test_how_it_ends(nowhere: Command, words: list[str], code: int, message: str) -> None:
    done = nowhere("profile", *words)
    assert (done.code, message in done.err) == (code, True), done.err


def test_an_engine_that_is_not_there_is_said_to_the_client_and_here(nowhere: Command) -> None:
    done = nowhere("profile", "--", "docker", "ps")
    assert done.code == 1
    assert "error[engine-unreachable]" in done.err
    assert "no engine answers at" in done.err.replace("error[engine-unreachable]", "", 1)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(on_docker: Command, number: signal.Signals, code: int) -> None:
    """The program gets the signal, its exit code is ours, and the socket is gone."""
    with on_docker.started(
        "profile", "--", "sh", "-c", "echo $DOCKER_HOST; exec sleep 60", restore_signals=True
    ) as process:
        assert process.stdout is not None
        path = Path(process.stdout.readline().decode().strip().removeprefix("unix://"))
        assert path.is_socket()
        process.send_signal(number)
        assert process.wait(10) == code
    assert not path.exists()


def test_listening_until_interrupted(on_docker: Command) -> None:
    with on_docker.started("profile", "--listen", "tcp://127.0.0.1:0") as process:
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        url = shlex.split(line)[2].rstrip(",").replace("tcp:", "http:")
        done = subprocess.run(["curl", "-sf", f"{url}/_ping"], capture_output=True, check=True)
        assert done.stdout == b"OK"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=10)
        assert process.returncode == 130
    assert b"system.ping  GET    /_ping" in out


def test_every_operation_is_found_by_its_own_path() -> None:
    for operation in all_operations():
        path = operation.path.replace("{id}", "4f5c").replace("{name}", "team-app_1.2")
        for prefix in ("", "/v1.41"):
            call = call_of(operation.method, prefix + path + "?x=1")
            assert call.operation is not None
            assert call.operation.id == operation.id
            assert call.version == (prefix[2:] or None)


def test_names_with_slashes_and_escapes() -> None:
    call = call_of("GET", "/v1.41/images/registry:5000%2Fteam/app:1.0/json?manifests=1&manifests=2")
    assert call.operation is not None
    assert call.operation.name == "image.inspect"
    assert call.params == {"name": "registry:5000/team/app:1.0", "manifests": ["1", "2"]}
    assert call_of("POST", "/v4.3.1/libpod/containers/0123456789ab/start").template == "/libpod/containers/{id}/start"


def test_narrow_variables_where_they_are_enough() -> None:
    profile = Profile("x")
    profile.uses["POST", "/containers/{id}/restart"] = Use(
        "POST", "/containers/{id}/restart", "container.restart", versions={"1.41"}
    )
    allowed = tecnativa(profile.routes)
    assert allowed.lines == ("ALLOW_RESTARTS=1", "POST=1", "EVENTS=0", "PING=0", "VERSION=0")
    assert [operation.name for operation in allowed.excess] == ["container.stop", "container.kill"]


def test_a_profile_survives_its_file() -> None:
    profile = Profile("app")
    profile.add(
        call_of("POST", "/v1.41/containers/create?platform=linux"), body={"HostConfig": {"Annotations": {"a": "b"}}}
    )
    profile.add(call_of("GET", "/version"))
    again = from_json(json.loads(json.dumps(to_json(profile))), "file")
    assert profile_text(again) == profile_text(profile)
    assert "needs API 1.43 or newer (the field HostConfig.Annotations of container.create)" in profile_text(profile)


def test_a_build_with_buildkit_is_passed_and_named_as_opaque(docker: Docker, tmp_path: Path) -> None:
    """The session is HTTP/2 over a hijacked connection. Debian's CLI has BuildKit's client inside."""
    command = Command(tmp_path, docker.url, env={"DOCKER_BUILDKIT": "1"})
    command.write("Dockerfile", "FROM alpine\nCOPY greeting.txt /\n")
    command.write("greeting.txt", "hello\n")
    done = command("profile", "--", "/usr/bin/docker", "build", "--iidfile", "id", ".")
    assert done.code == 0, done.err
    docker.cli("image", "rm", (tmp_path / "id").read_text())
    assert "note: POST /session is BuildKit's: it was passed, and what it says is opaque" in done.err
    assert "SESSION=1" in done.err


def test_an_engine_behind_tls(docker_tls: Docker, certificates: Certificates, tmp_path: Path) -> None:
    """The client speaks plainly to its private socket; the end of its input gets through TLS."""
    command = Command(
        tmp_path, docker_tls.tcp_url, env={"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(certificates.good)}
    )
    done = command("profile", "--", "docker", "run", "--rm", "-i", "alpine", "cat", input=b"typed")
    assert (done.code, done.out) == (0, "typed")


def test_an_engine_behind_ssh(sshd: SshServer, tmp_path: Path) -> None:
    done = Command(tmp_path, sshd.url, env=sshd.env)(
        "profile", "--", "docker", "run", "--rm", "-i", "alpine", "cat", input=b"typed"
    )
    assert (done.code, done.out) == (0, "typed")


def test_an_engine_behind_a_path_can_not_be_passed_to(nowhere: Command) -> None:
    done = nowhere("profile", "-H", "http://localhost:1/engines/1", "--", "true")
    assert done.code == 2
    assert "bytes are passed untouched" in done.err
