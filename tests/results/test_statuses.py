from __future__ import annotations

from typing import get_args

from runner.errors import Diagnostic
from runner.results.records import Status
from runner.results.statuses import STATUS_MARKS, first_failure, most_severe
from tests.report.factories import step


def test_every_status_has_a_mark_and_a_rank() -> None:
    assert set(STATUS_MARKS) == set(get_args(Status))
    for status in STATUS_MARKS:
        assert most_severe([status]) == ("passed" if status == "xfailed" else status)


def test_the_most_severe_status_wins_wherever_it_is() -> None:
    assert most_severe([]) == "passed"
    assert most_severe(["passed", "skipped"]) == "passed"
    assert most_severe(["skipped"]) == "skipped"
    assert most_severe(["error", "failed"]) == most_severe(["failed", "error"]) == "error"


def test_the_first_failure_decides_unless_it_is_a_consequence() -> None:
    cut_off = step(status="error", error=Diagnostic("interrupted", "cut off"))
    failed = step(status="failed", error=Diagnostic("timeout", "too late"))
    broken = step(status="error", error=Diagnostic("bad-json", "not JSON"))
    assert first_failure([step(), step(status="skipped")]) == ("passed", None)
    assert first_failure([step(), failed, broken]) == ("failed", failed.error)
    assert first_failure([cut_off, broken, failed]) == ("error", broken.error)
    assert first_failure([step(), cut_off]) == ("error", cut_off.error)
