"""The registry of formats: what a new row must have."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.report.formats import FORMATS, Format
from runner.report.writers import DEFAULT, NONE, chosen, render
from runner.results.events import RequestSent, StepKey
from tests.report.factories import create, report
from tests.scenarios.helpers import ROOT

README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize(("name", "row"), FORMATS.items(), ids=FORMATS)
def test_a_row_is_whole(name: str, row: Format, tmp_path: Path) -> None:
    assert row.name == name
    assert name != NONE
    if row.suffix is not None:
        assert row.suffix.startswith(".")
        assert f"`{row.suffix}`" in README, "the README's table of formats lacks its suffix"
    made = report(create(), status="failed")
    text = row.render(made)
    assert text.endswith("\n") or text == ""
    assert row.render(made) == text, "the same report gives another text"
    stream = io.StringIO()
    for target in (stream, tmp_path / "report"):
        writer = row.writer(target)
        writer.add(RequestSent(StepKey(0, (0,)), "GET", "/x"))
        writer.write(made)
    assert (tmp_path / "report").read_text("utf-8") == stream.getvalue()


def test_suffixes_are_unique_and_the_default_is_a_row() -> None:
    suffixes = [row.suffix for row in FORMATS.values() if row.suffix]
    assert len(set(suffixes)) == len(suffixes)
    assert DEFAULT in FORMATS


def test_only_documents_have_the_stable_form_by_default() -> None:
    for row in FORMATS.values():
        assert (row.render(report(create())) == row.render(report(create()), stable=True)) or not row.document


@pytest.mark.parametrize("row", FORMATS.values(), ids=FORMATS)
def test_a_suffix_chooses_its_format(row: Format, tmp_path: Path) -> None:
    if row.suffix is None:
        return
    path = tmp_path / f"x{row.suffix.upper()}"
    chosen(NONE, [str(path)], io.StringIO()).write(report(create()))
    if row.name != "ndjson":  # written event by event: there was none
        assert path.read_text("utf-8") == row.render(report(create()))


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        render("yaml", report())
    assert caught.value.hint == f"known are {', '.join(FORMATS)}, none"


def test_no_format_is_loaded_before_it_is_used() -> None:
    program = "import sys; import runner.report.formats; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("runner.report")}
    assert loaded == {"runner.report", "runner.report.formats"}
