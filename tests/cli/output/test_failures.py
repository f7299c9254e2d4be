"""The block of a failure: which scenario, step and element, what was expected and what came."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.helpers import Command
from tests.engine.scripted import Peer, ok, serving

LOOP = """
title: Which of the cases failed
steps:
  - id: refused
    title: "{{ path }} refuses it"
    for_each: {in: [/volumes, /networks], as: path}
    request: {path: "{{ path }}"}
    expect: {status: [400, 500]}
"""
COUNTED = """
title: counted
steps:
  - {id: one, sleep: 0}
  - {id: loop, for_each: [1, 2, 3], set: {a: "{{ item }}"}}
  - {id: never, when: "false", sleep: 0}
  - id: block
    parallel: [{sleep: 0}, {sleep: 0}]
  - {id: bad, check: ["1 == 2"]}
"""


def frame(stream: int, text: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4) + text


def answers(peer: Peer) -> None:
    output = frame(2, b"cat: can't open '/no/such/file'\n\x1b[2J")
    while True:
        path = peer.request().split(b" ")[1]
        if b"_ping" in path:
            peer.send(ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)"))
        elif b"/logs" in path:
            peer.send(ok(output, "Content-Type: application/vnd.docker.raw-stream"))
        else:
            peer.send(ok(b'{"Config": {"Tty": false}}', "Content-Type: application/json"))


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Command]:
    with serving(*[answers] * 20) as server:
        yield Command(tmp_path, server.endpoint.url)


def blocks(text: str) -> list[str]:
    """The blocks of failures, each without what is around it."""
    return [block for block in re.split(r"\n\n+", text) if "failed[" in block]


def test_each_element_of_a_loop_is_named_with_what_was_expected(answering: Command) -> None:
    answering.write("x.yaml", LOOP)
    done = answering("x.yaml", "--format", "none", "--keep-going")
    assert done.code == 1
    first, second = blocks(done.err)
    for index, (block, path) in enumerate(((first, "/volumes"), (second, "/networks"))):
        assert "failed[unexpected-status]: the engine answered 200 OK" in block
        assert "    expected  status in [400, 500]\n    actual    200\n" in block
        assert block.rstrip().endswith(f"  in: Which of the cases failed → refused[{index}]: {path} refuses it")


def test_what_was_documented_is_expected_where_nothing_else_is(answering: Command) -> None:
    answering.write("x.yaml", "title: t\nsteps:\n  - network.create: {body: {Name: a}}\n")
    err = answering("x.yaml", "--format", "none").err
    assert "the engine answered 200 OK" in err
    assert "    expected  status == 201\n    actual    200\n" in err


def test_the_error_output_is_shown_where_there_is_no_other(answering: Command) -> None:
    answering.write("x.yaml", "title: t\nsteps:\n  - logs: {id: a, stdout: true}\n    expect: {stdout: hello}\n")
    err = answering("x.yaml", "--format", "none").err
    assert "  stderr: cat: can't open '/no/such/file'\n  stderr: \\x1b[2J\n" in err


def test_every_report_counts_the_same_steps(command: Command) -> None:
    command.write("x.yaml", COUNTED)
    done = command("x.yaml", "--format", "json", "-o", "r.xml", "-o", "r.html", "--keep-going")
    assert done.code == 1
    assert "1 scenario: 1 failed · 7 steps, 1 skipped in " in done.err
    suite = ET.parse(command.folder / "r.xml").getroot()[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "8", "failures": "1", "errors": "0", "skipped": "1",
    }  # fmt: skip
    page = re.sub(r"<[^>]*>|\s", " ", (command.folder / "r.html").read_text())
    assert re.search(r"6\s+passed.*?1\s+failed.*?1\s+skipped", page)
    assert json.loads(done.out)["status"] == "failed"
