"""``run completion``: shells that complete the command, typed at as people do, on a terminal."""

from __future__ import annotations

import argparse
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from runner.cli.completion import step_ids
from runner.cli.verbs import VERBS
from tests.cli.helpers import PASSES, Command
from tests.conftest import NO_ENGINE
from tests.engines.packages import Unavailable, install

BIN = Path(sys.executable).parent
CLEAR_LINE = "\x15"
PATIENCE = 30.0
"""Seconds that a shell may take to answer on a busy machine."""
SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
PREPARE = {
    "bash": "source <(run completion bash)",
    "zsh": "autoload -Uz compinit; compinit -u; source <(run completion zsh)",
    "fish": "run completion fish | source",
}


def _missing_shells() -> list[str]:
    return [shell for shell in SHELLS if shutil.which(shell) is None]


@pytest.fixture(scope="module", autouse=True)
def _shells() -> None:
    try:
        install(_missing_shells)
    except Unavailable as reason:
        pytest.skip(f"{NO_ENGINE}{reason}")


class Terminal:
    """An interactive shell on a pseudo-terminal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._seen = ""

    def type(self, keys: str) -> None:
        """Press keys; what was on the screen before is forgotten."""
        self._seen = ""
        os.write(self._descriptor, keys.encode())

    def shows(self, text: str) -> bool:
        """Wait until a text appears."""
        end = time.monotonic() + PATIENCE
        while text not in self._seen and time.monotonic() < end:
            if select.select([self._descriptor], [], [], 0.2)[0]:
                with suppress(OSError):
                    self._seen += os.read(self._descriptor, 65536).decode(errors="replace")
        return text in self._seen


@contextmanager
def terminal(shell: str, folder: Path, environment: Mapping[str, str]) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    command = ["setsid", "--ctty", "--wait", *SHELLS[shell]]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment) as process:
        os.close(theirs)
        try:
            yield Terminal(ours)
        finally:
            process.kill()
            os.close(ours)


@pytest.fixture(params=sorted(SHELLS))
def shell(request: pytest.FixtureRequest, nowhere: Command) -> Iterator[Terminal]:
    if shutil.which(request.param) is None:
        pytest.skip(f"{NO_ENGINE}no {request.param} here")
    nowhere.write("only-scenario.yaml", PASSES)
    environment = nowhere.environment(PATH=f"{BIN}:{os.environ['PATH']}", TERM="xterm", PS1="$ ", LANG="C.UTF-8")
    with terminal(request.param, nowhere.folder, environment) as screen:
        screen.type(f"{PREPARE[request.param]}\recho re''ady\r")
        assert screen.shows("ready")
        yield screen


def test_a_shell_completes_verbs_files_and_operations(shell: Terminal) -> None:
    for typed, completed in (
        ("run sche", "schema"),
        ("run check only", "only-scenario.yaml"),
        ("run operations network.disc", "network.disconnect"),
    ):
        shell.type(f"{CLEAR_LINE}{typed}\t")
        assert shell.shows(completed)


def answers(command: Command, line: str) -> dict[str, str]:
    """Return what is offered behind a line: words with their descriptions, as fish asks for them."""
    reading, writing = os.pipe()
    variables = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_SHELL": "fish", "_ARGCOMPLETE_DFS": "\t", "_ARGCOMPLETE_IFS": "\n"}
    environment = command.environment(**variables, COMP_LINE=line, COMP_POINT=str(len(line)))
    subprocess.run(
        ["bash", "-c", f'exec "$0" -m runner 8>&{writing}', sys.executable],
        cwd=command.folder,
        env=environment,
        pass_fds=[writing],
        check=True,
    )
    os.close(writing)
    with os.fdopen(reading) as file:
        rows = [line.partition("\t") for line in file.read().split("\n") if line]
    return {word.strip(): text for word, _, text in rows}


@pytest.fixture
def offers(nowhere: Command) -> Command:
    nowhere.write("a.yaml", PASSES)
    nowhere.write("more/b.yml", PASSES)
    nowhere.write("page.md", "")
    nowhere.write("report.json", "{}")
    nowhere.write(".hidden/c.yaml", PASSES)
    return nowhere


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run check ", {"a.yaml", "more/"}),
        ("run check more/", {"more/b.yml"}),
        ("run check .hid", {".hidden/"}),
        ("run check nowhere/", set()),
        ("run docs ", {"page.md", "more/"}),
        ("run operations --coverage ", {"report.json", "more/"}),
        ("run schema ", {"scenario", "report", "recording"}),
        ("run check a.yaml --format ", {"text", "json", "sarif", "github"}),
        ("run check a.yaml --for", {"--format"}),
        ("run completion ", {"bash", "zsh", "fish"}),
        ("engine-recipes completion z", {"zsh"}),
        ("run clean --context ", {"default"}),
        ("run a.yaml -o mo", {"more/"}),
    ],
)
def test_what_is_offered(offers: Command, line: str, words: set[str]) -> None:
    assert set(answers(offers, line)) == words


def test_the_first_word_is_a_verb_or_a_scenario(offers: Command) -> None:
    offered = answers(offers, "run ")
    assert set(offered) == {*VERBS, "a.yaml", "more/"}
    assert offered["check"] == VERBS["check"].summary


def test_operations_say_what_they_request(offers: Command) -> None:
    assert answers(offers, "run operations container.sta") == {
        "container.start": "POST /containers/{id}/start",
        "container.stats": "GET /containers/{id}/stats",
    }


def test_formats_are_those_of_the_registry(offers: Command) -> None:
    assert {"markdown", "json", "junit", "html", "none"} <= set(answers(offers, "run a.yaml --format "))


def test_ids_of_steps_are_those_of_the_scenarios_on_the_line(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("title: T\nsteps:\n  - {id: one, title: First, sleep: 0}\n  - parallel: [{id: two, sleep: 0}]\n")
    bad.write_text("title: T\nsteps:\n  - {id: three, slep: 0}\n")
    offered = step_ids("", argparse.Namespace(scenario=[str(good), str(bad), str(tmp_path / "none.yaml")]))
    assert {"one", "two"} <= set(offered)
    assert "three" not in offered
    assert offered["one"] == "First"
    assert {"one,one", "one,two"} <= set(step_ids("one,t", argparse.Namespace(scenario=[str(good)])))


@pytest.mark.parametrize("line", ["run 'unfinished", 'run check "a', "run check \\", "run  ", "run --", "run -x -y "])
def test_whatever_is_on_the_line_is_no_trouble(offers: Command, line: str) -> None:
    answers(offers, line)


def test_every_verb_has_a_row_with_a_parser_and_help() -> None:
    commands = Path(__file__).parents[3] / "runner" / "cli" / "commands"
    assert {verb.module for verb in VERBS.values()} == {
        path.stem for path in commands.glob("*.py") if path.stem not in ("__init__", "run")
    }


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_help(nowhere: Command, verb: str) -> None:
    done = nowhere(verb, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"run {verb}" in done.out
    summary = VERBS[verb].summary
    assert summary in nowhere("--help").out
