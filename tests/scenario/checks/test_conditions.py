"""Conditions that don't depend on anything are found before a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import Diagnostic, InvalidScenario
from runner.scenario.open import open_scenario


def found(folder: Path, step: str) -> tuple[Diagnostic, ...]:
    path = folder / "x.yaml"
    path.write_text(f"title: t\nvars: {{x: a, y: b}}\nsteps:\n  - {step}\n")
    try:
        return open_scenario(path, path.name, ()).warnings
    except InvalidScenario as error:
        return error.diagnostics


@pytest.mark.parametrize(
    ("expression", "says", "hint"),
    [
        ("x == 'a' or 'b'", "'b' beside 'or' is a constant", "write x == 'a' or x == 'b'"),
        ("x != 'a' and 'b'", "'b' beside 'and' is a constant", "write x != 'a' and x != 'b'"),
        ("x == 'a' or x == 'b' or 'c'", "'c' beside 'or' is a constant", "write x == 'b' or x == 'c'"),
        ("'a' or x", "'a' beside 'or'", "a question of its own"),
        ("x == ('a' or 'b')", "'a' beside 'or'", "a question of its own"),
        ("not (x == 'a' or true)", "true beside 'or'", ""),
        ("'False'", "neither true nor false", "write the question"),
        ("[1]", "neither true nor false", "| length > 0"),
        ("1", "neither true nor false", "x > 0"),
    ],
)
@pytest.mark.parametrize(
    "step", ["check: [{}]", "{{sleep: 0, when: {}}}", "{{info: , retry: {{times: 2, until: {}}}}}", "{{info: , expect: {{that: {}}}}}"]  # noqa: E501
)  # fmt: skip
def test_a_constant_is_an_error(tmp_path: Path, step: str, expression: str, says: str, hint: str) -> None:
    (error,) = found(tmp_path, step.format(f'"{expression}"'))
    expected = "constant-operand" if "beside" in says else "not-a-condition"
    assert (error.code, error.severity) == (expected, "error")
    assert says in error.message
    assert hint in (error.hint or "")


@pytest.mark.parametrize("expression", ["true", "false", "1 == 1", "not false", "'a' in ['a', 'b']"])
def test_a_constant_truth_is_a_warning(tmp_path: Path, expression: str) -> None:
    (warning,) = found(tmp_path, f'check: ["{expression}"]')
    assert (warning.code, warning.severity) == ("constant-condition", "warning")


@pytest.mark.parametrize(
    "expression",
    ["x == 'a' or y == 'b'", "x in ['a', 'b']", "(x or 'none') == 'a'", "x == 'a' if y == 'b' else true", "now() != x"],
)
def test_what_depends_on_something(tmp_path: Path, expression: str) -> None:
    assert found(tmp_path, f'check: ["{expression}"]') == ()
