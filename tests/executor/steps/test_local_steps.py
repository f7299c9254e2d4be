"""Steps that need no engine: variables, checks, sleep, and the modifiers around them."""

from __future__ import annotations

import time

import pytest

from runner.results.events import ScenarioFinished, ScenarioStarted, StepFinished, StepStarted
from runner.results.result_path import ResultPath, Source
from tests.executor.helpers import Player


def test_set_keeps_types_and_sees_what_stands_before(play: Player) -> None:
    played = play("""
        vars: {number: 3, list: [1, two]}
        steps:
          - id: made
            set:
              same: "{{ list }}"
              text: "{{ number }} and {{ list | length }}"
              sum: "{{ number + 1 }}"
              twice: "{{ sum * 2 }}"
              keyed: {"{{ number }}/tcp": true}
          - check:
              - same == [1, 'two']
              - text == '3 and 2'
              - twice == 8
              - keyed['3/tcp'] == true
    """)
    assert played.status == "passed", played["check_2"].error
    assert played["made"].captured == {
        "same": [1, "two"], "text": "3 and 2", "sum": 4, "twice": 8, "keyed": {"3/tcp": True},
    }  # fmt: skip


def test_default_ids_come_from_kind_and_position(play: Player) -> None:
    played = play("""
        steps:
          - set: {a: 1}
          - id: named
            check: ["true"]
          - parallel:
              - sleep: 0
              - sleep: 0
        finally:
          - check: [steps.named.ok]
    """)
    assert list(played.steps) == ["set_1", "named", "parallel_3", "parallel_3_sleep_1", "parallel_3_sleep_2",
                                  "finally_check_1"]  # fmt: skip
    assert played.status == "passed"


def test_a_check_that_fails_shows_each_part(play: Player) -> None:
    played = play("""
        vars: {made: [1, 2], name: Anna}
        steps:
          - id: fails
            check:
              - made | length == 3
              - name == 'Berta'
              - made is defined
          - set: {never: 1}
    """)
    assert played.status == "failed"
    assert played.statuses == {"fails": "failed", "set_2": "skipped"}
    error = played["fails"].error
    assert error is not None
    assert error.place is not None
    assert (error.code, error.place.line, error.place.column) == ("expectation", 7, 9)
    assert error.place.text.strip() == "- made | length == 3"
    assert [" ".join(line.split()) for line in error.details] == [
        "made | length == 3 → false",
        "made | length → 2",
        "made → [1, 2]",
    ]
    assert [(one.passed, one.actual) for one in played["fails"].expectations] == [
        (False, False), (False, False), (True, True),
    ]  # fmt: skip
    assert played["set_2"].reason == "step 'fails' did not pass"


def test_a_check_of_something_missing_names_it(play: Player) -> None:
    played = play("""
        vars: {data: {State: {Status: up}}}
        steps:
          - id: fails
            check: [data.State.Statu == 'up']
    """)
    code, message = played.error("fails")
    assert code == "expectation"
    assert "there is no 'Statu' here" in message
    assert played["fails"].error is not None
    assert any("did you mean 'Status'?" in line for line in played["fails"].error.details)


@pytest.mark.parametrize(
    ("value", "seconds"), [("200ms", 0.2), ("0.2s", 0.2), ("0.2", 0.2), ('"{{ 0.1 + 0.1 }}"', 0.2)]
)
def test_sleep(play: Player, value: str, seconds: float) -> None:
    before = time.monotonic()
    played = play(f"steps:\n  - sleep: {value}\n")
    took = time.monotonic() - before
    assert played.status == "passed"
    assert seconds <= played["sleep_1"].duration_ms / 1000 <= took < seconds + 2


def test_sleep_past_its_timeout_fails(play: Player) -> None:
    played = play("steps:\n  - {id: long, sleep: 5s, timeout: 200ms}\n")
    assert played["long"].status == "failed"
    assert played.error("long") == ("timeout", "not done within 0.2 s")
    assert played["long"].duration_ms < 4000


