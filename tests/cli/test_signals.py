"""Ctrl-C, SIGTERM and SIGHUP: the first stops and cleans up, the second stops at once."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import socket
import termios
import time
from collections.abc import Iterator
from typing import IO

import pytest

from tests.cli.helpers import Command
from tests.engines import Docker

LONG = """
    title: long
    steps:
      - create: {body: {Image: alpine, Cmd: [sleep, "600"]}}
        capture: {box: body.Id}
      - start: "{{ box }}"
      - {id: long, wait: "{{ box }}"}
    finally:
      - {id: ending, sleep: 200ms}
"""


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """A shell in the background ignores SIGINT, nohup ignores SIGHUP, and children inherit that."""
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    hang_up = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGHUP, hang_up)


def read_until(stream: IO[bytes], word: bytes) -> bytes:
    """Return what comes up to a line with the word."""
    text = b""
    for line in stream:
        text += line
        if word in line:
            return text
    raise AssertionError(f"no {word!r} in {text!r}")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_the_first_signal_cleans_up(on_docker: Command, docker: Docker, number: signal.Signals, code: int) -> None:
    on_docker.write("x.yaml", LONG)
    with on_docker.started("x.yaml", "--format", "json") as process:
        assert process.stderr is not None
        read_until(process.stderr, b"start_2")
        time.sleep(0.3)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert b"stopping, and cleaning up (again to stop now)" in err
    assert b"Traceback" not in err
    report = json.loads(out)
    steps = {step["id"]: step for step in report["scenarios"][0]["steps"]}
    assert steps["long"]["status"] == "error"
    assert steps["long"]["error"]["code"] == "interrupted"
    assert steps["ending"]["status"] == "passed"
    assert steps["cleanup_1"]["status"] == "passed"


def test_a_terminal_that_hangs_up(on_docker: Command, docker: Docker) -> None:
    """Nothing can be printed any more, and what the run created is removed all the same."""
    on_docker.write("x.yaml", LONG)
    ours, theirs = pty.openpty()
    with on_docker.started(
        "x.yaml", "-o", "r.json", stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=lead
    ) as process:
        os.close(theirs)
        text = b""
        while b"start_2" not in text:
            text += os.read(ours, 65536)
        time.sleep(1)
        os.close(ours)
        assert process.wait(30) == 143
    report = json.loads((on_docker.folder / "r.json").read_text())
    steps = {step["id"]: step for step in report["scenarios"][0]["steps"]}
    assert steps["long"]["error"]["code"] == "interrupted"
    assert steps["cleanup_1"]["status"] == "passed"


def lead() -> None:
    """Make the terminal the process's own, as a shell's window is."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_nohup_keeps_it_from_hanging_up(command: Command) -> None:
    command.write("x.yaml", "title: t\nsteps:\n  - sleep: 1s\n")
    ignore = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with command.started("x.yaml", "--format", "none") as process:
            assert process.stderr is not None
            read_until(process.stderr, b"Docker Engine")
            process.send_signal(signal.SIGHUP)
            process.communicate(timeout=30)
        assert process.returncode == 0
    finally:
        signal.signal(signal.SIGHUP, ignore)


def test_the_second_signal_stops_at_once(command: Command) -> None:
    command.write("x.yaml", "title: t\nsteps:\n  - sleep: 30s\nfinally:\n  - {id: ending, sleep: 30s}\n")
    with command.started("x.yaml", "--format", "none") as process:
        assert process.stderr is not None
        read_until(process.stderr, b"Docker Engine")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        read_until(process.stderr, b"stopping")
        time.sleep(0.3)
        before = time.monotonic()
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=30)[1]
    assert time.monotonic() - before < 10
    assert process.returncode == 130
    assert b"stopping now" in err
    assert b"Traceback" not in err


def test_the_scenarios_that_follow_do_not_run(command: Command) -> None:
    command.write("1.yaml", "title: one\nsteps:\n  - sleep: 30s\n")
    command.write("2.yaml", "title: two\nsteps:\n  - sleep: 30s\n")
    with command.started("1.yaml", "2.yaml", "--format", "json") as process:
        assert process.stderr is not None
        read_until(process.stderr, b"Docker Engine")
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        out = process.communicate(timeout=30)[0]
    assert process.returncode == 143
    assert [one["status"] for one in json.loads(out)["scenarios"]] == ["error", "skipped"]


def test_before_anything_runs(nowhere: Command) -> None:
    """An engine that accepts the connection and never answers."""
    (nowhere.folder / "x.yaml").write_text("title: T\nsteps: [{version: }]\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with nowhere.started("x.yaml", "-H", address) as process, server.accept()[0] as connection:
            assert connection.recv(1)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")
