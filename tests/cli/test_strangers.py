"""Strangers' files: what needs no engine writes nothing but its reports, reads only below the scenario's folder, and
starts no program."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.cli.helpers import Command, Done
from tests.engines import Docker

SAVES = """
title: It saves
steps:
  - id: create
    create: {body: {Image: alpine, Cmd: ["true"]}}
    capture: {box: body.Id}
    defer: {remove: "{{ box }}"}
  - container.export: {id: "{{ box }}", save: bait}
"""
PAGE = "<!-- run: s/x.yaml -->\n<!-- /run -->\n"
HELPER = '#!/bin/sh\ntouch "$(dirname "$0")/started"\necho \'{}\'\n'


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, but for the cache of the command."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cache" not in path.parts
    }


@pytest.fixture
def stranger(nowhere: Command) -> Command:
    """A folder of a stranger's, with bait around it and a credential helper that would be noticed."""
    nowhere.write("s/x.yaml", SAVES)
    nowhere.write("secret.txt", "the neighbour's")
    nowhere.write("s/.git/config", "[core]\n")
    helper = nowhere.write("bin/docker-credential-bait", HELPER)
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    nowhere.write(".docker/config.json", '{"credsStore": "bait", "credHelpers": {"registry.example": "bait"}}')
    nowhere.env = {"PATH": f"{nowhere.folder}/bin:/usr/bin:/bin"}
    return nowhere


def unchanged(command: Command, *words: str) -> Done:
    before = tree(command.folder)
    done = command(*words)
    after = tree(command.folder)
    assert after == before, set(after) ^ set(before)
    return done


@pytest.fixture
def recorded(stranger: Command, docker: Docker) -> Command:
    (stranger.folder / "s" / "recordings").mkdir()
    live = Command(stranger.folder, docker.url, stranger.env)
    done = live("s/x.yaml", "--record", "s/recordings/x.json", "--format", "none")
    assert done.code == 0, done.err
    (stranger.folder / "bait").unlink()
    return stranger


@pytest.mark.parametrize("target", ["bait", "s/bait", "{HOME}/s/y", "../out", ".git/config", "s/.git/config"])
@pytest.mark.parametrize(
    "words",
    [["s/x.yaml", "--replay"], ["docs", "page.md", "--check", "--replay"], ["plan", "s/x.yaml"], ["check", "s/x.yaml"]],
)
def test_nothing_is_written(recorded: Command, target: str, words: list[str]) -> None:
    target = target.replace("{HOME}", str(recorded.folder))
    recorded.write("page.md", PAGE)
    recorded.write("s/x.yaml", SAVES.replace("save: bait", f"save: {target}"))
    done = unchanged(recorded, *words)
    assert done.code in (0, 1, 3, 5), done.err


def test_a_folder_that_is_allowed_is_written_to(recorded: Command) -> None:
    (recorded.folder / "out").mkdir()
    recorded.write("s/x.yaml", SAVES.replace("save: bait", "save: out/bait"))
    done = recorded("s/x.yaml", "--replay", "--allow-write", "out", "--format", "none")
    assert done.code == 0, done.err
    assert (recorded.folder / "out" / "bait").exists()


READS = {
    "a body": "put_archive: {{id: x, path: /, body_file: {0}}}",
    "an input": "attach: {{id: x, stream: true, stdin_file: {0}}}",
    "a folder": "image.build: {{body_dir: {0}}}",
}


@pytest.mark.parametrize("step", READS.values(), ids=READS)
@pytest.mark.parametrize("path", ["../secret.txt", "/etc/passwd", "/dev/zero", "link", ".git/config", "pipe", ".."])
def test_nothing_outside_is_read(recorded: Command, step: str, path: str) -> None:
    """In a plan and a replay; neither waits for a device or a pipe."""
    (recorded.folder / "s" / "link").symlink_to("../secret.txt")
    os.mkfifo(recorded.folder / "s" / "pipe")
    recorded.write("s/x.yaml", f"title: t\nsteps:\n  - {step.format(path)}\n")
    for words in (["plan", "s/x.yaml"], ["s/x.yaml", "--replay", "--format", "json"]):
        done = recorded(*words)
        assert "neighbour" not in done.out + done.err
        assert "root:" not in done.out + done.err
        assert done.code in (0, 1), done.err


def test_an_include_outside(stranger: Command) -> None:
    stranger.write("s/x.yaml", "title: t\nsteps:\n  - include: {scenario: ../secret.txt}\n")
    for words in (["check", "s/x.yaml"], ["plan", "s/x.yaml"], ["s/x.yaml", "--replay"]):
        done = unchanged(stranger, *words)
        assert done.code == 3
        assert "outside" in done.err
        assert "neighbour" not in done.err
    stranger.write("shared/y.yaml", "title: y\nsteps:\n  - {set: {a: 1}, id: inner}\n")
    stranger.write("s/x.yaml", "title: t\nsteps:\n  - include: {scenario: ../shared/y.yaml}\n")
    assert stranger("check", "s/x.yaml").code == 3
    assert stranger("check", "s/x.yaml", "--allow-read", "shared").code == 0
    assert stranger("plan", "s/x.yaml", "--allow-read", "shared").code == 0
    assert stranger("check", "s/x.yaml", "--allow-read", "nowhere").code == 2


def test_no_program_is_started(on_docker: Command, stranger: Command) -> None:
    """Not even by a page that is checked on an engine."""
    stranger.write("s/x.yaml", "title: t\nsteps:\n  - image.push: {name: registry.example/a}\n")
    stranger.write("page.md", PAGE)
    live = Command(stranger.folder, on_docker.at, stranger.env)
    for words in (["check", "s/x.yaml"], ["plan", "s/x.yaml"], ["s/x.yaml", "--replay"]):
        stranger(*words)
    live("docs", "page.md", "--check")
    assert not (stranger.folder / "bin" / "started").exists()
    live("s/x.yaml", "--format", "none")
    assert (stranger.folder / "bin" / "started").exists(), "the bait works"


def test_the_strangers_files_of_a_replay(recorded: Command) -> None:
    """A report goes where the user names it, and only there."""
    before = tree(recorded.folder)
    assert recorded("s/x.yaml", "--replay", "-q", "--format", "none", "-o", "r.json").code == 0
    after = tree(recorded.folder)
    assert set(after) - set(before) == {"r.json"}
    assert json.loads(after["r.json"])["status"] == "passed"
