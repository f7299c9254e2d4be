"""``run docs``: pages that are filled, pages that are stale, and everything that leaves them alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import FAILS, PASSES, Command

PAGE = "# Page\n\nbefore\n\n<!-- run: x.yaml -->\n<!-- /run -->\n\nafter"
LISTS = """\
title: lists
about: What is there.
steps:
  - {title: List, list: {filters: {label: no-such-label}}}
  - {sleep: 500ms}
"""


def page(command: Command, text: str = PAGE, name: str = "page.md") -> Path:
    path = command.folder / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def test_a_page_is_filled_once_and_is_fresh_then(command: Command) -> None:
    command.write("x.yaml", PASSES)
    path = page(command)
    path.chmod(0o640)
    done = command("docs", "page.md")
    assert (done.code, done.out) == (0, ""), done.err
    assert "page.md: written" in done.err
    text = path.read_text()
    assert text.startswith("# Page\n\nbefore\n\n<!-- run: x.yaml -->\n\n## passes\n")
    assert "\n### 1. Sleep\n" in text
    assert text.endswith("\n\n<!-- /run -->\n\nafter")
    assert path.stat().st_mode & 0o777 == 0o640
    before = path.stat().st_mtime_ns
    done = command("docs", "page.md", "--check")
    assert (done.code, done.out) == (0, "")
    assert "page.md: nothing to change" in command("docs", "page.md").err
    assert path.stat().st_mtime_ns == before


def test_each_run_of_a_page_counts_its_own_steps(command: Command) -> None:
    command.write("x.yaml", PASSES)
    command.write("y.yaml", PASSES)
    page(command, PAGE + PAGE.replace("x.yaml", "y.yaml"))
    assert command("docs", "page.md").err.count(" 1 passed · 1 step in ") == 2


def test_a_folder_of_that_name_is_no_scenario_unless_it_has_some(command: Command) -> None:
    command.write("x.yaml", PASSES)
    (command.folder / "docs").mkdir()
    page(command, PAGE.replace("x.yaml", "../x.yaml"), "docs/page.md")
    assert "docs/page.md: written" in command("docs", "docs/page.md").err
    command.write("docs/y.yaml", PASSES)
    assert "1 scenario: 1 passed" in command("docs").err
    assert "docs/page.md: nothing to change" in command("docs", "docs/page.md").err


def test_a_stale_page_is_shown_with_the_command_that_updates_it(command: Command) -> None:
    command.write("x.yaml", PASSES.replace("steps:", "vars: {a: x}\nsteps:"))
    path = page(command)
    done = command("docs", "page.md", "--check", "--var", "a=b c")
    assert done.code == 5
    assert done.out.startswith("--- page.md\n+++ page.md (now)\n")
    assert "+## passes\n" in done.out
    assert "error[stale-document]: page.md is stale" in done.err
    assert "update it with: run docs page.md --var 'a=b c'" in done.err
    assert path.read_text() == PAGE


def test_options_of_a_mark(command: Command) -> None:
    command.write("x.yaml", "title: t\nvars: {word: no}\nsteps:\n  - {id: one, check: [\"word == 'yes'\"]}\n")
    path = page(command, "<!-- run: x.yaml --var word=yes --no-title --contents -->\n<!-- /run -->\n")
    assert command("docs", "page.md").code == 0
    text = path.read_text()
    assert "# t" not in text
    assert "1. [Check](#1-check)" in text


def test_bytes_outside_the_marks_stay(command: Command) -> None:
    command.write("x.yaml", PASSES)
    path = page(command, "\ufeffa\x0b\udcff\r\n<!-- run: x.yaml -->\r\nold\r\n<!-- /run -->\r\nb\rc")
    assert command("docs", "page.md").code == 0
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfa\x0b\xff\r\n<!-- run: x.yaml -->\r\n\r\n# passes\r\n")
    assert data.endswith(b"\r\n\r\n<!-- /run -->\r\nb\rc")
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_nothing_is_written_if_any_step_fails(command: Command) -> None:
    command.write("x.yaml", PASSES)
    command.write("y.yaml", FAILS)
    paths = [page(command), page(command, PAGE.replace("x.yaml", "y.yaml"), "other.md")]
    done = command("docs", "page.md", "other.md")
    assert done.code == 1
    assert "no page was changed" in done.err
    assert [path.read_text() for path in paths] == [PAGE, PAGE.replace("x.yaml", "y.yaml")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<!-- run: x.yaml -->\n", "page.md:1:1: error[bad-mark]: this place does not end"),
        ("a\n<!-- run: nope.yaml -->\n<!-- /run -->", "page.md:2:1: error[bad-mark]: there is no file nope.yaml"),
        ("<!-- run: x.yaml --titel -->\n<!-- /run -->", "page.md:1:1: error[bad-mark]: unrecognized arguments"),
        ("<!-- run: x.yaml 'a -->\n<!-- /run -->", "page.md:1:1: error[bad-mark]: No closing quotation"),
        ("<!-- run: -->\n<!-- /run -->", "page.md:1:1: error[bad-mark]: the following arguments are required"),
        ("<!-- run: x.yaml --var 1=2 -->\n<!-- /run -->", "page.md:1:1: error[bad-mark]: --var 1=2"),
    ],
)
def test_a_wrong_mark_is_told_before_anything_runs(nowhere: Command, text: str, told: str) -> None:
    nowhere.write("x.yaml", PASSES)
    path = page(nowhere, text)
    done = nowhere("docs", "page.md")
    assert (done.code, done.out) == (3, "")
    assert told in done.err
    assert path.read_text() == text


def test_an_invalid_scenario_or_a_missing_page(nowhere: Command) -> None:
    nowhere.write("x.yaml", "title: t\n")
    page(nowhere)
    assert nowhere("docs", "page.md").code == 3
    assert nowhere("docs", "no.md").code == 2
    assert nowhere("docs").code == 2


def test_from_the_recording_no_engine_is_needed(on_docker: Command, nowhere: Command) -> None:
    on_docker.write("x.yaml", LISTS)
    (on_docker.folder / "recordings").mkdir()
    assert on_docker("x.yaml", "--record", "recordings/x.json", "--format", "none").code == 0
    path = page(on_docker, PAGE.replace("x.yaml", "x.yaml --replay"))
    assert nowhere("docs", "page.md").code == 0
    once = path.read_bytes()
    assert b"/containers/json" in once
    page(on_docker)
    assert nowhere("docs", "page.md").code == 4
    assert nowhere("docs", "page.md", "--replay").code == 0
    assert path.read_bytes() == once.replace(b" --replay", b"")
    assert on_docker("docs", "page.md", "--check").code == 0, "live gives the same page"
