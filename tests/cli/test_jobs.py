"""Scenarios side by side: each one's lines, exchanges, end and report its own."""

from __future__ import annotations

import json
import signal
import time

from tests.cli.helpers import Command
from tests.cli.test_signals import read_until
from tests.engines import Docker

LONG = """
    title: long
    steps:
      - create: {body: {Image: alpine, Cmd: [sh, -c, "for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done"]}}
        capture: {box: body.Id}
      - {id: output, attach: {id: "{{ box }}", stream: true, stdout: true}, background: true}
      - start: "{{ box }}"
      - {id: ended, wait: "{{ box }}"}
      - {await: output, expect: {stdout: "1\\n2\\n3\\n4\\n5\\n6\\n"}}
"""
FAILS = """
    title: fails
    steps:
      - {id: endless, events: {}, background: true}
      - {id: one, sleep: 200ms}
      - {id: bad, check: ["1 == 2"]}
"""
TIMES_OUT = "title: times out\nsteps:\n  - {id: late, events: {}, timeout: 700ms}\n"


def test_one_that_fails_breaks_no_other(on_docker: Command, docker: Docker) -> None:
    on_docker.write("1-long.yaml", LONG)
    on_docker.write("2-fails.yaml", FAILS)
    on_docker.write("sub/2-fails.yaml", TIMES_OUT)
    on_docker.write("4-long.yaml", LONG)
    files = ("4-long.yaml", "2-fails.yaml", "sub/2-fails.yaml", "1-long.yaml")
    done = on_docker(*files, "--jobs", "4", "--format", "json")
    assert done.code == 1, done.err
    report = json.loads(done.out)
    found = report["scenarios"]
    assert report["duration_ms"] < sum(one["duration_ms"] for one in found), "they ran one after the other"
    assert [(one["file"], one["status"]) for one in found] == [
        ("4-long.yaml", "passed"),
        ("2-fails.yaml", "failed"),
        ("sub/2-fails.yaml", "failed"),
        ("1-long.yaml", "passed"),
    ]
    lines = [line for line in done.err.splitlines() if " ms" in line or "·" in line]
    for owner, step in (("4-long", "ended"), ("1-long", "ended"), ("2-fails", "bad"), ("sub/2-fails.yaml", "late")):
        assert sum(line.startswith(f"{owner} │") and f" {step} " in line for line in lines) == 1, done.err
    assert all("│" in line for line in lines[:-1]), done.err
    assert "4 scenarios: 2 passed, 2 failed" in lines[-1]


def test_alone_lines_have_no_owner(command: Command) -> None:
    command.write("x.yaml", "title: x\nsteps:\n  - {id: one, sleep: 0}\n")
    assert "│" not in command("x.yaml", "--format", "none").err


def test_ctrl_c_ends_all_and_starts_no_other(on_docker: Command, docker: Docker) -> None:
    for number in range(3):
        on_docker.write(f"{number}.yaml", LONG.replace("sleep 0.2", "sleep 60"))
    with on_docker.started("0.yaml", "1.yaml", "2.yaml", "--jobs", "2", "--format", "json") as process:
        assert process.stderr is not None
        read_until(process.stderr, b" start_3 ")
        read_until(process.stderr, b" start_3 ")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=30)[0]
    assert process.returncode == 130
    assert [one["status"] for one in json.loads(out)["scenarios"]] == ["error", "error", "skipped"]
