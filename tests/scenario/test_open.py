"""Opening files: any text ends in a scenario or in diagnostics; valid ones are remembered; includes are followed."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import InvalidScenario
from runner.scenario.check import check_scenario
from runner.scenario.model import OperationCall
from runner.scenario.open import Opened, open_scenario
from runner.scenario.yaml.read import read
from runner.valid_texts import digest
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


CLEAN = VALID.replace(", unused: body.Warnings", "")


def modules_after_opening(path: Path, cache: Path) -> set[str]:
    """The heavy modules that opening a file imports in a fresh process."""
    program = (
        "import sys; from pathlib import Path\n"
        "from runner.scenario.open import open_scenario\n"
        f"found = open_scenario(Path({str(path)!r}), 'x.yaml', (), cache=Path({str(cache)!r}))\n"
        "print(*({'jsonschema', 'jinja2'} & {*sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_a_valid_file_is_opened_again_without_validating(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = opened(tmp_path / "x.yaml", CLEAN, cache=cache)
    assert modules_after_opening(tmp_path / "x.yaml", cache) == set()
    again = open_scenario(tmp_path / "x.yaml", "x.yaml", (), cache=cache)
    assert again == first
    (tmp_path / "x.yaml").write_text(CLEAN + "# changed\n")
    assert modules_after_opening(tmp_path / "x.yaml", cache) == {"jsonschema", "jinja2"}


def test_a_file_with_warnings_is_checked_every_time_but_validated_once(tmp_path: Path) -> None:
    for _ in range(2):
        assert [found.code for found in opened(tmp_path / "x.yaml", VALID, cache=tmp_path / "c").warnings] == [
            "unused-capture"
        ]
    assert "jsonschema" not in modules_after_opening(tmp_path / "x.yaml", tmp_path / "c")
    (file,) = (tmp_path / "c").iterdir()
    assert file.read_text() == ""


def test_what_the_schema_refuses_is_not_remembered(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(InvalidScenario, match="no-such-key"):
            opened(tmp_path / "x.yaml", f"{VALID}no-such-key: 1\n", cache=tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_the_cache_holds_digests_and_nothing_of_a_scenario(tmp_path: Path) -> None:
    inner = tmp_path / "in.yaml"
    inner.write_text("title: Inner title\nvars: {password: hunter2}\nsteps: [{check: [password]}]\n")
    outer = "title: Outer title\nsteps: [{include: {scenario: in.yaml}}, {include: {scenario: in.yaml}}]\n"
    opened(tmp_path / "x.yaml", outer, cache=tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    assert re.fullmatch(r"[0-9a-f]{64}", file.name)
    assert file.read_text().split() == [digest(inner.read_text())]


def test_a_changed_text_is_never_taken_for_the_one_that_was_valid(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    opened(tmp_path / "x.yaml", CLEAN, cache=cache)
    changed = CLEAN.replace("Cmd: [ls]", "Cmd: [rm]")
    create = opened(tmp_path / "x.yaml", changed, cache=cache).scenario.steps[0].kind
    assert isinstance(create, OperationCall) and create.body is not None
    assert create.body.render({"image": "alpine"}) == {"Image": "alpine", "Cmd": ["rm"]}
    with pytest.raises(InvalidScenario, match="'nope' is not defined"):
        opened(tmp_path / "x.yaml", CLEAN.replace("{{ container }}", "{{ nope }}"), cache=cache)


def test_other_variables_or_a_broken_cache_are_checked_again(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    text = CLEAN.replace("vars: {image: alpine}\n", "")
    opened(tmp_path / "x.yaml", text, "image", cache=cache)
    with pytest.raises(InvalidScenario, match="'image' is not defined"):
        opened(tmp_path / "x.yaml", text, cache=cache)
    (file,) = cache.iterdir()
    for broken in (b"", b"{", b"\xff", b"\x00" * 100, b"0" * 64):
        file.write_bytes(broken)
        assert opened(tmp_path / "x.yaml", text, "image", cache=cache).warnings == ()
    cache.chmod(0o500)
    opened(tmp_path / "y.yaml", text, "image", cache=cache)
    cache.chmod(0o700)


def test_an_included_file_that_has_changed_is_checked_again(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    outer = "title: T\nsteps:\n  - {id: n, include: {scenario: in.yaml}}\n  - check: [steps.n.outputs.name]\n"
    inner = tmp_path / "in.yaml"
    valid = "title: I\nsteps:\n  - info:\n    capture: {name: body.Name}\noutputs: {name: name}\n"
    inner.write_text(valid)
    opened(tmp_path / "x.yaml", outer, cache=cache)
    assert modules_after_opening(tmp_path / "x.yaml", cache) == set()
    inner.write_text(valid.replace("outputs: {name: name}", "outputs: {other: name}"))
    with pytest.raises(InvalidScenario, match=r"in\.yaml has no output 'name'"):
        opened(tmp_path / "x.yaml", outer, cache=cache)
    inner.write_text("steps: 1\n")
    with pytest.raises(InvalidScenario, match="'title' is missing here"):
        opened(tmp_path / "x.yaml", outer, cache=cache)
    inner.unlink()
    with pytest.raises(InvalidScenario, match="there is no such file"):
        opened(tmp_path / "x.yaml", outer, cache=cache)


def test_checking_a_text_that_is_known_to_be_valid_does_not_parse_it(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(CLEAN)
    cache = tmp_path / "cache"
    program = (
        "import sys; from pathlib import Path\n"
        "from runner.scenario.check import check_scenario\n"
        f"found = check_scenario(Path({str(tmp_path / 'x.yaml')!r}), 'x.yaml', (), cache=Path({str(cache)!r}))\n"
        "print(found, 'yaml' in sys.modules)\n"
    )
    shown = [
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()
        for _ in range(2)
    ]
    assert shown == ["() True", "() False"]
    (tmp_path / "x.yaml").write_text(CLEAN.replace("{{ image }}", "{{ imag }}"))
    with pytest.raises(InvalidScenario, match="'imag' is not defined"):
        check_scenario(tmp_path / "x.yaml", "x.yaml", (), cache=cache)


def test_checking_looks_at_included_files_and_repeats_warnings(tmp_path: Path) -> None:
    (tmp_path / "in.yaml").write_text("title: I\nsteps: [{info: }]\n")
    (tmp_path / "x.yaml").write_text("title: T\nsteps: [{include: {scenario: in.yaml}}]\n")
    for _ in range(2):
        assert check_scenario(tmp_path / "x.yaml", "x.yaml", (), cache=tmp_path / "cache") == ()
    (tmp_path / "in.yaml").write_text("title: I\nsteps: [{info: , capture: {never: body.ID}}]\n")
    for _ in range(2):
        found = check_scenario(tmp_path / "x.yaml", "x.yaml", (), cache=tmp_path / "cache")
        assert [warning.code for warning in found] == ["unused-capture"]


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


def test_a_thousand_steps_are_checked_in_seconds(tmp_path: Path) -> None:
    text = CLEAN + '  - inspect: "{{ container }}"\n    expect: {that: [body.Id == container]}\n' * 1000
    started = time.process_time()
    opened(tmp_path / "x.yaml", text)
    assert time.process_time() - started < 15


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
