"""Every row of the tables of other tools' words is given as a hint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.errors import Diagnostic, InvalidScenario
from runner.scenario.checks.names import _OTHER_WORDS
from runner.scenario.expressions.parser import _OTHER_OPERATORS
from runner.scenario.open import open_scenario
from runner.scenario.schema.words import AT_THE_TOP, IN_A_STEP, INSIDE


def errors(path: Path, document: dict[str, object]) -> tuple[Diagnostic, ...]:
    path.write_text(json.dumps(document))
    with pytest.raises(InvalidScenario) as caught:
        open_scenario(path, path.name, ())
    return caught.value.diagnostics


@pytest.mark.parametrize(("word", "hint"), IN_A_STEP.items())
def test_a_word_in_a_step(word: str, hint: str, tmp_path: Path) -> None:
    found = errors(tmp_path / "x.yaml", {"title": "T", "steps": [{"info": None, word: 1}]})
    assert hint in [one.hint for one in found if one.code == "unknown-key"]


@pytest.mark.parametrize(("word", "hint"), AT_THE_TOP.items())
def test_a_word_at_the_top(word: str, hint: str, tmp_path: Path) -> None:
    found = errors(tmp_path / "x.yaml", {"title": "T", "steps": [{"info": None}], word: 1})
    assert hint in [one.hint for one in found if one.code == "unknown-key"]


@pytest.mark.parametrize(("word", "hint"), _OTHER_WORDS.items())
def test_a_word_in_an_expression(word: str, hint: str, tmp_path: Path) -> None:
    found = errors(tmp_path / "x.yaml", {"title": "T", "steps": [{"check": [f"{word} == 1"]}]})
    assert [(one.code, one.hint) for one in found] == [("undefined-name", hint)]


EXPRESSIONS = {
    "&&": "true && true",
    "||": "true || true",
    "===": "1 === 1",
    "!": "!true",
    "?": "true ? 1 : 2",
    "=": "1 = 1",
    "$": "$x",
    "`": "`x`",
    "{{": "{{ 1 }}",
    "}}": "1 }}",
    "{%": "{% if 1 %}",
}


@pytest.mark.parametrize(("sign", "hint"), _OTHER_OPERATORS.items())
def test_a_sign_in_an_expression(sign: str, hint: str, tmp_path: Path) -> None:
    found = errors(tmp_path / "x.yaml", {"title": "T", "steps": [{"check": [EXPRESSIONS[sign]]}]})
    assert [(one.code, one.hint) for one in found] == [("expression-syntax", hint)]


@pytest.mark.parametrize(("place", "word"), [(place, word) for place, words in INSIDE.items() for word in words])
def test_a_word_inside_a_modifier_or_a_kind(place: str, word: str, tmp_path: Path) -> None:
    inner: dict[str, object] = {word: 1}
    step = {place: inner} if place in ("include", "request") else {"info": None, place: inner}
    found = errors(tmp_path / "x.yaml", {"title": "T", "steps": [step]})
    assert INSIDE[place][word] in [one.hint for one in found if one.code == "unknown-key"]


SYNTAX = {
    "${{ x }} == 1": "write the expression alone: image",
    "${x} == 1": "write the variable's name alone: image",
    "$x == 1": "write a variable by its name alone",
    "{x} == 1": "write the variable's name alone: image",
    "$.Id == 1": "write the part of the result: body.Id, body[0].Names",
    "x?.y == 1": "write a default for what may be missing: body.State.Health | default(none)",
    "x ?? 1": "write a default with: body.Name | default('none')",
    "x =~ 'a'": "an expectation does that: expect: {stdout: {matches: '^v[0-9]+'}}",
    "x contains 'a'": "write: 'bin' in stdout",
    "x matches 'a'": "an expectation does that: expect: {stdout: {matches: '^v[0-9]+'}}",
}


@pytest.mark.parametrize(("text", "hint"), SYNTAX.items())
def test_the_syntax_of_another_language(text: str, hint: str, tmp_path: Path) -> None:
    found = errors(tmp_path / "x.yaml", {"title": "T", "vars": {"x": "a"}, "steps": [{"check": [text]}]})
    assert [(one.code, one.hint) for one in found] == [("expression-syntax", hint)]


VALUES = {
    "Healthcheck: {Interval: 1s}": "the API counts in nanoseconds: write 1000000000",
    "Healthcheck: {Timeout: 500ms}": "the API counts in nanoseconds: write 500000000",
    "StopTimeout: 2s": "the API counts in seconds: write 2",
    "HostConfig: {Memory: 1.5g}": "the API counts in bytes: write 1610612736",
    "HostConfig: {Memory: 64m}": "the API counts in bytes: write 67108864",
    "HostConfig: {PortBindings: {80: 8080}}": 'for example PortBindings: {80/tcp: [{HostPort: "8080"}]}',
    "ExposedPorts: [80]": "for example ExposedPorts: {80/tcp: {}}",
    "HostConfig: {RestartPolicy: always}": "for example RestartPolicy: {Name: always}",
    'Tty: "true"': "write true, without the quotes",
    "Tty: yes": "write true: YAML 1.2 knows no other words",
}


@pytest.mark.parametrize(("field", "hint"), VALUES.items())
def test_a_value_as_other_tools_write_it(field: str, hint: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(f"title: T\nsteps:\n  - create: {{body: {{Image: a, {field}}}}}\n")
    with pytest.raises(InvalidScenario) as caught:
        open_scenario(file, file.name, ())
    assert [one.hint for one in caught.value.diagnostics] == [hint]


def test_a_length_is_counted_by_a_filter(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("title: T\nsteps:\n  - {list: {all: true}, expect: {that: [body.length == 1]}}\n")
    assert [one.hint for one in open_scenario(file, file.name, ()).warnings] == ["write: body | length"]


def test_a_parameter_that_is_true_or_false(tmp_path: Path) -> None:
    found = errors(tmp_path / "x.yaml", {"title": "T", "steps": [{"list": {"all": "yes"}}]})
    assert [one.hint for one in found] == ["write true: YAML 1.2 knows no other words"]


def test_a_command_in_one_text(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("title: T\nsteps:\n  - create: {body: {Image: a, Cmd: ls -l}}\n")
    assert [one.hint for one in open_scenario(file, file.name, ()).warnings] == ['write Cmd: [ls, "-l"]']
