"""Annotations of GitHub Actions: one line for each failure, whatever it says, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from runner.errors import Diagnostic, Place
from runner.report.github import MOST, render
from tests.engines import Docker
from tests.report.factories import NASTY, report, step
from tests.scenarios.helpers import start


def test_each_failure_stands_at_its_place() -> None:
    error = Diagnostic("expectation", "100% wrong", Place("a,b.yaml", 3, 5), "fix it", details=("x: 1",))
    inner = step(title="Inner: one", status="failed", error=error)
    made = report(step(), step(kind="parallel", status="failed", error=error, steps=(step(), inner)), status="failed")
    assert render(made) == (
        "::error file=a%2Cb.yaml,line=3,col=5,title=Inner%3A one%3A expectation::100%25 wrong%0Ax: 1%0Afix it\n"
    )


def test_failed_elements_of_a_loop_are_told_apart() -> None:
    error = Diagnostic("expectation", "wrong")
    each = tuple(step(id=f"many[{number}]", title="Check", status="failed", error=error) for number in range(2))
    first, second = render(report(step(status="failed", error=error, each=each), status="failed")).splitlines()
    assert first == "::error title=Check (many[0])%3A expectation::wrong"
    assert second == "::error title=Check (many[1])%3A expectation::wrong"


def test_what_passed_says_nothing() -> None:
    assert render(report(step())) == ""


def test_an_error_outside_of_any_step_is_told() -> None:
    made = report(status="error", error=Diagnostic("engine-unreachable", "nobody listens"))
    assert render(made) == "::error title=A title%3A engine-unreachable::nobody listens\n"


@given(NASTY)
def test_no_text_begins_another_command(text: str) -> None:
    error = Diagnostic("x", text, Place(text, 1, 1), text, details=(text,))
    made = report(step(status="failed", title=text, error=error))
    assert render(made).count("\n") == 1
    assert render(made).startswith("::error file=")


def test_there_are_no_more_than_github_shows() -> None:
    failed = step(status="failed", error=Diagnostic("x", "y"))
    assert render(report(*[failed] * (MOST + 1))).count("::error") == MOST


@pytest.mark.parametrize("arguments", [(), ("--quiet", "--format", "json")])
def test_the_command_writes_them_on_github_only(docker: Docker, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "x.yaml").write_text("title: t\nsteps:\n  - {id: bad, title: No, check: ['1 == 2']}\n")
    wanted = "::error file=x.yaml,line=3,col=34,endColumn=42,title=No%3A expectation::the expression is not true%0A"
    for environment, annotated in (({"GITHUB_ACTIONS": "true"}, True), ({"GITHUB_ACTIONS": ""}, False)):
        process = start(tmp_path, "x.yaml", "-H", docker.url, *arguments, env=environment)
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "::error" not in stdout
        assert any(line.startswith(wanted) for line in stderr.splitlines()) == annotated, stderr
