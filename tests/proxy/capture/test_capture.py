"""``run capture``: what real clients said becomes scenarios that pass on the engine, and read well."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.helpers import Command, Done
from tests.engines import Docker, Engine

DOCKER_PY = """
import docker
client = docker.from_env(timeout=30)
volume = client.volumes.create("capture-volume", labels={"a": "b"})
network = client.networks.create("capture-network")
box = client.containers.create("alpine", ["sleep", "60"], name="capture-box", network="capture-network",
    volumes={"capture-volume": {"bind": "/data", "mode": "rw"}}, ports={"80/tcp": None}, environment={"A": "{{.Node}}"})
box.start(); box.reload()
print(box.status, box.exec_run("echo hi").output, len(box.top()["Processes"]))
box.pause(); box.unpause(); box.logs(); box.stop(timeout=0); box.reload(); box.remove()
network.remove(); volume.remove(); client.images.list(); client.close()
"""
AIODOCKER = """
import asyncio, aiodocker

async def main():
    docker = aiodocker.Docker()
    container = await docker.containers.create({"Image": "alpine", "Cmd": ["echo", "hi"], "AttachStdout": True})
    async with container.attach(stdout=True) as stream:
        await container.start()
        print((await stream.read_out()).data)
    await container.wait()
    await container.delete(force=True)
    await docker.close()

asyncio.run(main())
"""
LOGS = (
    'docker run -d --name capture-logs alpine sh -c "echo a; sleep 1; echo b"; docker logs -f capture-logs;'
    "docker rm capture-logs"
)
COMPOSE = "cd compose && docker-compose up -d && docker-compose ps && docker-compose down -v"
PROGRAMS = {
    "run": ["docker", "run", "--rm", "alpine", "echo", "hi"],
    "Debian's run": ["/usr/bin/docker", "run", "--rm", "-i", "alpine", "cat"],
    "run on a terminal": ["script", "-qec", "docker run --rm -it alpine sh -c 'tty; exit 0'", "/dev/null"],
    "exec": ["docker", "exec", "-i", "capture-target", "tr", "a-z", "A-Z"],
    "build": ["docker", "build", "-q", "context"],
    "ps": ["docker", "ps", "--filter", "status=running", "--filter", "label=x"],
    "cp in": ["docker", "cp", "context/greeting.txt", "capture-target:/tmp/"],
    "cp out": ["docker", "cp", "capture-target:/etc/passwd", "."],
    "logs": ["sh", "-c", LOGS],
    "docker-py": [sys.executable, "-c", DOCKER_PY],
    "aiodocker": [sys.executable, "-c", AIODOCKER],
    "compose": ["sh", "-c", COMPOSE],
}


@pytest.fixture(scope="module")
def target(docker: Docker) -> Iterator[None]:
    """A container that was there before."""
    docker.cli("run", "-d", "--name", "capture-target", "alpine", "sleep", "600")
    yield
    docker.cli("rm", "-f", "capture-target")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM alpine\nCOPY greeting.txt /\n")
    (context / "greeting.txt").write_text("hello\n")
    (context / "left-out.log").write_text("no\n")
    (context / ".dockerignore").write_text("*.log\n")
    (tmp_path / "compose").mkdir()
    (tmp_path / "compose" / "docker-compose.yml").write_text(
        'version: "3.7"\nvolumes: {data: {}}\nservices:\n'
        '  web: {image: alpine, command: sleep 60, stop_grace_period: 0s, volumes: ["data:/d"]}\n'
    )
    return tmp_path


def captured(folder: Path, engine: Engine, *program: str, typed: bytes = b"word\n", **env: str) -> Done:
    command = Command(folder, engine.url, env={"DOCKER_BUILDKIT": "0", "PYTHONWARNINGS": "ignore", **env})
    return command("capture", "-o", "x.yaml", "--record", "x.json", "--", *program, input=typed)


def steps_of(folder: Path) -> list[dict[str, Any]]:
    class Loader(yaml.SafeLoader):
        """Knows !raw."""

    Loader.add_constructor("!raw", lambda _, node: node.value)
    steps: list[dict[str, Any]] = yaml.load((folder / "x.yaml").read_text(), Loader)["steps"]
    return steps


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_program_said_passes(docker: Docker, folder: Path, name: str) -> None:
    """Checked, run, recorded and replayed by the verb itself; then strictly checked and run once more."""
    done = captured(folder, docker, *PROGRAMS[name])
    assert done.code == 0, done.err
    assert "replayed once: passed" in done.err
    command = Command(folder, docker.url)
    assert command("check", "--strict", "x.yaml").code == 0
    again = command("x.yaml", "-q", "--format", "none")
    assert again.code == 0, again.err


def test_it_reads_as_if_a_person_had_written_it(docker: Docker, folder: Path) -> None:
    done = captured(folder, docker, *PROGRAMS["run"])
    assert done.out == "hi\n"
    assert (
        (folder / "x.yaml").read_text()
        == """\
