"""``docs/errors.md`` lists every code that the project can give, and no other, with the exit code that it leads to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from runner.errors import _EXIT_CODES, DeadlineExceeded, Diagnostic, ExitCode, InvalidScenario, RunnerError
from runner.scenario.expressions.references import ExpressionSyntaxError

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z]+(-[a-z]+)*\Z")
NO_FAILURE = ExitCode.PASSED
"""Stands for a warning."""
SECTIONS = {
    "In the file": ExitCode.INVALID,
    "While a step runs": ExitCode.FAILED,
    "The engine and the way to it": ExitCode.ENGINE,
    "The command": ExitCode.USAGE,
}


class Module(NamedTuple):
    """A module of the runner, parsed."""

    name: str
    tree: ast.Module

    @property
    def in_file(self) -> bool:
        """Return whether a plain ``Diagnostic`` of this module becomes an ``InvalidScenario``."""
        return self.name.startswith(
            ("runner.scenario.", "runner.report.markdown.slots", "runner.library.documents.filling")
        )


@cache
def modules() -> tuple[Module, ...]:
    return tuple(
        Module(".".join(path.relative_to(ROOT).with_suffix("").parts), ast.parse(path.read_text("utf-8")))
        for path in sorted((ROOT / "runner").rglob("*.py"))
        if path.stem != "__main__"
    )


def called(function: ast.expr) -> str:
    """Return the last part of the name of what is called."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            yield node


def codes_of(call: ast.Call) -> Iterator[str]:
    """Yield what may be codes: the first argument of a call, both branches of a condition."""
    first = call.args[0]
    for branch in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
        if isinstance(branch, ast.Constant) and isinstance(branch.value, str) and CODE.match(branch.value):
            yield branch.value


def keyword(call: ast.Call, name: str) -> str | None:
    for word in call.keywords:
        if word.arg == name and isinstance(word.value, ast.Constant):
            return str(word.value.value)
    return None


def exit_of(call: ast.Call, module: Module, *, depth: int = 0) -> ExitCode | None:
    """Return the exit code that an error made by this call leads to; None if it makes no error."""
    name = called(call.func)
    if name in ("error", "_error") and isinstance(call.func, ast.Attribute):
        return ExitCode.INVALID if module.in_file else None
    if name in ("warning", "_warning") and isinstance(call.func, ast.Attribute):
        return NO_FAILURE if module.in_file else None
    found = getattr(import_module(module.name), name, None)
    if found is Diagnostic:
        if keyword(call, "severity") == "warning":
            return NO_FAILURE
        kind = keyword(call, "kind")
        if kind is not None:
            return next(code for known, code in _EXIT_CODES.items() if known == kind)
        return ExitCode.INVALID if module.in_file else None
    if found is ExpressionSyntaxError:
        return ExitCode.INVALID
    if isinstance(found, type) and issubclass(found, RunnerError):
        return _EXIT_CODES[found.kind]
    if depth == 0:
        return exit_of_helper(name, module)
    return None


def exit_of_helper(name: str, module: Module) -> ExitCode | None:
    """Return the exit code of the error that a function of the module makes of its first argument, a code."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            first = next((one.arg for one in node.args.args if one.arg != "self"), "")
            inner = [call for call in calls(node) if ast.unparse(call.args[0]) == first]
            found = {exit_of(call, module, depth=1) for call in inner} - {None}
            return found.pop() if len(found) == 1 else None
    return None


@cache
def exits() -> dict[str, set[ExitCode]]:
    """Return the exit codes that each code leads to."""
    found: dict[str, set[ExitCode]] = {"timeout": {_EXIT_CODES[DeadlineExceeded.kind]}}
    for module in modules():
        for call in calls(module.tree):
            codes = list(codes_of(call))
            code = exit_of(call, module) if codes else None
            if code is not None:
                for name in codes:
                    found.setdefault(name, set()).add(code)
    for name, code in tabled_exits():
        found.setdefault(name, set()).add(code)
    return found


def tabled_exits() -> Iterator[tuple[str, ExitCode]]:
    """Yield the codes that a module keeps in a table, with the exit code of the error that it makes of any."""
    for module in modules():
        variable = {
            exit_of(call, module)
            for call in calls(module.tree)
            if isinstance(call.args[0], ast.Name) and called(call.func).endswith("Error")
        } - {None}
        direct = {code for call in calls(module.tree) for code in codes_of(call)}
        if len(variable) == 1:
            (code,) = variable
            assert code is not None
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Constant) and node.value in set(documented()) - direct:
                    yield str(node.value), code


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield each row of the page's tables: the section, the code, and its cause."""
    section = ""
    for line in (ROOT / "docs" / "errors.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:]
        row = re.match(r"\| `([a-z-]+)` \| (.*?)(?<!\\)\|", line)
        if row:
            yield section, row[1], row[2]


@cache
def documented() -> tuple[str, ...]:
    return tuple(code for _, code, _ in rows())


def documented_exits(section: str, cause: str) -> set[ExitCode]:
    """Return the exit codes that a row promises: its section's, or those that it names."""
    if cause.startswith("Warning:"):
        return {NO_FAILURE}
    also = {ExitCode(int(number)) for number in re.findall(r"also exit code (\d+)", cause)}
    only = {ExitCode(int(number)) for number in re.findall(r"(?<!also )exit code (\d+)", cause)}
    return also | (only or {SECTIONS[section]})


def test_every_code_is_documented_once() -> None:
    given = set(exits())
    assert len(given) > 100
    listed = documented()
    assert sorted(set(listed)) == sorted(listed)
    assert given - set(listed) == set(), "codes without a row"


def test_no_code_is_documented_that_nothing_gives() -> None:
    assert set(documented()) - set(exits()) == set()


def test_every_code_leads_to_the_exit_code_that_the_page_promises() -> None:
    promised = {code: documented_exits(section, cause) for section, code, cause in rows()}
    assert {code: found for code, found in exits().items() if promised[code] != found} == {}, promised


def test_an_invalid_scenario_exits_as_the_page_says() -> None:
    error = InvalidScenario((Diagnostic("no-kind", "a step without an action"),))
    assert error.exit_code is SECTIONS["In the file"]


def test_each_row_has_a_cause_and_a_fix() -> None:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    for row in re.findall(r"^\| `.*$", page, flags=re.MULTILINE):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 3, row
        assert all(cells), row
