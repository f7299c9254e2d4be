"""The summary for a job's page: short, true, and not to be broken by any text."""

from __future__ import annotations

from hypothesis import given
from markdown_it import MarkdownIt

from runner.errors import Diagnostic, Place
from runner.report.summary import MAX_FAILURES, render
from tests.report.factories import NASTY, report, step


def cells(text: str) -> list[list[str]]:
    """The rows of the first table, as a reader sees them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    rows: list[list[str]] = []
    for number, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(tokens[number + 1].content)
    return rows


def test_a_run_that_passed() -> None:
    assert render(report(step(), step(id="two"), duration_ms=41)) == (
        "### Engine Recipes: passed\n\n"
        "| | scenario | steps | time |\n| --- | --- | ---: | ---: |\n"
        "| ✓ passed | A title `x.yaml` | 2 | 41 ms |\n"
    )


def test_a_failure_has_its_place_and_its_details() -> None:
    error = Diagnostic("expectation", "it is not so", Place("x.yaml", 3, 5), "fix it", details=("a: 1", "b: 2"))
    text = render(report(step(title="Look", status="failed", error=error), status="failed"))
    assert text.startswith("### Engine Recipes: failed\n")
    assert "**Look** `x.yaml:3:5`: it is not so\n\n```text\na: 1\nb: 2\nhint: fix it\n```\n" in text


def test_there_is_an_end_to_failures() -> None:
    failed = step(status="failed", error=Diagnostic("x", "y"))
    text = render(report(*[failed] * (MAX_FAILURES + 3), status="failed"))
    assert text.count("**") == 2 * MAX_FAILURES
    assert "… 3 more failures" in text


@given(NASTY)
def test_no_text_breaks_the_table_or_a_block(text: str) -> None:
    error = Diagnostic("x", text, Place(text or "x", 1, 1), text, details=(text,))
    made = render(report(step(title=text, status="failed", error=error), title=text, file=text, status="failed"))
    head, row = cells(made)
    assert (len(head), len(row)) == (4, 4)
    tokens = MarkdownIt("commonmark").enable("table").parse(made)
    assert [token.type for token in tokens if token.type == "html_block"] == []