title: docker run --rm alpine echo hi

steps:
  - title: Create a container
    create:
      body:
        AttachStdout: true
        AttachStderr: true
        Cmd: [echo, hi]
        Image: alpine
        HostConfig: {AutoRemove: true}
    capture: {container: body.Id}

  - id: attach
    title: Attach to its streams
    attach: {id: "{{ container }}", stderr: true, stdout: true, stream: true}
    background: true

  - id: wait
    title: Wait for it to end
    wait: {id: "{{ container }}", condition: removed}
    background: true

  - title: Start the container
    start: "{{ container }}"

  - await: attach
    expect: {stdout: "hi\\n"}

  - await: wait
    expect: {body: {StatusCode: 0}}
"""
    )
    assert done.err.splitlines() == [
        "5 calls",
        "  create                captured: container",
        "  attach                in the background, as it was",
        "  wait                  in the background, as it was",
        "  start",
        "left out: HEAD /_ping",
        "x.yaml: 6 steps; checked, run and recorded in x.json, replayed once: passed",
    ]


@pytest.mark.usefixtures("target")
def test_exec_with_input(docker: Docker, folder: Path) -> None:
    captured(folder, docker, *PROGRAMS["exec"])
    (start,) = [step for step in steps_of(folder) if "exec.start" in step]
    assert start["exec.start"] == {"id": "{{ command }}", "stdin": "word\n"}
    assert start["expect"] == {"stdout": "WORD\n"}


def test_a_context_becomes_a_folder(docker: Docker, folder: Path) -> None:
    captured(folder, docker, *PROGRAMS["build"])
    (build,) = steps_of(folder)
    assert build["image.build"] == {"q": True, "body_dir": "x.files/context"}
    context = folder / "x.files" / "context"
    assert sorted(path.name for path in context.iterdir()) == [".dockerignore", "Dockerfile", "greeting.txt"]


def test_filters_in_todays_form(docker: Docker, folder: Path) -> None:
    captured(folder, docker, *PROGRAMS["ps"])
    assert steps_of(folder)[0]["list"] == {"filters": {"label": "x", "status": "running"}}


def test_podman_remote(podman: Engine, folder: Path) -> None:
    done = captured(folder, podman, "podman", "--remote", "run", "--rm", "alpine", "echo", "hi")
    assert done.code == 0, done.err
    assert "replayed once: passed" in done.err
    attach = next(step for step in steps_of(folder) if "attach" in step)
    assert attach["background"] is True


def test_swarm_and_secrets(docker: Docker, folder: Path) -> None:
    """The secret's data is in none of the files, in no form."""
    script = (
        "docker swarm init --advertise-addr 127.0.0.1 > /dev/null &&"
        "echo topsecret-data | docker secret create word - &&"
        "docker service create -q --detach --name capture-service --secret word alpine sleep 60 &&"
        "docker service rm capture-service && docker secret rm word && docker swarm leave --force"
    )
    encoded = "dG9wc2VjcmV0LWRhdGEK"
    try:
        done = captured(folder, docker, "sh", "-c", script)
        assert done.code == 0, done.err
        assert "secrets: give them with --secret secret_data=…" in done.err
        for path in (folder / "x.yaml", folder / "x.json"):
            text = path.read_text()
            assert encoded not in text
            assert "topsecret" not in text
            assert "SWMTKN-1" not in (folder / "x.yaml").read_text()
        again = Command(folder, docker.url, env={"RUN_SECRET_SECRET_DATA": encoded})("x.yaml", "-q", "--format", "none")
        assert again.code == 0, again.err
    finally:
        docker.request("POST", "/swarm/leave?force=1")


