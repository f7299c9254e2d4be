"""Each form that the language allows, from text to the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.errors import InvalidScenario
from runner.scenario import duration, model
from runner.scenario.open import open_scenario

GIVEN = ("names", "c", "n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def scenario(folder: Path, text: str) -> model.Scenario:
    path = folder / "x.yaml"
    path.write_text(text if "steps:" in text else f"title: T\nsteps:\n{text}")
    return open_scenario(path, path.name, GIVEN).scenario


def step(folder: Path, text: str) -> model.Step:
    return scenario(folder, f"  - {text}\n").steps[-1]


SCOPE: dict[str, Any] = {"names": ["a", "b"], "c": "id", "n": 3}


@pytest.mark.parametrize(
    ("text", "count"),
    [("check: true", 1), ("check: names", 1), ("check: [true, 'n == 3', n > 1]", 3), ("check: ['n == 3', {}]", None)],
)
def test_check(folder: Path, text: str, count: int | None) -> None:
    if count is None:
        with pytest.raises(InvalidScenario):
            step(folder, text)
        return
    kind = step(folder, text).kind
    assert isinstance(kind, model.Check)
    assert [bool(one.evaluate(SCOPE)) for one in kind.expressions] == [True] * count


@pytest.mark.parametrize(
    ("text", "elements", "name", "parallel"),
    [
        ("[x, 1, {a: b}]", ["x", 1, {"a": "b"}], "item", 1),
        ("names", ["a", "b"], "item", 1),
        ("'{{ names }}'", ["a", "b"], "item", 1),
        ("range(n)", [0, 1, 2], "item", 1),
        ("['{{ c }}', x]", ["id", "x"], "item", 1),
        ("{in: names, as: one, parallel: 4}", ["a", "b"], "one", 4),
        ("{in: [x], as: one}", ["x"], "one", 1),
        ("[]", [], "item", 1),
    ],
)
def test_for_each(folder: Path, text: str, elements: list[Any], name: str, parallel: int) -> None:
    loop = step(folder, f"{{sleep: 0, for_each: {text}}}").for_each
    assert loop is not None
    assert (loop.elements.render(SCOPE), loop.name, loop.parallel) == (elements, name, parallel)


@pytest.mark.parametrize(
    ("text", "items", "seconds", "until"),
    [
        ("3", 3, None, None),
        ("{items: 3}", 3, None, None),
        ("{for: 500ms}", None, 0.5, None),
        ("{until: item.read == c, for: 2m, items: 9}", 9, 120.0, "item.read == c"),
    ],
)
def test_take(folder: Path, text: str, items: int | None, seconds: float | None, until: str | None) -> None:
    take = step(folder, f"{{stats: x, take: {text}}}").take
    assert take is not None
    assert (take.items, take.seconds, take.until and take.until.text) == (items, seconds, until)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("201", 201), ("'201'", "201"), ("2xx", "2xx"), ("5XX", "5XX"), ("[204, 304, 4xx]", [204, 304, "4xx"])],
)
def test_expected_statuses(folder: Path, text: str, wanted: Any) -> None:
    expect = step(folder, f"{{info: , expect: {{status: {text}}}}}").expect
    assert expect is not None and expect.status is not None
    assert expect.status.value.render(SCOPE) == wanted


@pytest.mark.parametrize(
    "text", ["0xx", "6xx", "600", "99", "2x", "20x", "ok", "true", "[]", "[200, no]", "-1", "200.5"]
)
def test_what_is_no_status(folder: Path, text: str) -> None:
    with pytest.raises(InvalidScenario) as caught:
        step(folder, f"{{info: , expect: {{status: {text}}}}}")
    assert all(one.place and one.place.line == 3 for one in caught.value.diagnostics)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("1.41", ((">=", "1.41"),)),
        ("1.40", ((">=", "1.40"),)),
        ("'>=1.42'", ((">=", "1.42"),)),
        ("'>= 1.40, <1.45'", ((">=", "1.40"), ("<", "1.45"))),
        ("'!=1.43'", (("!=", "1.43"),)),
    ],
)
def test_bounds_of_the_api_version(folder: Path, text: str, bounds: tuple[tuple[str, str], ...]) -> None:
    found = scenario(folder, f"title: T\nrequires: {{api: {text}}}\nsteps: [{{info: }}]\n")
    assert found.requires.api == bounds


def test_the_order_in_which_ids_are_made(folder: Path) -> None:
    found = scenario(
        folder,
        "  - info:\n  - {id: info_1, info: }\n  - image.list:\n"
        "  - parallel: [{info: , defer: [{sleep: 0}]}]\n    defer: {sleep: 0}\n",
    )
    assert [one.id for one in found.walk()] == [
        "info_1_",
        "info_1",
        "image_list_3",
        "parallel_4",
        "parallel_4_info_1",
        "parallel_4_info_1_defer_sleep_1",
        "parallel_4_defer_sleep_1",
    ]


def test_a_call_and_its_parts(folder: Path) -> None:
    kind = step(folder, "attach: {id: '{{ c }}', stream: true, stdin: \"hi\\n\", logs: '{{ n }}'}").kind
    assert isinstance(kind, model.OperationCall)
    assert {name: value.render(SCOPE) for name, value in kind.params.items()} == {"id": "id", "stream": True, "logs": 3}
    assert kind.stdin is not None and kind.stdin.render(SCOPE) == "hi\n"
    bare = step(folder, "start: '{{ c }}'").kind
    assert isinstance(bare, model.OperationCall) and bare.params["id"].render(SCOPE) == "id"
    nothing = step(folder, "info:").kind
    assert isinstance(nothing, model.OperationCall) and nothing.params == {}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("500ms", 0.5),
        ("5s", 5),
        ("2m", 120),
        ("1h", 3600),
        ("1.5h", 5400),
        (3, 3),
        (0.25, 0.25),
        ("7", 7),
        (" 5 s ", 5),
    ],
)
def test_durations(value: Any, seconds: float) -> None:
    assert duration.seconds(value) == seconds


@pytest.mark.parametrize(
    "value", ["", "5 minutes", "s", "-5s", "1e3", -1, float("inf"), float("nan"), True, None, [], "5d", "٣s"]
)
def test_what_is_no_duration(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration.seconds(value)


def test_show_is_a_word_or_an_expression(folder: Path) -> None:
    assert step(folder, "{info: , show: none}").show == "none"
    show = step(folder, "{info: , show: body.State}").show
    assert show is not None and not isinstance(show, str) and show.text == "body.State"


def test_types_of_a_scenario_survive(folder: Path) -> None:
    found = scenario(
        folder,
        "title: '2001'\nvars: {a: no, b: 22:22, d: !raw '{{ x }}', e: ['{{ a }}', 1]}\n"
        "timeout: 2m\nsecrets: [s]\nsteps: [{info: }]\noutputs: {o: a}\n",
    )
    assert {name: value.render({"a": 5}) for name, value in found.vars.items()} == {
        "a": "no",
        "b": "22:22",
        "d": "{{ x }}",
        "e": [5, 1],
    }
    assert (found.timeout, found.secrets, list(found.outputs)) == (120.0, ("s",), ["o"])


@pytest.mark.parametrize(
    ("modifiers", "wrong"),
    [
        ("{info: , capture: {a: body.ID, b: a | length}, expect: {that: [a, b]}}", None),
        ("{info: , capture: {a: b | length, b: body.ID}, expect: {that: [a, b]}}", "b"),
        ("{info: , capture: {a: status}, expect: {status: '{{ a }}'}}", "a"),
        ("{events: , capture: {a: items}, take: {until: a}}", "a"),
        ("{events: , take: {until: status == 200}}", "status"),
        ("{events: , capture: {a: items}, retry: {until: a, fail_if: not a}, show: a}", None),
        ("{set: {a: 1, b: '{{ a }}'}, expect: {that: [a == b]}}", None),
    ],
)
def test_check_knows_in_which_order_a_step_comes_to_its_names(folder: Path, modifiers: str, wrong: str | None) -> None:
    """As the executor does: status and items, captures one by one, then what is expected of them."""
    text = f"  - {modifiers}\n  - check: [a is defined or b is defined]\n"
    if wrong is None:
        scenario(folder, text)
        return
    with pytest.raises(InvalidScenario) as caught:
        scenario(folder, text)
    assert [one.message.split("'")[1] for one in caught.value.diagnostics] == [wrong]


def test_variables_see_the_secrets_and_the_variables_before_them(folder: Path) -> None:
    path = folder / "x.yaml"
    path.write_text(
        "title: T\nsecrets: [pw]\nvars: {auth: '{{ pw | b64encode }}', a: '{{ auth }}'}\nsteps: [{sleep: 0}]\n"
    )
    open_scenario(path, path.name, ())
    path.write_text("title: T\nvars: {a: '{{ b }}', b: 1}\nsteps: [{sleep: 0}]\n")
    with pytest.raises(InvalidScenario) as caught:
        open_scenario(path, path.name, ())
    (found,) = caught.value.diagnostics
    assert (found.code, found.hint) == (
        "used-before-set", "a variable sees only those above it; move this one up",
    )  # fmt: skip


@pytest.mark.parametrize(("when", "warned"), [("item != 2", []), ("go", ["maybe-undefined"]), ("go and item != 2", [])])
def test_a_condition_on_the_element_leaves_the_list_of_what_is_captured(
    folder: Path, when: str, warned: list[str]
) -> None:
    path = folder / "x.yaml"
    path.write_text(
        "title: T\nvars: {go: true}\nsteps:\n"
        f"  - {{for_each: [1, 2], when: {when}, set: {{got: '{{{{ item }}}}'}}}}\n"
        "  - check: [got]\n"
    )
    assert [one.code for one in open_scenario(path, path.name, ()).warnings] == warned
