"""Help, the version, and how little they load; colours and terminals."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from runner import __version__
from tests.cli.helpers import FAILS, PASSES, Command

HEAVY = ("yaml", "jinja2", "jsonschema", "requests", "urllib3", "rich", "ssl", "http.client", "asyncio")


def loaded(command: Command, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "runner", *words],
        cwd=command.folder, env=command.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["check", "--help"], ["nothing.yaml"]])
def test_what_needs_no_engine_loads_nothing_heavy(nowhere: Command, words: list[str]) -> None:
    assert loaded(nowhere, *words).isdisjoint(HEAVY)


PARSING = {"yaml"}
"""A run always parses its file: what is remembered of a valid text is no more than its digest."""


def test_a_scenario_that_is_known_is_not_validated_again(command: Command) -> None:
    command.write("x.yaml", PASSES)
    words = ("x.yaml", "--format", "none")
    assert "jsonschema" in loaded(command, *words)
    heavy = {*HEAVY, "concurrent.futures", "dataclasses"} - PARSING
    assert loaded(command, *words) & heavy == set()


def test_version(nowhere: Command) -> None:
    done = nowhere("--version")
    assert (done.code, done.out, done.err) == (0, f"engine-recipes {__version__}\n", "")


def test_help_teaches(nowhere: Command) -> None:
    done = nowhere("--help")
    assert (done.code, done.err) == (0, "")
    for part in ("examples:", "exit codes:", "run check SCENARIO", "--format", "run x.yaml"):
        assert part in done.out
    assert max(map(len, done.out.splitlines())) <= 120


@pytest.mark.parametrize("verb", ["check", "operations", "clean", "docs"])
def test_each_verb_has_help(nowhere: Command, verb: str) -> None:
    done = nowhere(verb, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: run {verb}")
    assert "examples:" in done.out


def on_a_terminal(command: Command, *words: str, **env: str) -> str:
    """Return what is written to a terminal as stderr."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "runner", *words],
        cwd=command.folder, env=command.environment(**env), stdout=subprocess.DEVNULL, stderr=theirs,
    ):  # fmt: skip
        os.close(theirs)
        text = b""
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # the far side has ended
                break
            if not data:
                break
            text += data
    os.close(ours)
    return text.decode()


@pytest.mark.parametrize(
    ("words", "env", "coloured"),
    [
        ((), {}, True),
        (("--no-color",), {}, False),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": ""}, True),
        ((), {"TERM": "dumb"}, False),
    ],
)
def test_colours(command: Command, words: tuple[str, ...], env: dict[str, str], coloured: bool) -> None:
    command.write("x.yaml", FAILS)
    text = on_a_terminal(command, "x.yaml", *words, **{"TERM": "xterm", **env})
    assert bool(re.search(r"\033\[[0-9;]*3[0-9]m", text)) is coloured
    assert "failed[expectation]" in re.sub(r"\033\[[0-9;]*m", "", text)


def test_no_colours_without_a_terminal(command: Command) -> None:
    command.write("x.yaml", PASSES)
    done = command("x.yaml", env={"TERM": "xterm"})
    assert "\033" not in done.err + done.out
