"""Opening files: any text ends in a scenario or in diagnostics; valid ones are remembered; includes are followed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import InvalidScenario
from runner.scenario.cache import cache_folder
from runner.scenario.open import Opened, open_scenario
from runner.scenario.yaml.read import read
from tests.scenario.mistakes import MISTAKES


def opened(path: Path, text: str, *given: str, cache: Path | None = None) -> Opened:
    path.write_text(text, "utf-8")
    return open_scenario(path, path.name, given, cache=cache)


VALID = """\
title: T
vars: {image: alpine}
steps:
  - create: {body: {Image: "{{ image }}", Cmd: [ls]}}
    capture: {container: body.Id, unused: body.Warnings}
  - inspect: "{{ container }}"
    expect: {that: ["body.State.Status == 'created'"]}
"""

WORDS = """
title steps finally vars secrets outputs requires timeout id when for_each retry take expect capture defer show volatile
background create attach start wait list inspect logs request await set check sleep parallel include body body_file
status stdout that in as until times every items for api engine swarm a b c item
"""
words = st.sampled_from(WORDS.split())
texts = st.one_of(
    words,
    st.sampled_from(
        ["{{ a }}", "{{ a.b }}x", "{{", "a | b", "a == 1", "steps.a.body.Id", "2xx", "5s", "!", "{{ a | length }}", "*"]
    ),
    st.text(max_size=8),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 600), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | texts, inner, max_size=4),
    max_leaves=12,
)
steps = st.lists(st.dictionaries(words, values, min_size=1, max_size=4), max_size=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenarios")


def ends_well(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="")
    started = time.process_time()
    try:
        open_scenario(path, path.name, ("given",))
    except InvalidScenario as error:
        lines = read(path).lines
        assert error.diagnostics
        for found in error.diagnostics:
            assert found.place is not None
            assert 1 <= found.place.line <= len(lines)
            assert 1 <= found.place.column <= len(lines[found.place.line - 1]) + 1
            assert found.code == found.code.lower() and " " not in found.code
    assert time.process_time() - started < 10


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(steps, st.dictionaries(words, values, max_size=3))
def test_any_structure_is_a_scenario_or_told_what_is_wrong(folder: Path, some: Any, more: dict[str, Any]) -> None:
    import json

    ends_well(folder / "x.yaml", json.dumps({"title": "T", **more, "steps": some}, ensure_ascii=False))


@settings(deadline=None, max_examples=100)
@given(st.text(st.sampled_from(" \n-:{}[]'\"|>&*!#%abtis.,0\t") | st.characters(codec="utf-8"), max_size=120))
def test_any_text_is_a_scenario_or_told_what_is_wrong(folder: Path, text: str) -> None:
    ends_well(folder / "y.yaml", text)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(MISTAKES)), st.integers(0, 200), st.sampled_from(["", " ", "\n", "{{", "-", ":", '"', "\t"])
)
def test_a_cut_or_changed_scenario_too(folder: Path, name: str, at: int, change: str) -> None:
    text = MISTAKES[name]
    ends_well(folder / "z.yaml", text[:at] + change + text[at + 1 :])


def test_a_valid_file_is_opened_again_without_validating(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = opened(tmp_path / "x.yaml", VALID, cache=cache)
    program = (
        "import sys; from pathlib import Path\n"
        "from runner.scenario.open import open_scenario\n"
        f"found = open_scenario(Path({str(tmp_path / 'x.yaml')!r}), 'x.yaml', (), cache=Path({str(cache)!r}))\n"
        "print([one.code for one in found.warnings], {'yaml', 'jsonschema', 'jinja2'} & {*sys.modules})\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "['unused-capture'] set()"
    again = open_scenario(tmp_path / "x.yaml", "x.yaml", (), cache=cache)
    assert again.warnings == first.warnings
    assert [step.id for step in again.scenario.steps] == [step.id for step in first.scenario.steps]
    assert again.scenario.steps[1].expect == first.scenario.steps[1].expect


def test_other_variables_another_name_or_a_broken_memory_are_checked_again(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    text = VALID.replace("vars: {image: alpine}\n", "")
    opened(tmp_path / "x.yaml", text, "image", cache=cache)
    with pytest.raises(InvalidScenario, match="'image' is not defined"):
        opened(tmp_path / "x.yaml", text, cache=cache)
    (known,) = cache.iterdir()
    whole = known.read_bytes()
    for broken in (
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"warnings": [[1]], "files": {}}',
        whole[:-9],
        whole.replace(b"[[", b"["),
    ):
        known.write_bytes(broken)
        assert len(opened(tmp_path / "x.yaml", text, "image", cache=cache).warnings) == 1
    cache.chmod(0o500)
    opened(tmp_path / "y.yaml", text, "image", cache=cache)
    cache.chmod(0o700)


def test_a_file_with_warnings_of_an_included_one_is_checked_again_when_that_changes(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    outer = "title: T\nsteps:\n  - {id: n, include: {scenario: in.yaml}}\n  - check: [steps.n.outputs.name]\n"
    inner = tmp_path / "in.yaml"
    inner.write_text("title: I\nsteps:\n  - info:\n    capture: {name: body.Name}\noutputs: {name: name}\n")
    opened(tmp_path / "x.yaml", outer, cache=cache)
    opened(tmp_path / "x.yaml", outer, cache=cache)
    inner.write_text("title: I\nsteps:\n  - info:\n    capture: {name: body.Name}\noutputs: {other: name}\n")
    with pytest.raises(InvalidScenario, match=r"in\.yaml has no output 'name'"):
        opened(tmp_path / "x.yaml", outer, cache=cache)


def test_many_includes_of_the_same_file_are_opened_once(tmp_path: Path) -> None:
    for number in range(14):
        step = f"  - include: {{scenario: {number + 1}.yaml}}\n"
        (tmp_path / f"{number}.yaml").write_text(f"title: T\nsteps:\n{step * 3}")
    (tmp_path / "14.yaml").write_text("title: T\nsteps: [{info: }]\n")
    started = time.process_time()
    open_scenario(tmp_path / "0.yaml", "0.yaml", ())
    assert time.process_time() - started < 10


def test_includes_have_a_depth(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.yaml").write_text(f"title: T\nsteps:\n  - include: {{scenario: {number + 1}.yaml}}\n")
    with pytest.raises(InvalidScenario, match="include one another") as caught:
        open_scenario(tmp_path / "0.yaml", "0.yaml", ())
    assert caught.value.code == "too-deep"


def test_names_of_included_files_are_shown_relative_to_the_first(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "in.yaml").write_text("title: T\nsteps:\n  - check: [nope]\n")
    (tmp_path / "x.yaml").write_text("title: T\nsteps:\n  - include: {scenario: deep/in.yaml}\n")
    with pytest.raises(InvalidScenario) as caught:
        open_scenario(tmp_path / "x.yaml", "some/x.yaml", ())
    assert str(caught.value.place) == "some/deep/in.yaml:3:13"


def test_where_valid_files_are_remembered() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/engine-recipes")
    assert cache_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/engine-recipes")
    assert cache_folder({}) is None


def test_a_thousand_steps_are_checked_in_seconds(tmp_path: Path) -> None:
    text = VALID + "".join(f'  - inspect: "{{{{ container }}}}"\n    capture: {{c{n}: body.Id}}\n' for n in range(1000))
    took = []
    for _ in range(4):
        started = time.process_time()
        opened(tmp_path / "x.yaml", text, cache=tmp_path / "cache")
        took.append(time.process_time() - started)
    assert took[0] < 15
    assert min(took[1:]) < took[0] / 2


@pytest.mark.parametrize(
    "text",
    [
        "vars: {x: true}\nsteps:\n" + "".join(f"- {{info: , when: x, capture: {{c{n}: body}}}}\n" for n in range(9000)),
        "steps:\n- parallel:\n" + "".join(f"  - {{info: , capture: {{c{n}: body}}}}\n" for n in range(9000)),
        "vars:\n" + "".join(f"  v{n}: 1\n" for n in range(40_000)) + "steps: [{info: }]\n",
        "steps:\n- info:\n  capture:\n" + "".join(f"    v{n}: body\n" for n in range(40_000)),
        "steps:\n" + "- nope:\n" * 30_000,
        "steps:\n" + "- start: '{{ nope }}'\n" * 20_000,
        'steps:\n- set: {x: "' + "".join(f"{{{{a+{n}}}}}" for n in range(50_000)) + '"}\n',
        "vars:\n"
        + "".join(f"  container_{n}: 1\n" for n in range(40_000))
        + "steps:\n"
        + "- start: '{{ containr }}'\n"
        + "".join(f"- start: '{{{{ containr_{n} }}}}'\n" for n in range(60)),
        "steps:\n" + "".join(f"- {{id: a-{n}, check: [\"steps['a-0'].ok - 1\"]}}\n" for n in range(9000)),
    ],
    ids=["conditions", "parallel", "variables", "captures", "typos", "undefined", "templates", "mistyped", "hyphens"],
)
def test_a_large_file_is_checked_in_bounded_time(folder: Path, text: str) -> None:
    started = time.process_time()
    try:
        found = opened(folder / "large.yaml", f"title: T\n{text}").warnings
    except InvalidScenario as error:
        found = error.diagnostics
    assert len(found) <= 50
    assert time.process_time() - started < 20
