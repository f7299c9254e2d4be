"""The architecture as a test: which room of ``runner`` may read which (CONTRIBUTING.md draws the arrows)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "runner").rglob("*.py"))
MAX_LINES = 350

SHARED = {"runner"} | {f"runner.{path.stem}" for path in (ROOT / "runner").glob("*.py") if path.stem != "__main__"}
GROUND = SHARED | {"runner.api", "runner.results"}
# A name stands for the module and all below it, except ``runner`` itself, which is its ``__init__`` alone.
ARROWS = {
    "": SHARED,
    "__main__": SHARED | {"runner.cli"},
    "__init__": SHARED | {"runner.engine", "runner.executor", "runner.library", "runner.results", "runner.scenario"},
    "api": SHARED | {"runner.api"},
    "results": SHARED | {"runner.results"},
    "engine": GROUND | {"runner.engine"},
    "scenario": GROUND | {"runner.scenario"},
    "report": GROUND | {"runner.report"},
    "executor": GROUND | {"runner.executor", "runner.engine", "runner.scenario"},
    "proxy": GROUND | {"runner.proxy", "runner.engine"},
    "library": GROUND | {"runner.library", "runner.engine", "runner.scenario", "runner.executor", "runner.report"},
    "cli": GROUND
    | {"runner.cli", "runner.library", "runner.engine", "runner.scenario", "runner.executor", "runner.report"}
    | {"runner.proxy"},
}


def room(module: Path) -> str:
    """``engine`` for ``runner/engine/http/client.py``; ``""`` for what all rooms share."""
    first = module.relative_to(ROOT / "runner").parts[0]
    if first in ("__main__.py", "__init__.py"):
        return first.removesuffix(".py")
    return "" if first.endswith(".py") else first


def imports(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """Each module of this project that is imported anywhere in the file, inside functions too, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            names = [
                f"{source}.{alias.name}" if is_module(f"{source}.{alias.name}") else source for alias in node.names
            ]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.split(".")[0] in {"runner", "schemas", "tests"})


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def allowed(name: str, targets: set[str]) -> bool:
    return name in targets or any(name.startswith(f"{target}.") for target in targets - {"runner"})


def broken_arrows(module: Path, source: str) -> list[str]:
    targets = ARROWS[room(module)]
    package = ".".join(module.relative_to(ROOT).parent.parts)
    return [
        f"{module.relative_to(ROOT)}:{line}: {room(module) or 'a shared module'} must not read {name}"
        for line, name in imports(ast.parse(source), package)
        if not allowed(name, targets)
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_keeps_to_the_arrows_and_stays_small(module: Path) -> None:
    source = module.read_text()
    assert broken_arrows(module, source) == []
    lines = source.count("\n")
    assert lines < MAX_LINES, "a module this long does more than one thing"


@pytest.mark.parametrize(
    "module", [path for path in MODULES if room(path) not in {"cli", "__main__"}], ids=lambda path: path.stem
)
def test_only_the_command_prints(module: Path) -> None:
    tree = ast.parse(module.read_text())
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    streams = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert "print" not in calls
    assert not streams & {"sys.stdout", "sys.stderr"}


@pytest.mark.parametrize(
    ("file", "source", "broken"),
    [
        ("engine/http/client.py", "from runner.scenario import model", "runner.scenario.model"),
        ("engine/http/client.py", "def late():\n    import runner.executor.run", "runner.executor.run"),
        ("engine/http/client.py", "from ...report import json", "runner.report.json"),
        ("engine/engine.py", "if TYPE_CHECKING:\n    from runner.cli.main import run_command", "runner.cli.main"),
        ("scenario/model.py", "from runner.engine import transport", "runner.engine.transport"),
        ("scenario/model.py", "from runner.api.operations import Operation", None),
        ("scenario/model.py", "from .yaml.loader import load", None),
        ("report/json.py", "from runner.executor import run", "runner.executor.run"),
        ("report/json.py", "from runner.results.records import Report", None),
        ("errors.py", "from runner.engine import transport", "runner.engine.transport"),
        ("results/records.py", "from runner.api.operations import Operation", "runner.api.operations"),
        ("cli/commands/run.py", "import schemas.make", "schemas.make"),
    ],
)
def test_a_broken_arrow_is_found(file: str, source: str, broken: str | None) -> None:
    found = broken_arrows(ROOT / "runner" / file, source)
    assert [line.rpartition(" ")[2] for line in found] == ([broken] if broken else [])
