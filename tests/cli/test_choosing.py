"""Which steps run: by tags and ids, from standard input, by a name without its suffix; and what they need."""

from __future__ import annotations

import json

import pytest

import runner
from tests.cli.helpers import PASSES, ROOT, Command

STEPS = """\
title: Four
tags: [all]
steps:
  - {id: a, set: {x: 1}}
  - {id: b, tags: [slow], set: {y: "{{ x }}"}}
  - {id: c, check: [y == 1]}
  - {id: d, title: "Rest of {{ steps.b.ok }}", sleep: 0, tags: quick}
  - {id: e, sleep: 0}
  - parallel:
      - {id: f, set: {z: 2}}
      - {id: g, sleep: 0}
  - {id: h, sleep: 0, when: z == 2}
finally:
  - {id: end, sleep: 0}
"""


def ran(command: Command, *options: str) -> list[str]:
    command.write("x.yaml", STEPS)
    done = command("x.yaml", *options, "--format", "json", "-q")
    assert done.code == 0, done.err
    (scenario,) = json.loads(done.out)["scenarios"]
    return [step["id"] for step in scenario["steps"]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--only e", "e end"),
        ("--only c", "a b c end"),
        ("--only d,e", "a b d e end"),
        ("--only a --only e", "a e end"),
        ("--only g", "parallel_6 end"),
        ("--only h", "parallel_6 h end"),
        ("--only end", "end"),
        ("--tags quick", "a b d end"),
        ("--tags quick,slow", "a b d end"),
        ("--tags all --skip-tags quick", "a b c e parallel_6 h end"),
        ("--to b", "a b end"),
        ("--from e", "e parallel_6 h end"),
        ("--from h", "parallel_6 h end"),
        ("--from d --to e", "a b d e end"),
        ("--from a --to e --tags quick", "a b d end"),
    ],
)
def test_what_is_chosen_runs_with_what_it_needs(options: str, expected: str, command: Command) -> None:
    assert ran(command, *options.split()) == expected.split()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ("--only cc", "unknown-id", "did you mean 'c'?"),
        ("--from zzz", "unknown-id", "the steps are: a, b, c, d, e, end, f, g, h, parallel_6; --list shows them"),
        ("--tags slo", "nothing-chosen", "did you mean 'slow'?"),
        ("--skip-tags all", "nothing-chosen", "the tags are: all, quick, slow"),
        ("--from e --to d", "nothing-chosen", "--list shows the steps in their order"),
        ("--tags a,,b", "wrong-use", "--tags a,,b: words with commas between them are expected"),
    ],
)
def test_what_chooses_nothing_is_wrong_use(options: str, code: str, words: str, nowhere: Command) -> None:
    nowhere.write("x.yaml", STEPS)
    done = nowhere("x.yaml", *options.split())
    assert done.code == 2
    assert f"error[{code}]" in done.err
    assert words in done.err


def test_a_scenario_without_a_chosen_step_is_left_out(command: Command) -> None:
    command.write("a/x.yaml", STEPS)
    command.write("a/y.yaml", PASSES)
    done = command("a", "--only", "one", "--format", "json")
    assert [one["file"] for one in json.loads(done.out)["scenarios"]] == ["a/y.yaml"]
    assert "1 scenario without a chosen step is left out" in done.err


def test_the_list_shows_what_would_run(nowhere: Command) -> None:
    nowhere.write("x.yaml", STEPS)
    done = nowhere("x.yaml", "--only", "d,h", "--list")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "x.yaml · Four #all\n"
        "  a           set\n"
        "  b           set        #slow\n"
        "  d           sleep     Rest of {{ steps.b.ok }} #quick\n"
        "  parallel_6  parallel\n"
        "    f         set\n"
        "    g         sleep\n"
        "  h           sleep\n"
        "  end         sleep      (finally)\n"
    )
    (listed,) = json.loads(nowhere("x.yaml", "--list", "--format", "json").out)
    assert listed["steps"][3] == {
        "id": "d",
        "kind": "sleep",
        "title": "Rest of {{ steps.b.ok }}",
        "phase": "steps",
        "tags": ["quick"],
    }
    assert nowhere("x.yaml", "--list", "--format", "html").code == 2


def test_a_scenario_comes_from_standard_input(command: Command) -> None:
    command.write("part.yaml", "title: P\nsteps:\n  - sleep: 0\n")
    text = "title: T\nsteps:\n  - {id: one, include: {scenario: part.yaml}}\n"
    done = command("-", "--format", "json", input=text.encode())
    assert (done.code, json.loads(done.out)["scenarios"][0]["file"]) == (0, "<stdin>")
    assert command("check", "-", input=text.encode()).code == 0
    assert (
        command("plan", "-", input=text.encode()).out.startswith("#!")
        or "# T" in command("plan", "-", input=text.encode()).out
    )
    bad = command("-", input=b"title: T\nsteps:\n  - slep: 0\n")
    assert (bad.code, bad.out) == (3, "")
    assert "<stdin>:3:5: error[unknown-key]" in bad.err
    assert command("-", input=b"").code == 3
    assert command("-", input=b"title: \xff").code == 3
    assert command("check", "-", input=b"#" * (5 << 20)).code == 3


def test_a_name_may_lack_its_suffix(command: Command) -> None:
    command.write("good.yaml", PASSES)
    command.write("sub/part.scenario.yaml", PASSES)
    assert command("good", "--format", "none").code == 0
    assert command("check", "sub/part").code == 0
    command.write("clean.yaml", "title: no\n")
    assert command("clean", "--help").out.startswith("usage: run clean")
    done = command("goood")
    assert done.code == 2
    assert "did you mean 'good'?" in done.err


def test_a_part_is_replayed_from_the_whole_recording(nowhere: Command) -> None:
    whole = ROOT / "scenarios" / "run-a-container.yaml"
    first = runner.load(whole).steps[0].id
    done = nowhere(str(whole), "--replay", "--only", first, "--format", "json")
    assert done.code == 0, done.err
    assert "unused-recording" not in done.err
    steps = json.loads(done.out)["scenarios"][0]["steps"]
    assert [step["id"] for step in steps if step["phase"] == "steps"] == [first]


def test_a_library_user_chooses_too(nowhere: Command) -> None:
    file = ROOT / "scenarios" / "run-a-container.yaml"
    first = runner.load(file).steps[0].id
    report = runner.replay(file, selection=runner.Selection(to_step=first))
    assert [step.id for step in report.scenarios[0].steps if step.phase == "steps"] == [first]
    with pytest.raises(runner.UsageError, match="no step has the id"):
        runner.replay(file, selection=runner.Selection(only=("nothing",)))
    text = "title: T\nsteps: [{id: one, sleep: 0}]\n"
    assert [step.id for step in runner.load(nowhere.folder / "none.yaml", text=text).steps] == ["one"]
