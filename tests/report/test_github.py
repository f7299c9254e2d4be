from __future__ import annotations

from hypothesis import given

from runner.executor.record import ErrorRecord
from runner.report.github import render
from tests.report.making import NASTY, report, step


def test_each_failure_stands_at_its_place() -> None:
    error = ErrorRecord("expectation", "100% wrong", "mend it", "a,b.yaml", 3, 5, details=("x: 1",))
    inner = step(title="Inner: one", status="failed", error=error)
    made = report(step(), step(kind="parallel", status="failed", error=error, steps=(step(), inner)), status="failed")
    assert render(made) == (
        "::error file=a%2Cb.yaml,line=3,col=5,title=Inner%3A one%3A expectation::100%25 wrong%0Ax: 1%0Amend it\n"
    )


def test_what_passed_says_nothing() -> None:
    assert render(report(step())) == ""


def test_an_error_outside_of_any_step_is_told() -> None:
    made = report(status="error", error=ErrorRecord("engine-unreachable", "nobody listens"))
    assert render(made) == "::error title=A title%3A engine-unreachable::nobody listens\n"


@given(NASTY)
def test_no_text_begins_another_command(text: str) -> None:
    error = ErrorRecord("x", text, text, text, 1, 1, details=(text,))
    made = report(step(status="failed", title=text, error=error))
    assert render(made).count("\n") == 1
    assert render(made).startswith("::error file=")
