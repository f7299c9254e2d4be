"""A row of the modifiers' or the kinds' registry has everything that belongs to it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from runner.errors import Diagnostic, InvalidScenario
from runner.scenario import model
from runner.scenario.kinds import LOCAL_KINDS, RESPONSE_PARTS
from runner.scenario.modifiers import MODIFIERS
from runner.scenario.open import open_scenario
from schemas.language import KIND_SCHEMAS, MODIFIER_SCHEMAS
from schemas.make import SCHEMAS

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((SCHEMAS / "scenario.schema.json").read_text())
FORMAT = (ROOT / "docs" / "format.md").read_text()
NOT_MODIFIERS = {"name", "kind", "node", "key"}
"""The fields of a step that no modifier sets."""

MODIFIER_SAMPLES: dict[str, Any] = {
    "id": None,
    "title": "{{ missing }}",
    "about": "{{ missing }}",
    "when": "missing",
    "for_each": {"in": "missing", "as": "name", "parallel": 2},
    "retry": {"times": 2, "every": "1s", "until": "missing", "fail_if": "body.State"},
    "timeout": None,
    "background": None,
    "take": {"items": 1, "for": "1s", "until": "missing"},
    "expect": {"that": ["missing"]},
    "capture": {"name": "missing"},
    "defer": {"remove": "{{ missing }}"},
    "on_failure": {"remove": "{{ missing }}"},
    "continue_on_failure": None,
    "expected_failure": {"when": "missing", "reason": "a reason"},
    "show": "missing.part",
    "volatile": None,
    "tags": None,
    "labels": None,
}
"""A value that uses an undefined name, or None for a modifier without expressions."""
KIND_SAMPLES: dict[str, Any] = {
    "request": {"path": "/{{ missing }}"},
    "await": None,
    "set": {"name": "{{ missing }}"},
    "check": ["missing"],
    "sleep": "{{ missing }}",
    "parallel": [{"check": ["missing"]}],
    "group": [{"check": ["missing"]}],
    "include": {"scenario": "included.yaml", "vars": {"name": "{{ missing }}"}},
}


def problems(folder: Path, step: dict[str, Any]) -> tuple[Diagnostic, ...]:
    (folder / "included.yaml").write_text("title: I\nvars: {name: x}\nsteps: [{check: [name]}]\n")
    file = folder / "x.yaml"
    file.write_text(json.dumps({"title": "T", "steps": [step]}))
    try:
        return open_scenario(file, file.name, ()).warnings
    except InvalidScenario as error:
        return error.diagnostics


@pytest.mark.parametrize("name", MODIFIERS)
def test_a_modifier_is_complete(name: str, tmp_path: Path) -> None:
    assert name in MODIFIER_SCHEMAS, "add a fragment to MODIFIER_SCHEMAS in schemas/language.py"
    assert name in SCHEMA["$defs"]["step"]["properties"], "run: python -m schemas.make"
    assert name in model.Step._fields, "add a field to Step in runner/scenario/model.py"
    assert f"**`{name}" in FORMAT, "explain it in docs/format.md"
    assert name in MODIFIER_SAMPLES, "add a sample to this test"
    if MODIFIER_SAMPLES[name] is not None:
        found = problems(tmp_path, {"stats": "x", name: MODIFIER_SAMPLES[name]})
        assert [one.message for one in found if one.code == "undefined-name"] == ["'missing' is not defined here"], (
            "add it to Step.expressions in runner/scenario/model.py and check it in runner/scenario/checks/checker.py"
        )


@pytest.mark.parametrize("name", LOCAL_KINDS)
def test_a_kind_is_complete(name: str, tmp_path: Path) -> None:
    kind = LOCAL_KINDS[name]
    assert name in KIND_SCHEMAS, "add a fragment to KIND_SCHEMAS in schemas/language.py"
    assert [name] in [branch["required"] for branch in SCHEMA["$defs"]["step"]["oneOf"]], "run: python -m schemas.make"
    assert kind.rules.refused <= MODIFIERS.keys()
    assert kind.rules.absent <= RESPONSE_PARTS
    assert f"**`{name}`**" in FORMAT, "explain it in docs/format.md"
    assert name in KIND_SAMPLES, "add a sample to this test"
    if KIND_SAMPLES[name] is not None:
        found = problems(tmp_path, {name: KIND_SAMPLES[name]})
        assert [one.message for one in found if one.code == "undefined-name"] == ["'missing' is not defined here"], (
            "add its expressions to the class in runner/scenario/model.py"
        )


def test_the_registries_and_the_model_know_the_same() -> None:
    assert set(MODIFIERS) == set(model.Step._fields) - NOT_MODIFIERS
    assert {row.model for row in LOCAL_KINDS.values()} | {model.OperationCall} == set(get_args(model.Kind))
    assert set(MODIFIER_SCHEMAS) == set(MODIFIERS)
    assert set(KIND_SCHEMAS) == set(LOCAL_KINDS)


REFUSALS = sorted((kind, modifier) for kind, row in LOCAL_KINDS.items() for modifier in row.rules.refused)
ACCEPTED: dict[str, Any] = {"background": True, "labels": False, "retry": {"times": 2}, "for_each": [1], "take": 1}


@pytest.mark.parametrize(("kind", "modifier"), REFUSALS)
def test_every_refused_modifier_is_an_error_with_a_hint(kind: str, modifier: str, tmp_path: Path) -> None:
    sample = KIND_SAMPLES[kind] if kind != "await" else "x"
    found = problems(tmp_path, {kind: sample, modifier: ACCEPTED[modifier]})
    refusals = [one for one in found if one.code == "cannot-combine"]
    assert len(refusals) == 1
    assert re.search(rf"'{kind}' (can't|joins|creates nothing)|the answer of '{kind}'", refusals[0].message)
    assert refusals[0].hint
    assert refusals[0].place is not None
    assert refusals[0].place.text[refusals[0].place.column - 1 :].lstrip('"').startswith(modifier)


PARTS = sorted((kind, part) for kind, row in LOCAL_KINDS.items() for part in row.rules.absent)
VALUES: dict[str, Any] = {"status": 200, "headers": {"a": "b"}, "body": {}, "items": [], "stdout": "a", "stderr": "a"}


@pytest.mark.parametrize(("kind", "part"), PARTS)
def test_every_part_that_a_kind_has_not_is_an_error(kind: str, part: str, tmp_path: Path) -> None:
    found = problems(tmp_path, {kind: KIND_SAMPLES[kind], "expect": {part: VALUES[part]}})
    messages = [one.message for one in found if one.code == "cannot-combine"]
    assert messages == [f"'{kind}' has no {part} to check"]
