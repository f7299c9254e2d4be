"""With ``--reap``, nothing is left where the runner is killed, and no process where it is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import runner
from runner.engine.docker_config.endpoint import Endpoint, TlsSettings
from runner.errors import UsageError
from runner.library.reaper.watcher import Order, Watcher
from tests.cli.helpers import PASSES, Command
from tests.cli.test_signals import read_until
from tests.engines import Docker
from tests.executor.cleanup.test_cut_off_builds import SLOW
from tests.leftovers.everything import written
from tests.leftovers.torture import Thing, inventory

LOOP = """
    title: t
    steps:
      - {id: ready, sleep: 0}
      - for_each: "range(1000)"
        create: {body: {Image: alpine}}
"""


@pytest.fixture
def command(tmp_path: Path, docker: Docker) -> Command:
    return written(Command(tmp_path, docker.url, {"XDG_STATE_HOME": str(tmp_path / "state")}))


def watchers(folder: Path) -> list[int]:
    """The processes that watch the runs of a test: they have its folder as HOME."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command_line, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:  # it has ended
            continue
        if b"runner.library.reaper" in command_line and f"HOME={folder}".encode() in environment.split(b"\0"):
            found.append(int(process.name))
    return found


def await_no_watcher(folder: Path) -> None:
    ends = time.monotonic() + 60
    while watchers(folder):
        assert time.monotonic() < ends
        time.sleep(0.1)


def await_nothing(docker: Docker, before: frozenset[Thing]) -> None:
    """Wait until the engine has what it had."""
    ends = time.monotonic() + 60
    while left := inventory(docker) - before:
        assert time.monotonic() < ends, left
        time.sleep(0.2)


def test_killed_after_creating_everything(command: Command, docker: Docker) -> None:
    """Its stderr ends with the process that watched it."""
    before = inventory(docker)
    with command.started("everything.yaml", "--var", "wanted=long", "--format", "none", "--reap") as process:
        assert process.stderr is not None
        read_until(process.stderr, b" ready ")
        process.kill()
        err = process.communicate(timeout=120)[1].decode()
    assert inventory(docker) - before == frozenset()
    for line in ("container left-box", "volume left-raw-volume", "network left-net", "image left/committed:latest"):
        assert f"\nreap: removed {line}\n" in err
    assert "still there" not in err
    await_no_watcher(command.folder)
    assert command("clean").out == "nothing is left behind\n"


def test_killed_among_creates(command: Command, docker: Docker) -> None:
    before = inventory(docker)
    command.write("x.yaml", LOOP)
    with command.started("x.yaml", "--format", "none", "--reap") as process:
        while len(inventory(docker) - before) < 3:
            assert process.poll() is None
        process.kill()
        process.communicate(timeout=120)
    assert inventory(docker) - before == frozenset()


def test_killed_in_mid_build(command: Command, docker: Docker, tmp_path: Path) -> None:
    before = inventory(docker)
    command.write("context/Dockerfile", SLOW)
    command.write("x.yaml", "title: t\nsteps:\n  - image.build: {body_dir: context, nocache: true, t: left/slow}\n")
    with command.started("x.yaml", "--format", "none", "--reap") as process:
        while not any(path.read_text().count("\n") > 1 for path in (tmp_path / "state").rglob("*.jsonl")):
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
        err = process.communicate(timeout=120)[1].decode()
    await_nothing(docker, before)
    assert "reap: removed image " in err
    assert list((tmp_path / "state").rglob("*.jsonl")) == []


def test_a_normal_end_leaves_no_process(command: Command) -> None:
    command.write("x.yaml", "title: t\nsteps: [{id: ready, sleep: 0}, {id: more, sleep: 200ms}]\n")
    with command.started("x.yaml", "--format", "none", "--reap") as process:
        assert process.stderr is not None
        read_until(process.stderr, b" ready ")
        during = watchers(command.folder)
        process.wait(timeout=60)
        after = watchers(command.folder)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert (len(during), after) == (1, [])
    assert b"reap" not in err


def test_the_terminals_ctrl_c_is_left_to_the_runner(command: Command, docker: Docker) -> None:
    """A terminal sends it to its whole group of processes."""
    before = inventory(docker)
    words = ("everything.yaml", "--var", "wanted=long", "--format", "none", "--reap")
    with command.started(*words, start_new_session=True) as process:
        assert process.stderr is not None
        read_until(process.stderr, b" ready ")
        (watcher,) = watchers(command.folder)
        assert os.getsid(watcher) != os.getsid(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert b"left:" not in err
    assert b"reap" not in err
    assert inventory(docker) - before == frozenset()
    assert watchers(command.folder) == []


@pytest.mark.parametrize("option", ["--keep", "--replay"])
def test_what_it_contradicts(tmp_path: Path, option: str) -> None:
    command = Command(tmp_path, "unix:///nowhere")
    command.write("x.yaml", PASSES)
    done = command("x.yaml", "--reap", option)
    assert done.code == 2
    assert done.err.startswith(f"run: error[conflicting-options]: --reap and {option} contradict each other: ")
    if option == "--keep":
        with pytest.raises(UsageError, match="contradict"):
            runner.run(tmp_path / "x.yaml", engine="unix:///nowhere", reap=True, keep=True)


@pytest.mark.parametrize(
    "endpoint",
    [
        Endpoint("unix:///run/x.sock", "unix", "--host", path="/run/x.sock"),
        Endpoint("ssh://me@box", "ssh", "a context", host="box", user="me"),
        Endpoint(
            "https://box:2376/engines/1",
            "tcp",
            "DOCKER_HOST",
            host="box",
            port=2376,
            tls=TlsSettings(Path("/ca.pem"), None, Path("/key.pem"), verify=False),
            prefix="/engines/1",
            headers=(("X-Meta", "secret"),),
        ),
    ],
)
def test_the_same_engine_in_the_same_way(endpoint: Endpoint) -> None:
    order = Order(endpoint, "1.41", ("0a", "0b"), Path("/state"), ("line\nline",))
    line = order.to_line()
    assert line.count(b"\n") == 1
    assert Order.from_line(line) == order


def test_certificates_are_found_from_another_folder() -> None:
    endpoint = Endpoint("tcp://box:2376", "tcp", "--host", host="box", port=2376, tls=TlsSettings(Path("ca.pem")))
    tls = Order.from_line(Order(endpoint, "1.41", (), Path("/state"), ()).to_line()).endpoint.tls
    assert tls == TlsSettings(Path("ca.pem").absolute())


def test_without_a_standard_error(command: Command, docker: Docker) -> None:
    """Test with a closed stderr: what opens first would become file 2: the connection to the engine."""
    before = inventory(docker)
    command.write("x.yaml", "title: t\nsteps: [{volume.create: {body: {Name: left-volume}}}, {sleep: 10m}]\n")
    shell = 'exec "$0" -m runner x.yaml --format none --reap 2>&-'
    process = subprocess.Popen(["sh", "-c", shell, sys.executable], cwd=command.folder, env=command.environment())
    while not inventory(docker) - before:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    await_nothing(docker, before)
    await_no_watcher(command.folder)


def test_a_process_that_can_not_start(capfd: pytest.CaptureFixture[str]) -> None:
    """A Python that has no such encoding ends at once, and says why."""
    order = Order(Endpoint("unix:///nowhere", "unix", "--host", path="/nowhere"), "1.41", (), Path("/state"), ())
    with pytest.raises(UsageError, match="has ended at once") as raised:
        Watcher(order, {"PYTHONIOENCODING": "nonsense"})
    assert raised.value.code == "cannot-watch"
    assert "Python" in capfd.readouterr().err
