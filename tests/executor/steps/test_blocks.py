"""The time of ``parallel`` and ``include``: what is inside ends with it, and what cleans up does not."""

from __future__ import annotations

import threading

import pytest

from tests.executor.helpers import Player

LATE = "cut off: the time of 'block' was over"


def test_a_block_that_takes_too_long_is_cut_off(play: Player) -> None:
    played = play("""
        steps:
          - id: block
            timeout: 300ms
            parallel:
              - {id: quick, set: {made: 1}, defer: {id: undone, check: [made == 1]}}
              - {id: slow, sleep: 5s}
              - {id: background, sleep: 5s, background: true}
          - {id: next, sleep: 0}
        finally:
          - {id: last, check: [made == 1, steps.quick.ok]}
    """)
    assert played.report.duration_ms < 3000
    assert played.statuses == {
        "block": "failed", "quick": "passed", "slow": "failed", "background": "failed", "next": "skipped",
        "last": "passed", "undone": "passed",
    }  # fmt: skip
    assert played.error("block") == ("timeout", "not done within 0.3 s")
    assert played.error("slow") == played.error("background") == ("timeout", LATE)


def test_an_included_scenario_that_takes_too_long_still_cleans_up(play: Player) -> None:
    inner = """
        title: inner
        steps:
          - {id: slow, sleep: 5s, defer: {id: deferred, sleep: 0}}
          - {id: never, sleep: 0}
        finally:
          - {id: ending, sleep: 50ms}
    """
    play.write(inner, "inner.yaml")
    played = play("""
        steps:
          - id: block
            include: {scenario: inner.yaml}
            timeout: 300ms
            retry: {times: 3, every: 1ms}
    """)
    assert played.report.duration_ms < 3000
    assert played.statuses == {
        "block": "failed", "slow": "failed", "never": "skipped", "ending": "passed", "deferred": "passed",
    }  # fmt: skip
    assert played["block"].attempts == 1
    assert played["never"].reason == "the time of 'block' was over"


def test_streams_inside_are_cut_off_too(on_docker: Player) -> None:
    played = on_docker("""
        steps:
          - {id: before, info: }
          - {id: block, timeout: 300ms, parallel: [{id: endless, events: {}}, {id: other, events: {}}]}
        finally:
          - {id: after, info: }
    """)
    assert played.statuses == {
        "before": "passed", "block": "failed", "endless": "failed", "other": "failed", "after": "passed",
    }  # fmt: skip
    assert played.error("endless") == ("timeout", LATE)


@pytest.mark.parametrize("timeout", ["", "timeout: 5s, "])
def test_a_block_that_is_done_in_time_leaves_nothing_behind(play: Player, timeout: str) -> None:
    threads = set(threading.enumerate())
    played = play(
        f"steps:\n  - {{id: block, {timeout}parallel: [{{sleep: 0}}, {{set: {{a: 1}}}}]}}\n  - check: [a == 1]\n"
    )
    assert played.status == "passed"
    assert [one for one in threading.enumerate() if one not in threads] == []


def test_a_block_with_a_time_is_interrupted_like_any_other(play: Player) -> None:
    played = play(
        "steps:\n  - {id: block, timeout: 5s, parallel: [{id: slow, sleep: 5s}]}\n  - {id: next, sleep: 0}\n",
        stop_in="slow",
    )
    assert played.report.duration_ms < 3000
    assert played.error("slow")[0] == played.error("block")[0] == "interrupted"
    assert played["next"].reason == "the run was interrupted"
