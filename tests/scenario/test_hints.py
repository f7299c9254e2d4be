"""Every row of the tables of other tools' words is given as a hint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.errors import Diagnostic, InvalidScenario
from runner.scenario.checks.names import _OTHER_WORDS
from runner.scenario.expressions.parser import _OTHER_OPERATORS
from runner.scenario.open import open_scenario
from runner.scenario.schema.hints import _AT_THE_TOP, _IN_A_STEP


def errors(path: Path, document: dict[str, object]) -> tuple[Diagnostic, ...]:
    path.write_text(json.dumps(document))
    with pytest.raises(InvalidScenario) as caught:
        open_scenario(path, path.name, ())
    return caught.value.diagnostics


@pytest.mark.parametrize(("word", "hint"), _IN_A_STEP.items())
def test_a_word_in_a_step(word: str, hint: str, tmp_path: Path) -> None:
    found = errors(tmp_path / "x.yaml", {"title": "T", "steps": [{"info": None, word: 1}]})
    assert hint in [one.hint for one in found if one.code == "unknown-key"]


@pytest.mark.parametrize(("word", "hint"), _AT_THE_TOP.items())
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
