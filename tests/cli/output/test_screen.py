"""Test what a terminal shows when stdout is one: no page, but each step with its title and what it brought."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.cli.helpers import ROOT, Command

HELLO = ROOT / "scenarios" / "run-a-container.yaml"


def both_on_a_terminal(command: Command, *words: str, columns: int = 100) -> list[str]:
    """The lines of stdout and stderr, both of which are a terminal without colours."""
    ours, theirs = pty.openpty()
    text = b""
    with subprocess.Popen(
        [sys.executable, "-m", "runner", *words],
        cwd=command.folder, env=command.environment(TERM="dumb", COLUMNS=str(columns)), stdout=theirs, stderr=theirs,
    ):  # fmt: skip
        os.close(theirs)
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # the far side has ended
                break
            if not data:
                break
            text += data
    os.close(ours)
    return text.decode().replace("\r", "").rstrip("\n").split("\n")


def test_a_terminal_gets_no_page_and_the_verdict_last(nowhere: Command) -> None:
    lines = both_on_a_terminal(nowhere, str(HELLO), "--replay")
    assert not any(line.startswith(("# ", "## ", "```")) for line in lines)
    assert "1 scenario: 1 passed" in lines[-1]
    assert any("Create a con" in line for line in lines)
    assert any("│ bin" in line for line in lines)


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_headline_ends_its_lines_with_a_word(nowhere: Command, columns: int) -> None:
    lines = both_on_a_terminal(nowhere, str(HELLO), "--replay", columns=columns)
    headline = lines[: next(number for number, line in enumerate(lines) if "✓" in line)]
    assert len(headline) > 1
    assert all(len(line) <= columns for line in headline)
    text = " ".join(" ".join(headline).split())
    assert re.search(r"^Run a command in a container Docker Engine \S+ \(API [0-9.]+\) recorded 20", text)


def test_a_page_is_still_written_where_one_is_asked_for(nowhere: Command) -> None:
    assert any(
        line.startswith("# ") for line in both_on_a_terminal(nowhere, str(HELLO), "--replay", "--format", "markdown")
    )
    assert nowhere(str(HELLO), "--replay").out.startswith("# ")


def test_verbose_shows_each_request_and_answer(nowhere: Command) -> None:
    for option in ("-v", "--verbose"):
        err = nowhere(str(HELLO), "--replay", option, "--format", "none").err
        assert "│ > POST /v" in err
        assert '"Image": ' in err
        assert "│ < 201 Created" in err


def test_what_a_stranger_sends_is_bounded_and_visible(command: Command) -> None:
    command.write("x.yaml", 'title: T\nsteps:\n  - {id: a, request: {path: /_ping}, show: "[27 | string] * 100"}\n')
    lines = both_on_a_terminal(command, "x.yaml")
    assert any("… " in line and line.endswith("more") for line in lines)
    assert "1 scenario: 1 passed" in lines[-1]
