"""Every format: what comes from outside, however odd, however long, however deep; and disks that are full."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import Diagnostic, Place, UsageError
from runner.files import check_writable, write_text
from runner.report import wording, writers
from runner.report.depth import DEEPEST
from runner.report.formats import FORMATS
from runner.results.records import Report
from tests.report.factories import NASTY, call, create, report, sources
from tests.scenarios.helpers import ROOT

NAMES = list(FORMATS)
DOCUMENTS = [name for name, row in FORMATS.items() if row.document]
DIRECTIONS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
C1 = set(map(chr, range(0x7F, 0xA0)))
MEGABYTE = 2**20


def saying(words: str) -> Report:
    """A report that has the words wherever an engine, a container or a file can put some."""
    error = Diagnostic("expectation", words, Place("x.yaml", 3, 4), words, details=(words, words))
    response = {"stdout": words, "stderr": words, "items": [{"status": words}, words], "headers": {"X-A": words}}
    failed = call(
        "ContainerInspect", "GET", "/containers/x/json", {"Name": words, words: [words]}, title=words, show="all",
        response=response, error=error, status="failed", captured={"name": words}, capture_sources=sources(name=words),
    )  # fmt: skip
    skipped = failed._replace(status="skipped", reason=words, error=None)
    return report(create(title=words), failed, skipped, title=words, status="failed", error=error, left=(words,))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(words=NASTY | st.text(), stable=st.booleans())
def test_nothing_is_obeyed_and_everything_can_be_written(name: str, words: str, stable: bool) -> None:
    text = writers.render(name, saying(words), stable=stable)
    text.encode()
    obeyed = {character for character in text if ord(character) < 0x20} - {"\n", "\t"}
    assert obeyed | (DIRECTIONS | C1).intersection(text) == set()


@pytest.mark.parametrize("name", ["json", "ndjson"])
@given(words=st.text(st.characters(codec="utf-8", exclude_characters="\ud800")))
def test_data_is_escaped_and_not_changed(name: str, words: str) -> None:
    text = writers.render(name, saying(words))
    steps = json.loads(text)["scenarios"][0]["steps"] if name == "json" else None
    if steps is None:
        events = map(json.loads, text.removesuffix("\n").split("\n"))
        steps = [event["record"] for event in events if event["event"] == "step_finished"]
    assert steps[1]["response"]["stdout"] == words


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unit", ["``a", "c0ffee000001 "])
def test_a_megabyte_on_a_line(name: str, unit: str) -> None:
    made = saying(unit * (MEGABYTE // len(unit)))
    start = time.monotonic()
    text = writers.render(name, made)
    assert time.monotonic() - start < 20
    if name in DOCUMENTS:
        size, told_of = len(text), "more characters" in text
        assert size < MEGABYTE
        assert told_of


def test_a_cut_line_says_so() -> None:
    assert wording.cut("x" * wording.MAX_COLUMNS) == "x" * wording.MAX_COLUMNS
    assert wording.cut("x" * (wording.MAX_COLUMNS + 7)).endswith("x… 7 more characters")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stable", [True, False])
def test_an_answer_as_deep_as_json_is_read(name: str, stable: bool) -> None:
    deep: Any = {}
    for _ in range(900):
        deep = {"a": deep}
    usual = sys.getrecursionlimit()
    text = writers.render(name, report(call("ContainerInspect", "GET", "/x", deep)), stable=stable)
    assert sys.getrecursionlimit() == usual
    if name in ("markdown", "html"):
        assert f"nested deeper than {DEEPEST} levels" in text


# Files


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    """A limit on the size of files fails a write in its middle, as a full disk does."""
    path = tmp_path / "report.html"
    path.write_text("old")
    program = f"import pathlib; from runner.files import *; write_text(pathlib.Path({str(path)!r}), 'x' * {MEGABYTE})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"UsageError: {path} can't be written: File too large" in done.stderr
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("folder", ["/proc", "/sys", "/nowhere"])
def test_a_place_that_can_not_be_written_to_is_told(folder: str) -> None:
    for action in (check_writable, lambda path: write_text(path, "x")):
        with pytest.raises(UsageError) as caught:
            action(Path(folder) / "report.md")
        assert caught.value.code == "cannot-write"
