"""Groups: one modifier for several steps, and what their steps set."""

from __future__ import annotations

import pytest

from runner.errors import InvalidScenario
from tests.executor.helpers import Player


def test_what_a_group_sets_is_there_inside_and_behind_it(play: Player) -> None:
    played = play("""
        steps:
          - id: both
            group:
              - set: {x: 1}
              - {id: sees, check: [x == 1]}
          - {id: later, check: [x == 1, steps.both.ok, steps.sees.ok]}
    """)
    assert played.status == "passed", played.statuses
    assert played["both"].kind == "group"
    assert [step.id for step in played["both"].steps or ()] == ["both_set_1", "sees"]


@pytest.mark.parametrize("width", [1, 3])
def test_in_a_loop_each_element_has_values_of_its_own_and_then_they_are_lists(play: Player, width: int) -> None:
    played = play(f"""
        steps:
          - id: each
            for_each: {{in: "range(6)", as: n, parallel: {width}}}
            group:
              - {{id: sets, set: {{double: "{{{{ n * 2 }}}}"}}}}
              - sleep: "{{{{ (6 - n) / 1000 }}}}"
              - check: [double == n * 2, steps.sets.ok]
          - {{id: later, check: ["double == [0, 2, 4, 6, 8, 10]", steps.sets.each | length == 6]}}
    """)
    assert played.status == "passed", [step.error for step in played.steps.values()]
    assert played["each"].captured == {"double": [0, 2, 4, 6, 8, 10]}


@pytest.mark.parametrize("block", ["parallel", "group"])
def test_a_loop_in_a_loop_makes_lists_of_lists(play: Player, block: str) -> None:
    played = play(f"""
        steps:
          - for_each: {{in: [1, 2], as: a}}
            {block}:
              - for_each: {{in: [10, 20], as: b}}
                group:
                  - set: {{sum: "{{{{ a + b }}}}"}}
          - {{id: later, check: ["sum == [[11, 21], [12, 22]]"]}}
    """)
    assert played["later"].status == "passed", played["later"].error


def test_an_include_in_a_loop_sees_the_element(play: Player) -> None:
    play.write(
        "title: I\nvars: {name: x}\nsteps: [{check: [name == 'a' or name == 'b']}]\noutputs: {name: name}\n", "i.yaml"
    )
    played = play("""
        steps:
          - id: all
            for_each: [a, b]
            include: {scenario: i.yaml, vars: {name: "{{ item }}"}}
          - check: ["steps.all.each | map(attribute='outputs.name') | list == ['a', 'b']"]
    """)
    assert played.status == "passed", [step.error for step in played.steps.values()]


def test_after_a_failure_the_rest_of_the_group_is_skipped(play: Player) -> None:
    played = play("""
        steps:
          - id: g
            group:
              - {id: bad, check: ["1 == 2"]}
              - {id: rest, check: ["true"]}
          - {id: behind, check: ["true"]}
    """)
    assert played.statuses == {"g": "failed", "bad": "failed", "rest": "skipped", "behind": "skipped"}
    assert played["behind"].reason == "step 'g' did not pass"


def test_retry_begins_a_group_again(play: Player) -> None:
    played = play("""
        steps:
          - set: {n: 0}
          - id: again
            retry: {times: 5, every: 1ms}
            group:
              - set: {n: "{{ n + 1 }}"}
              - check: [n == 3]
    """)
    assert (played["again"].status, played["again"].attempts) == ("passed", 3)


def test_the_time_of_a_group_cuts_its_steps_off(play: Player) -> None:
    played = play("""
        steps:
          - id: slow
            timeout: 200ms
            group:
              - {id: long, sleep: 30}
              - {id: rest, check: ["true"]}
    """)
    assert (played["slow"].status, played.error("slow")[0]) == ("failed", "timeout")
    assert (played["long"].status, played["rest"].status) == ("failed", "skipped")


def test_a_group_in_the_background_ends_its_background_steps(play: Player) -> None:
    played = play("""
        steps:
          - id: g
            group:
              - {id: goes_on, sleep: 50ms, background: true}
              - check: ["true"]
          - {id: joined, await: goes_on}
          - check: [steps.goes_on.ok]
    """)
    assert played.status == "passed", played.statuses


def test_when_of_a_loop_is_asked_for_each_group(play: Player) -> None:
    played = play("""
        steps:
          - id: odd
            for_each: [1, 2, 3]
            when: item % 2 == 1
            group: [{set: {x: "{{ item }}"}}]
          - check: ["x == [1, 3]"]
    """)
    assert played.status == "passed", played.statuses
    assert [element.status for element in played["odd"].each or ()] == ["passed", "skipped", "passed"]


def test_a_loop_of_too_many_elements_is_refused_with_their_number(play: Player) -> None:
    played = play("""
        steps:
          - {id: all, for_each: range(50000), check: ["true"]}
    """)
    assert played.error("all") == ("too-many-elements", "a loop has at most 10,000 elements, this one 50,000")


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("- {for_each: [1], group: [{check: [nosuch]}]}", "'nosuch' is not defined here"),
        ("- {group: [{id: g, check: ['true']}, {check: [steps.h.ok]}]}", "no step has the id 'h'"),
        (
            "- {for_each: {in: [1], as: a}, group: [{check: [a == 1]}]}\n  - {check: [a == 1]}",
            "'a' is not defined here",
        ),
        ("- {group: [{check: [x]}, {set: {x: 1}}]}", "'x' is used before it is set"),
    ],
)
def test_names_in_groups_are_checked(play: Player, steps: str, message: str) -> None:
    with pytest.raises(InvalidScenario) as caught:
        play.open(f"title: T\nsteps:\n  {steps}\n")
    assert [one.message for one in caught.value.diagnostics] == [message]