def test_a_secret_of_the_command_line_is_written_as_one(docker: Docker, folder: Path) -> None:
    command = Command(folder, docker.url)
    program = ["docker", "run", "--rm", "-e", "TOKEN=open-sesame", "alpine", "sh", "-c", "echo $TOKEN"]
    done = command("capture", "-o", "x.yaml", "--record", "x.json", "--secret", "token=open-sesame", "--", *program)
    assert done.code == 0, done.err
    for name in ("x.yaml", "x.json"):
        assert "sesame" not in (folder / name).read_text()
    create = next(step for step in steps_of(folder) if "create" in step)
    assert create["create"]["body"]["Env"] == ["TOKEN={{ token }}"]


def test_an_upload_with_a_secret_in_it_is_not_kept(docker: Docker, folder: Path) -> None:
    (folder / "context" / "key").write_text("open-sesame\n")
    command = Command(folder, docker.url, env={"DOCKER_BUILDKIT": "0"})
    done = command("capture", "-o", "x.yaml", "--secret", "key=open-sesame", "--", "docker", "build", "-q", "context")
    assert done.code == 2
    assert "error[secret-in-upload]: the upload of POST /build has the secret 'key' in it" in done.err
    assert not (folder / "x.yaml").exists()
    assert not (folder / "x.files").exists()
    docker.cli("image", "rm", done.out.strip())


def test_buildkit_is_opaque(docker: Docker, folder: Path) -> None:
    done = captured(folder, docker, "/usr/bin/docker", "build", "-q", "context", DOCKER_BUILDKIT="1")
    assert done.code == 1
    assert "POST /session is BuildKit's: it was passed, and what it says can't be captured" in done.err
    assert "error[no-steps]" in done.err
    assert "DOCKER_BUILDKIT=0" in done.err
    assert not (folder / "x.yaml").exists()
    docker.cli("image", "rm", done.out.strip())


def test_the_programs_exit_code_and_its_failure(docker: Docker, folder: Path) -> None:
    done = captured(folder, docker, "docker", "run", "--rm", "alpine", "sh", "-c", "exit 7")
    assert done.code == 7
    assert "replayed once: passed" in done.err
    waited = next(step for step in steps_of(folder) if step.get("await") == "wait")
    assert waited["expect"] == {"body": {"StatusCode": 7}}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "what is to be captured?"),
        (["--", "true"], 2, "-o names the scenario to write"),
        (["-o", "x.txt", "--", "true"], 2, "a .yaml file"),
        (["-o", "there.yaml", "--", "true"], 2, "there.yaml is there already"),
        (["-o", "no/x.yaml", "--", "true"], 2, "there is no folder"),
        (["-o", "x.yaml", "--", "sh", "-c", "exit 3"], 3, "sh did not connect to the socket"),
        (["-o", "x.yaml", "--", "no-such-program"], 2, "can't be run"),
    ],
)
def test_wrong_use_and_silence(nowhere: Command, words: list[str], code: int, message: str) -> None:
    nowhere.write("there.yaml", "title: x\n")
    done = nowhere("capture", *words)
    assert (done.code, message in done.err) == (code, True), done.err
    assert not (nowhere.folder / "x.yaml").exists()
