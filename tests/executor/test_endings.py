"""Test what runs at the end of a scenario: ``finally`` and ``defer``, whatever happened before."""

from __future__ import annotations

import time

import pytest

from tests.executor.helpers import Played, Player

FAILURES = {
    "a failure": "check: ['1 == 2']",
    "an error": "set: {broken: '{{ data.missing }}'}",
    "a timeout": "{sleep: 5s, timeout: 100ms}",
}


@pytest.mark.parametrize("step", FAILURES.values(), ids=FAILURES)
def test_finally_runs_after(play: Player, step: str) -> None:
    step = step if step.startswith("{") else f"{{{step}}}"
    played = play(f"""
        vars: {{data: {{}}}}
        steps:
          - {{id: first, set: {{made: 1}}}}
          - {step}
          - {{id: never, set: {{later: 2}}}}
        finally:
          - {{id: one, check: ["made == 2"]}}
          - {{id: two, check: ["made == 1"]}}
          - {{id: three, set: {{x: "{{{{ later }}}}"}}}}
    """)
    assert played.status in ("failed", "error")
    assert played["never"].status == "skipped"
    assert (played["one"].status, played["two"].status) == ("failed", "passed"), "one's failure does not stop two"
    assert played["three"].status == "skipped", "there is nothing to clean up"
    assert played["three"].reason == "needs 'later', which step 'never' did not set"
    assert {played[name].phase for name in ("one", "two", "three")} == {"finally"}


def test_finally_runs_after_an_interruption(play: Player) -> None:
    before = time.monotonic()
    played = play(
        """
        steps:
          - {id: long, sleep: 20s}
          - {id: never, sleep: 0}
        finally:
          - {id: ending, sleep: 300ms}
        """,
        stop_in="long",
    )
    assert 0.5 <= time.monotonic() - before < 10
    assert played.statuses == {"long": "error", "never": "skipped", "ending": "passed"}
    assert played.error("long")[0] == "interrupted"
    assert played["never"].reason == "the run was interrupted"


def test_a_request_under_way_is_interrupted_and_the_container_goes(on_docker: Player) -> None:
    played = on_docker(
        """
        steps:
          - id: made
            create: {body: {Image: alpine, Cmd: [sleep, "600"]}}
            capture: {box: body.Id}
          - start: "{{ box }}"
          - {id: long, wait: "{{ box }}"}
        """,
        stop_in="long",
    )
    assert played.error("long")[0] == "interrupted"
    assert played.report.duration_ms < 5000
    assert [step.phase for step in played.scenario.steps] == ["steps", "steps", "steps", "cleanup"]


def deferred(played: Played) -> list[str]:
    return [step.id for step in played.scenario.steps if step.phase == "finally"]


def test_defer_runs_in_reverse_order_after_finally(play: Player) -> None:
    played = play("""
        steps:
          - {id: one, set: {a: 1}, defer: {id: undo_one, check: [a == 1]}}
          - {id: two, set: {b: 2}, defer: [{id: undo_two, check: ["false"]}, {id: undo_more, sleep: 0}]}
          - {id: bad, check: ["false"], defer: {id: undo_bad, sleep: 0}}
          - {id: never, sleep: 0, defer: {id: undo_never, sleep: 0}}
        finally:
          - {id: last, sleep: 0}
    """)
    assert deferred(played) == ["last", "undo_bad", "undo_two", "undo_more", "undo_one"]
    assert played["undo_one"].status == "passed"
    assert played["undo_more"].status == "passed", "a failure does not stop what cleans up"


def test_defer_runs_once_for_each_element_with_its_names(play: Player) -> None:
    played = play("""
        steps:
          - id: made
            for_each: {in: [a, b, c], parallel: 3}
            set: {name: "{{ {'a': 'A', 'b': 'B'}[item] }}"}
            expect: {that: [item != 'b']}
            defer: {check: [name == item | upper]}
    """)
    assert played["made"].status == "failed"
    endings = played.scenario.steps[1:]
    assert [(step.status, step.reason) for step in endings] == [
        ("skipped", "needs 'name', which step 'made' did not set"),
        ("passed", None),
        ("passed", None),
    ]


def test_what_ran_side_by_side_defers_in_the_order_of_the_file(play: Player) -> None:
    played = play("""
        steps:
          - for_each: {in: [0.3, 0, 0.15], parallel: 3}
            sleep: "{{ item }}"
            defer: {id: looped, set: {seen: "{{ item }}"}}
          - parallel:
              - {sleep: 0.2, defer: {id: first, sleep: 0}}
              - {sleep: 0, defer: {id: second, sleep: 0}}
    """)
    endings = played.scenario.steps[2:]
    assert [step.id for step in endings] == ["second", "first", "looped", "looped", "looped"]
    assert [step.captured["seen"] for step in endings[2:]] == [0.15, 0, 0.3]


def test_what_a_background_step_defers_runs_however_late_it_ends(play: Player) -> None:
    played = play("""
        steps:
          - {id: late, sleep: 500ms, background: true, defer: {id: undo, sleep: 0}}
          - {id: bad, check: ["false"]}
    """)
    assert played["late"].status == "passed"
    assert deferred(played) == ["undo"]


@pytest.mark.parametrize(
    "what", ["sleep: 50s", "{events: {}, retry: {every: 50s}, timeout: 100s, expect: {status: 404}}"]
)
def test_what_waits_in_the_background_is_cut_off_by_a_failure(on_docker: Player, what: str) -> None:
    what = what if what.startswith("{") else f"{{{what}}}"
    played = on_docker(f"""
        steps:
          - {what[:-1]}, id: waits, background: true}}
          - {{id: bad, check: ["false"]}}
    """)
    assert played.error("waits")[0] == "interrupted"
    assert played.report.duration_ms < 5000


