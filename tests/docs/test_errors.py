"""``docs/errors.md`` lists every code that the project can give, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z]+(-[a-z]+)*\Z")
MAKERS = {
    "Diagnostic", "EngineError", "ExpressionSyntaxError", "StaleDocument", "StepError", "UsageError", "RunnerError",
    "_EvaluationError", "_error", "_warning", "_invalid", "_unknown", "_broken", "error", "warning", "__init__",
}  # fmt: skip
"""What is called with a code as its first argument."""


def called(function: ast.expr) -> str | None:
    """The last part of the name of what is called."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def codes_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and called(node.func) in MAKERS:
            first = node.args[0]
            for one in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                if isinstance(one, ast.Constant) and isinstance(one.value, str) and CODE.match(one.value):
                    yield one.value


def constants_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def sources() -> list[ast.AST]:
    return [ast.parse(path.read_text("utf-8")) for path in (ROOT / "runner").rglob("*.py")]


def documented() -> list[str]:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    return re.findall(r"^\| `([a-z-]+)` \|", page, flags=re.MULTILINE)


def test_every_code_is_documented_once() -> None:
    given = {code for tree in sources() for code in codes_in(tree)}
    assert len(given) > 80
    listed = documented()
    assert sorted(set(listed)) == sorted(listed)
    assert given - set(listed) == set(), "codes without a row"


def test_no_code_is_documented_that_nothing_gives() -> None:
    constants = {text for tree in sources() for text in constants_in(tree)}
    assert set(documented()) - constants == set()


def test_each_row_has_a_cause_and_a_fix() -> None:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    for row in re.findall(r"^\| `.*$", page, flags=re.MULTILINE):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 3, row
        assert all(cells), row