def test_when(play: Player) -> None:
    played = play("""
        vars: {wanted: false}
        steps:
          - {id: no, when: wanted, set: {a: 1}}
          - {id: yes, when: not wanted, set: {b: 2}}
          - {id: asks, when: a is defined, check: ["false"]}
    """)
    assert played.statuses == {"no": "skipped", "yes": "passed", "asks": "skipped"}
    assert played["no"].reason == "when: wanted"
    assert played.status == "passed"


def test_when_that_can_not_be_evaluated_is_an_error(play: Player) -> None:
    played = play("""
        vars: {data: {}}
        steps:
          - {id: bad, when: data.missing, set: {a: 1}}
          - {id: after, sleep: 0}
    """)
    assert played.statuses == {"bad": "error", "after": "skipped"}
    assert played.error("bad")[0] == "undefined-name"


def test_for_each_runs_in_order_and_captures_lists(play: Player) -> None:
    played = play("""
        vars: {names: [a, b, c]}
        steps:
          - id: made
            for_each: names
            set: {upper: "{{ item | upper }}"}
          - id: pairs
            for_each: {in: "{{ range(3) | list }}", as: number}
            set: {double: "{{ number * 2 }}"}
          - id: literal
            for_each: [x, "{{ names[1] }}"]
            set: {seen: "{{ item }}"}
          - check:
              - upper == ['A', 'B', 'C']
              - double == [0, 2, 4]
              - seen == ['x', 'b']
              - steps.made.each | length == 3
              - steps.made.each[0].ok
    """)
    assert played.status == "passed", played["check_4"].error
    each = played["made"].each
    assert each is not None
    assert [one.id for one in each] == ["made[0]", "made[1]", "made[2]"]
    assert played["made"].captured == {"upper": ["A", "B", "C"]}


def test_for_each_over_nothing_passes(play: Player) -> None:
    played = play("steps:\n  - {id: none, for_each: [], set: {a: 1}}\n  - check: ['a == []']\n")
    assert played.status == "passed"
    assert played["none"].each == ()


@pytest.mark.parametrize("value", ["text", "{a: 1}", "7"])
def test_for_each_wants_a_list(play: Player, value: str) -> None:
    played = play(f"vars:\n  given: {value}\nsteps:\n  - {{id: bad, for_each: given, sleep: 0}}\n")
    assert played.error("bad")[0] == "not-a-list"
    assert played["bad"].status == "error"


def test_for_each_when_may_ask_for_the_element(play: Player) -> None:
    played = play("""
        steps:
          - id: odd
            for_each: [1, 2, 3]
            when: item % 2 == 1
            set: {seen: "{{ item }}"}
          - check: ["seen == [1, 3]"]
    """)
    assert played.status == "passed"
    assert [one.status for one in played["odd"].each or ()] == ["passed", "skipped", "passed"]


def test_for_each_stops_at_the_first_failure(play: Player) -> None:
    text = """
        steps:
          - id: loop
            for_each: [1, 2, 3]
            check: [item != 2]
    """
    played = play(text)
    assert [one.status for one in played["loop"].each or ()] == ["passed", "failed", "skipped"]
    assert played["loop"].status == "failed"
    played = play(text, keep_going=True)
    assert [one.status for one in played["loop"].each or ()] == ["passed", "failed", "passed"]
    assert played["loop"].status == "failed"


def test_for_each_in_parallel_keeps_the_order_and_lets_the_others_finish(play: Player) -> None:
    before = time.monotonic()
    played = play("""
        steps:
          - id: loop
            for_each: {in: [0.8, 0.2, 0.6, 0.4], parallel: 4}
            sleep: "{{ item }}"
            expect: {that: ["item != 0.2"]}
            capture: {slept: item}
    """)
    assert time.monotonic() - before < 2, "they ran one after the other"
    assert [one.status for one in played["loop"].each or ()] == ["passed", "failed", "passed", "passed"]
    assert played["loop"].captured == {"slept": [0.8, 0.2, 0.6, 0.4]}