def test_include(play: Player) -> None:
    play.write(
        """
        title: inner
        vars: {name: nobody, times: 1}
        steps:
          - id: inner_step
            set: {greeting: "{{ 'hello ' * times }}{{ name }}"}
            defer: {id: undo, check: [greeting != '']}
        finally:
          - {id: inner_end, check: [greeting is defined]}
        outputs: {greeting: greeting, doubled: times * 2}
        """,
        "parts/inner.yaml",
    )
    played = play("""
        vars: {who: Anna}
        steps:
          - id: part
            include: {scenario: parts/inner.yaml, vars: {name: "{{ who }}", times: 2}}
            capture: {said: outputs.greeting}
          - id: seen
            check: [said == 'hello hello Anna', steps.part.outputs.doubled == 4, who == 'Anna']
          - id: each
            for_each: [1, 3]
            include: {scenario: parts/inner.yaml, vars: {times: "{{ item }}"}}
            capture: {lines: outputs.greeting}
          - check: ["lines == ['hello nobody', 'hello hello hello nobody']"]
        finally:
          - {id: ending, sleep: 0}
    """)
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    inner = played["part"].steps
    assert inner is not None
    assert [(step.id, step.phase) for step in inner] == [("inner_step", "steps"), ("inner_end", "finally")]
    assert played["part"].outputs == {"greeting": "hello hello Anna", "doubled": 4}
    assert deferred(played) == ["ending", "undo", "undo", "undo"], "at the end of the whole run"


def test_an_included_failure_fails_the_step_and_runs_both_endings(play: Player) -> None:
    play.write(
        """
        title: inner
        steps:
          - {id: bad, check: ["false"]}
        finally:
          - {id: inner_end, sleep: 0}
        """,
        "inner.yaml",
    )
    played = play("""
        steps:
          - {id: part, include: {scenario: inner.yaml}}
          - {id: after, sleep: 0}
        finally:
          - {id: end, sleep: 0}
    """)
    assert played.statuses == {
        "part": "failed", "bad": "failed", "inner_end": "passed", "after": "skipped", "end": "passed",
    }  # fmt: skip
    error = played["part"].error
    assert error is not None
    assert error.place is not None
    assert error.place.file == "inner.yaml"


def test_a_background_step_of_an_included_scenario_ends_without_the_others(play: Player) -> None:
    play.write(
        """
        title: inner
        steps:
          - {id: endless, sleep: 50s, background: true}
          - {id: bad, check: ["false"]}
        """,
        "inner.yaml",
    )
    played = play("""
        steps:
          - id: block
            parallel:
              - {id: part, include: {scenario: inner.yaml}}
              - {id: beside, sleep: 2500ms}
    """)
    assert played.error("endless")[0] == "interrupted"
    assert played["beside"].status == "passed"


def test_awaiting_what_was_skipped_is_skipped(play: Player) -> None:
    played = play("""
        vars: {wanted: false}
        steps:
          - {id: maybe, when: wanted, sleep: 1, background: true}
          - {id: joined, await: maybe}
    """)
    assert played.statuses == {"maybe": "skipped", "joined": "skipped"}
    assert played["joined"].reason == "'maybe' was not started"
    assert played.status == "passed"


def test_modifiers_combine(on_docker: Player) -> None:
    """A loop in the background, with retries, expectations, captures, and cleanup for each element."""
    played = on_docker(
        """
        vars: {names: [one, two, three]}
        steps:
          - id: made
            for_each: {in: names, as: name, parallel: 3}
            create: {body: {Image: alpine, Cmd: [sh, -c, "echo {{ name }}; sleep 0.3"]}}
            capture: {boxes: body.Id}
            defer: {id: undo, remove: {id: "{{ boxes }}", force: true}}
          - id: outputs
            for_each: boxes
            logs: {id: "{{ item }}", stdout: true, follow: true}
            background: true
            retry: {times: 200, every: 20ms, until: stdout != ''}
            expect: {status: 200}
            capture: {said: stdout}
          - for_each: boxes
            start: "{{ item }}"
          - await: outputs
          - id: ended
            for_each: boxes
            inspect: "{{ item }}"
            retry: {every: 50ms, until: body.State.Status == 'exited', fail_if: body.State.ExitCode != 0}
            timeout: 10s
            capture: {codes: body.State.ExitCode}
          - check:
              - "said == ['one\\n', 'two\\n', 'three\\n']"
              - "codes == [0, 0, 0]"
              - steps.outputs.each | length == 3
              - "'three' in steps.ended.each[2].body.Config.Cmd[2]"
    """
    )
    assert played.status == "passed", [(step.id, step.error) for step in played.steps.values() if step.error]
    undone = [step for step in played.scenario.steps if step.id == "undo"]
    made = played["made"].captured["boxes"]
    assert [step.status for step in undone] == ["passed"] * 3
    assert {step.request.path.split("/")[3] for step in undone if step.request} == set(made)


def test_an_element_that_can_not_begin_does_not_hold_up_the_background(on_docker: Player) -> None:
    played = on_docker("""
        vars: {boxes: [{}, {}]}
        steps:
          - id: outputs
            for_each: boxes
            attach: {id: "{{ item.id }}", stream: true, stdout: true}
            background: true
          - {id: next, sleep: 0}
    """)
    assert played.statuses["outputs"] == "error"
    assert played.statuses["next"] == "skipped"
    assert played.report.duration_ms < 10_000
