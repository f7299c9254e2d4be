"""``run serve``: real clients against recordings that were made with them on real engines."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import docker as docker_py
import pytest

from runner.engine.recordings.body_parts import BodyPart
from runner.engine.recordings.recording import RecordedInput, read
from runner.errors import StepError, UsageError
from runner.proxy.playback.faults import parse_fault
from runner.proxy.playback.recorded_engine import engine_from_recording
from tests.cli.helpers import ROOT, Command
from tests.engines import Docker, Engine
from tests.proxy.playback.factories import WEB, exchange, lifecycle, write

SHIPPED = sorted((ROOT / "scenarios" / "recordings").glob("*.json"))
AIODOCKER = """
import asyncio, aiodocker

async def main():
    docker = aiodocker.Docker()
    container = await docker.containers.create({"Image": "alpine", "Cmd": ["cat"], "OpenStdin": True, "StdinOnce": True,
        "AttachStdin": True, "AttachStdout": True})
    async with container.attach(stdin=True, stdout=True) as stream:
        await container.start()
        await stream.write_in(b"typed\\n")
        print((await stream.read_out()).data.decode().strip())
    await container.delete(force=True)
    await docker.close()

asyncio.run(main())
"""
DOCKER_PY = """
import docker, uuid
client = docker.from_env(timeout=30)
name = f"job-{uuid.uuid4().hex}"
container = client.containers.run("alpine", ["sh", "-c", "echo one; echo two >&2"], name=name, detach=True)
print(container.wait()["StatusCode"], container.logs(stderr=False), container.name == name)
container.remove()
client.close()
"""
RANDOM_NAME = """
name=job-$(head -c 6 /dev/urandom | od -An -tx1 | tr -d ' \\n')
docker run -d --name $name -p 127.0.0.1::80 alpine sleep 60 > id
docker inspect -f '{{.State.Status}}' $name
docker exec -i $name tr a-z A-Z < word
docker stop -t 0 $(cut -c 1-12 id) > /dev/null
docker inspect -f '{{.State.Status}}' $name
docker rm $name > /dev/null
"""
CLIENTS = {
    "docker CLI": ["docker", "run", "--rm", "alpine", "echo", "hi"],
    "Debian's docker CLI": ["/usr/bin/docker", "run", "--rm", "-i", "alpine", "cat"],
    "docker CLI, a container's life": ["sh", "-c", RANDOM_NAME],
    "docker-py": [sys.executable, "-c", DOCKER_PY],
    "aiodocker": [sys.executable, "-c", AIODOCKER],
    "curl": ["sh", "-c", "curl -sf --unix-socket ${DOCKER_HOST#unix://} http://d/v1.40/containers/json?all=0"],
}


def empty_recording(folder: Path, engine: Engine) -> Path:
    """Return what the engine answers to one harmless request."""
    command = Command(folder, engine.url)
    command.write("start.yaml", "title: start\nsteps:\n  - volume.list: {}\n")
    done = command("start.yaml", "-q", "--format", "none", "--record", "made.json")
    assert done.code == 0, done.err
    return folder / "made.json"


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_is_recorded_and_then_served_the_same(docker: Docker, tmp_path: Path, name: str) -> None:
    client = CLIENTS[name]
    empty_recording(tmp_path, docker)
    (tmp_path / "word").write_text("word\n")
    typed = b"typed\n" if "cat" in client else b""
    first = Command(tmp_path)("serve", "-H", docker.url, "--on-miss", "record", "made.json", "--", *client, input=typed)
    assert first.code == 0, first.err
    served = Command(tmp_path)("serve", "--speed", "0", "made.json", "--", *client, input=typed)
    assert (served.code, served.out) == (0, first.out), served.err
    assert "✗" not in served.err


def test_podman_remote(podman: Engine, tmp_path: Path) -> None:
    client = ["podman", "--remote", "run", "--rm", "alpine", "echo", "hi"]
    empty_recording(tmp_path, podman)
    first = Command(tmp_path)("serve", "-H", podman.url, "--on-miss", "record", "made.json", "--", *client)
    assert first.code == 0, first.err
    served = Command(tmp_path)("serve", "made.json", "--", *client)
    assert (served.code, served.out) == (0, "hi\n"), served.err


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_our_own_runner_on_every_shipped_recording(path: Path, tmp_path: Path) -> None:
    scenario = ROOT / "scenarios" / f"{path.stem}.yaml"
    secrets = ["--secret", "password=open-sesame"] if path.stem == "private-registry" else []
    runner = [sys.executable, "-m", "runner", str(scenario), "--timeout", "20s", *secrets, "--format", "none"]
    done = Command(tmp_path)("serve", "--speed", "0", str(path), "--", *runner)
    assert done.code == 0, done.err
    assert "✗" not in done.err


@pytest.mark.parametrize("program", ["docker", "/usr/bin/docker"])
def test_a_shipped_recording_is_enough_for_the_docker_cli(tmp_path: Path, program: str) -> None:
    path = ROOT / "scenarios" / "recordings" / "run-a-container.json"
    done = Command(tmp_path)("serve", str(path), "--", program, "run", "alpine", "ls")
    assert (done.code, done.out) == (0, "bin\ndev\netc\nproc\nroot\nsys\ntmp\n"), done.err


def test_a_miss_is_loud(tmp_path: Path) -> None:
    write(tmp_path / "web.json", *lifecycle())
    done = Command(tmp_path)("serve", "web.json", "--", "docker", "kill", WEB[:12])
    assert done.code == 1
    lines = done.err.splitlines()
    assert lines[0].startswith("7 responses of Docker Engine 20.10.24 (API 1.41) at unix:///")
    (miss,) = [line for line in lines if line.startswith("✗")]
    assert miss.startswith(f"✗ POST   /containers/{WEB[:12]}/kill")
    assert "501   not recorded" in miss
    assert "the nearest is POST …/st" in miss
    assert "(web.json:" in miss
    assert f"Error response from daemon: not recorded: POST /containers/{WEB[:12]}/kill; the nearest is" in done.err
    assert "0 of 7 responses used, 1 request without a response: exit 1" in lines
    again = (
        f"  to record it: run serve --on-miss record -H unix:///var/run/docker.sock web.json -- docker kill {WEB[:12]}"
    )
    assert again in lines


def test_the_exit_code_is_the_programs_where_nothing_was_missed(tmp_path: Path) -> None:
    write(tmp_path / "web.json", *lifecycle())
    assert Command(tmp_path)("serve", "web.json", "--", "sh", "-c", "exit 9").code == 9


@pytest.mark.parametrize(
    ("options", "version", "message"),
    [
        ((), "1.41", None),
        ((), "1.42", "client version 1.42 is too new. Maximum supported API version is 1.41"),
        ((), "1.23", "client version 1.23 is too old. Minimum supported API version is 1.24"),
        (("--api", "1.44"), "1.41", "client version 1.41 is too old. Minimum supported API version is 1.44"),
        (("--api", "1.44"), "1.44", None),
    ],
)
def test_api_versions(tmp_path: Path, options: tuple[str, ...], version: str, message: str | None) -> None:
    write(tmp_path / "web.json", *lifecycle())
    command = Command(tmp_path, env={"DOCKER_API_VERSION": version})
    done = command("serve", *options, "web.json", "--", "docker", "inspect", "-f", "{{.State.Status}}", WEB)
    if message is None:
        assert (done.code, done.out) == (0, "running\n"), done.err
    else:
        assert message in done.err


def stream_recording() -> list[BodyPart]:
    return [BodyPart(100 + 200 * n, "text", f"line {n}\n", "stdout") for n in range(5)]


def test_streams_keep_their_frames_and_times(tmp_path: Path) -> None:
    logs = exchange(
        0,
        f"GET /containers/{WEB}/logs?stdout=1&follow=1",
        parts=stream_recording(),
        headers={"Transfer-Encoding": "chunked"},
    )
    path = write(tmp_path / "logs.json", logs)
    times = {}
    for speed in (0.0, 1.0, 4.0):
        with engine_from_recording(path, speed=speed) as engine:
            client = docker_py.DockerClient(base_url=engine.url, version="1.41", timeout=30)
            begun = time.monotonic()
            lines = list(
                client.api._stream_raw_result(
                    client.api._get(
                        client.api._url("/containers/{0}/logs", WEB), params={"stdout": 1, "follow": 1}, stream=True
                    ),
                    decode=False,
                )
            )
            times[speed] = time.monotonic() - begun
            client.close()
            assert b"".join(lines) == b"".join(part.data() for part in stream_recording())
    assert times[0.0] < 0.5 < 0.8 <= times[1.0]
    assert 0.2 <= times[4.0] < times[1.0]


def test_output_does_not_come_before_the_start_that_caused_it(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.json",
        exchange(0, "POST /containers/create", {"Id": WEB}, status=201, body={"Image": "alpine"}),
        exchange(
            10,
            f"POST /containers/{WEB}/wait",
            parts=[BodyPart(30, "json", {"StatusCode": 3})],
            headers={"Transfer-Encoding": "chunked"},
        ),
        exchange(20, f"POST /containers/{WEB}/start", status=204),
    )
    with (
        engine_from_recording(path) as engine,
        socket.socket(socket.AF_UNIX) as waiter,
        socket.socket(socket.AF_UNIX) as starter,
    ):
        for client in (waiter, starter):
            client.connect(engine.url.removeprefix("unix://"))
        waiter.sendall(f"POST /containers/{WEB}/wait HTTP/1.1\r\n\r\n".encode())
        assert waiter.recv(4096).startswith(b"HTTP/1.1 200 ")
        waiter.settimeout(0.3)
        with pytest.raises(TimeoutError):
            waiter.recv(4096)
        starter.sendall(f"POST /containers/{WEB}/start HTTP/1.1\r\n\r\n".encode())
        waiter.settimeout(10)
        assert b'"StatusCode":3' in waiter.recv(4096)


def test_input_that_is_not_the_recorded_one_is_a_miss(tmp_path: Path) -> None:
    attach = exchange(
        0,
        f"POST /containers/{WEB}/attach?stdin=1&stream=1&stdout=1",
        status=101,
        upgrade="tcp",
        headers={"Content-Type": "application/vnd.docker.raw-stream"},
        parts=[BodyPart(5, "text", "bye\n", "stdout")],
        typed=RecordedInput((BodyPart(3, "text", "hello\n"),), closed=True),
    )
    path = write(tmp_path / "x.json", attach)
    for word, misses in ((b"hello\n", 0), (b"hollo\n", 1)):
        with engine_from_recording(path, allow_misses=True) as engine, socket.socket(socket.AF_UNIX) as client:
            client.connect(engine.url.removeprefix("unix://"))
            client.sendall(
                f"POST /containers/{WEB}/attach?stdin=1&stream=1&stdout=1 HTTP/1.1\r\n".encode()
                + b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
            )
            answer = client.recv(4096)
            assert answer.startswith(b"HTTP/1.1 101 ")
            client.sendall(word)
            client.shutdown(socket.SHUT_WR)
            while data := client.recv(4096):
                answer += data
            assert answer.endswith(b"\1\0\0\0\0\0\0\4bye\n")
        assert len(engine.misses) == misses


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("GET /containers/*/json: status:503", b"HTTP/1.1 503 "),
        ("* /containers/*: cut@10", b'\r\n\r\n{"Id":"aaa'),
        ("GET /containers/*/json: garbage@4", b"<garbage>"),
        ("GET /containers/*/json: delay:300ms", b"HTTP/1.1 200 "),
        ("POST /containers/*/json: cut@0", b'"Running":true}}\n'),
    ],
)
def test_faults_on_purpose(tmp_path: Path, fault: str, expected: bytes) -> None:
    path = write(tmp_path / "web.json", *lifecycle())
    begun = time.monotonic()
    with engine_from_recording(path, faults=[fault]) as engine, socket.socket(socket.AF_UNIX) as client:
        client.connect(engine.url.removeprefix("unix://"))
        client.settimeout(10)
        client.sendall(f"GET /containers/{WEB}/json HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while data := client.recv(4096):
            answer += data
    assert expected in answer
    assert (time.monotonic() - begun >= 0.3) or "delay" not in fault


def test_a_stalled_response_stays_silent(tmp_path: Path) -> None:
    path = write(tmp_path / "web.json", *lifecycle())
    with (
        engine_from_recording(path, faults=["* /containers/*: stall@5"]) as engine,
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.connect(engine.url.removeprefix("unix://"))
        client.sendall(f"GET /containers/{WEB}/json HTTP/1.1\r\n\r\n".encode())
        client.settimeout(0.5)
        answer = b""
        with pytest.raises(TimeoutError):
            while True:
                answer += client.recv(4096)
    assert answer.endswith(b'\r\n\r\n{"Id"')


@pytest.mark.parametrize(
    "text", ["", "GET", "GET /x", "GET /x: explode", "GET x: cut@1", "GET /x: cut@-1", "GET /x: delay:soon"]
)
def test_a_fault_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="--fault"):
        parse_fault(text)


def test_engine_from_recording(tmp_path: Path) -> None:
    path = write(tmp_path / "web.json", *lifecycle())
    with engine_from_recording(path) as engine:
        client = docker_py.DockerClient(base_url=engine.url, timeout=30)
        assert client.containers.get("web-1f3a9c").status == "running"
        client.close()
        assert [served.path for served in engine.requests] == ["/version", "/containers/web-1f3a9c/json"]
    missed = pytest.raises(StepError, match="has no response for GET /info")
    with missed, engine_from_recording(path) as engine, socket.socket(socket.AF_UNIX) as client:
        client.connect(engine.url.removeprefix("unix://"))
        client.sendall(b"GET /info HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 501 ")


def test_a_nonsensical_client_gets_a_400(tmp_path: Path) -> None:
    path = write(tmp_path / "web.json", *lifecycle())
    with engine_from_recording(path) as engine, socket.socket(socket.AF_UNIX) as client:
        client.connect(engine.url.removeprefix("unix://"))
        client.sendall(b"\x16\x03\x01 hello?\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_pipelined_requests_are_answered_in_order(tmp_path: Path) -> None:
    path = write(tmp_path / "web.json", *lifecycle())
    with engine_from_recording(path) as engine, socket.socket(socket.AF_UNIX) as client:
        client.connect(engine.url.removeprefix("unix://"))
        client.sendall(b"GET /_ping HTTP/1.1\r\n\r\nGET /version HTTP/1.1\r\nConnection: close\r\n\r\n")
        answer = b""
        while data := client.recv(4096):
            answer += data
    assert answer.index(b"\r\n\r\nOK") < answer.index(b'"MinAPIVersion"')


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.json", "--", "true"], "there is no recording none.json"),
        (["web.json", "--speed", "fast", "--", "true"], "a number is expected"),
        (["web.json", "--api", "new", "--", "true"], "a version such as"),
        (["web.json", "-H", "unix:///x", "--", "true"], "no engine is asked"),
        (["web.json", "--fault", "x", "--", "true"], "is expected"),
        (["bad.json", "--", "true"], "its version is 99"),
    ],
)
def test_wrong_use(tmp_path: Path, words: list[str], message: str) -> None:
    write(tmp_path / "web.json", *lifecycle())
    value = json.loads((tmp_path / "web.json").read_text())
    (tmp_path / "bad.json").write_text(json.dumps({**value, "recording_version": 99}))
    done = Command(tmp_path)("serve", *words)
    assert (done.code, message in done.err) == (2, True), done.err


def test_serving_until_interrupted(tmp_path: Path) -> None:
    write(tmp_path / "web.json", *lifecycle())
    socket_path = tmp_path / "e.sock"
    with Command(tmp_path).started("serve", "web.json", "--listen", f"unix://{socket_path}") as process:
        assert process.stderr is not None
        process.stderr.readline()
        done = subprocess.run(
            ["curl", "-sf", "--unix-socket", socket_path, "http://d/_ping"], capture_output=True, check=True
        )
        assert done.stdout == b"OK"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
    assert not socket_path.exists()


def test_what_is_kept_on_a_miss_is_masked_and_the_rest_stays(docker: Docker, tmp_path: Path) -> None:
    path = write(tmp_path / "web.json", *lifecycle())
    before = read(path)
    header = "eyJ1c2VybmFtZSI6ICJtZSIsICJwYXNzd29yZCI6ICJvcGVuLXNlc2FtZS0xMiJ9"
    words = f"-X POST -H 'X-Registry-Auth: {header}' -H 'Content-Type: application/json' http://d/auth"
    body = json.dumps({"username": "me", "password": "open-sesame-12"})
    client = ["sh", "-c", f"curl -s --unix-socket ${{DOCKER_HOST#unix://}} {words} -d '{body}'"]
    done = Command(tmp_path)("serve", "-H", docker.url, "--on-miss", "record", "web.json", "--", *client)
    assert "kept 1 response of the engine in web.json" in done.err, done.err
    text = path.read_text()
    assert "sesame" not in text
    assert header not in text
    after = read(path)
    assert after.exchanges[:-1] == before.exchanges
    assert after.exchanges[-1].at > before.exchanges[-1].at