def test_parallel_lets_the_others_finish_then_fails(play: Player) -> None:
    before = time.monotonic()
    played = play("""
        steps:
          - id: block
            parallel:
              - {id: slow, sleep: 0.4}
              - {id: bad, check: ["1 == 2"]}
              - {id: names, set: {made: 5}}
          - {id: after, sleep: 0}
    """)
    assert 0.4 <= time.monotonic() - before < 5
    assert played.statuses == {
        "block": "failed", "slow": "passed", "bad": "failed", "names": "passed", "after": "skipped",
    }  # fmt: skip
    assert [step.id for step in played["block"].steps or ()] == ["slow", "bad", "names"]
    assert played.error("block")[0] == "expectation"


def test_keep_going_runs_what_follows(play: Player) -> None:
    text = """
        steps:
          - {id: bad, check: ["false"]}
          - {id: after, set: {a: 1}}
    """
    assert play(text).statuses == {"bad": "failed", "after": "skipped"}
    played = play(text, keep_going=True)
    assert played.statuses == {"bad": "failed", "after": "passed"}
    assert played.status == "failed"


def test_title_and_about_are_templates(play: Player) -> None:
    played = play("""
        vars: {name: web}
        steps:
          - id: told
            title: Make {{ name }}
            about: "**{{ name }}** it is"
            set: {later: 1}
    """)
    assert (played["told"].title, played["told"].about) == ("Make web", "**web** it is")


def test_engine_facts_are_always_there(play: Player) -> None:
    played = play("""
        steps:
          - check:
              - engine.name == 'docker'
              - engine.api_version == '1.41'
              - engine.version.startswith('20.')
    """)
    assert played.status == "passed"


def test_events_come_in_order(play: Player) -> None:
    played = play("steps:\n  - sleep: 0\n  - for_each: [1, 2]\n    set: {a: '{{ item }}'}\nfinally:\n  - sleep: 0\n")
    told = [
        (type(event).__name__, event.key.path) if isinstance(event, (StepStarted, StepFinished)) else type(event)
        for event in played.events[1:-1]
    ]
    assert told == [
        ScenarioStarted,
        ("StepStarted", (0,)), ("StepFinished", (0,)),
        ("StepStarted", (1,)),
        ("StepStarted", (1, 0)), ("StepFinished", (1, 0)),
        ("StepStarted", (1, 1)), ("StepFinished", (1, 1)),
        ("StepFinished", (1,)),
        ("StepStarted", (2,)), ("StepFinished", (2,)),
        ScenarioFinished,
    ]  # fmt: skip


def test_show_and_volatile_are_in_the_record(play: Player) -> None:
    played = play("""
        steps:
          - id: shown
            check: ["true"]
            show: ok
            volatile: [body.Id]
          - {id: hidden, check: ["true"], show: none}
    """)
    assert (played["shown"].show, played["shown"].shown) == (Source("ok", ResultPath("ok")), True)
    assert played["shown"].volatile == (ResultPath("body", ("Id",)),)
    assert (played["hidden"].show, played["hidden"].shown) == ("none", None)


@pytest.mark.parametrize("expression", ["steps.maybe.ok", "steps.maybe.ok == true", "steps['maybe'].ok"])
def test_the_result_of_a_step_that_was_skipped(play: Player, expression: str) -> None:
    played = play(f"""
        steps:
          - {{id: maybe, when: "1 == 2", sleep: 0}}
          - {{id: uses, check: ["{expression}"]}}
    """)
    assert played["uses"].status == "skipped"
    assert played["uses"].reason == "needs 'steps.maybe.ok', which step 'maybe' did not set: it was skipped"
    played = play("""
        steps:
          - {id: maybe, when: "1 == 2", sleep: 0}
          - {id: asks, check: [steps.maybe is not defined, "steps | list == []", steps | length == 0]}
    """)
    assert played["asks"].status == "passed", played["asks"].error
