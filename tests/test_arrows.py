"""Holds the architecture: which room of ``runner`` may import which, no circle anywhere, small modules, small folders.

``docs/architecture.md`` draws the arrows.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "runner").rglob("*.py"))
MAX_LINES = 350
MAX_MODULES = 15

SHARED = {"runner"} | {f"runner.{path.stem}" for path in (ROOT / "runner").glob("*.py") if path.stem != "__main__"}
GROUND = SHARED | {"runner.api", "runner.results"}
# A name stands for the module and all below it, except ``runner`` itself, which is its ``__init__`` alone.
ARROWS = {
    "": SHARED,
    "__main__": SHARED | {"runner.cli"},
    "__init__": (GROUND - {"runner.api"} | {"runner.proxy"})
    | {"runner.engine", "runner.executor", "runner.library", "runner.report", "runner.scenario"},
    "api": SHARED | {"runner.api"},
    "results": SHARED | {"runner.results"},
    "engine": GROUND | {"runner.engine"},
    "scenario": GROUND | {"runner.scenario"},
    "report": GROUND | {"runner.report"},
    "executor": GROUND | {"runner.executor", "runner.engine", "runner.scenario"},
    "proxy": GROUND | {"runner.proxy", "runner.engine", "runner.scenario"},
    "library": GROUND | {"runner.library", "runner.engine", "runner.scenario", "runner.executor", "runner.report"},
    "pytest_plugin": GROUND
    | {"runner.pytest_plugin", "runner.cli", "runner.library", "runner.engine", "runner.scenario", "runner.proxy"},
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


def module_name(path: Path) -> str:
    """``runner.engine.http.client`` for its file; a package's name for its ``__init__``."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def import_graph(sources: Mapping[str, tuple[str, str]]) -> dict[str, set[str]]:
    """Which modules each one imports, anywhere in its file. ``sources`` has the package and the text of each."""
    return {
        name: {target for _, target in imports(ast.parse(text), package) if target in sources and target != name}
        for name, (package, text) in sources.items()
    }


def circles(graph: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """The circles of a graph, one for each group of modules that reach each other."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = tuple(error.args[1])
        rest = {name: set(targets) - set(circle) for name, targets in graph.items() if name not in circle}
        return [circle, *circles(rest)]
    return []


def between_rooms(graph: Mapping[str, Collection[str]], folder: str) -> dict[str, set[str]]:
    """Which rooms inside a folder import which others; modules that lie in the folder itself are not in a room."""

    def inner(name: str) -> str | None:
        rest = name.removeprefix(f"{folder}.")
        return None if rest == name or "." not in rest else rest.partition(".")[0]

    rooms: dict[str, set[str]] = {}
    for name, targets in graph.items():
        home = inner(name)
        if home is not None:
            rooms.setdefault(home, set()).update(
                room for target in targets if (room := inner(target)) not in (None, home)
            )
    return rooms


GRAPH = import_graph(
    {module_name(path): (".".join(path.relative_to(ROOT).parent.parts), path.read_text()) for path in MODULES}
)
FOLDERS = sorted({path.parent for path in MODULES})


def test_no_import_circle() -> None:
    assert circles(GRAPH) == []


@pytest.mark.parametrize(
    "folder", ["runner.engine", "runner.scenario", "runner.executor", "runner.report", "runner.cli"]
)
def test_no_circle_between_the_rooms_inside(folder: str) -> None:
    rooms = between_rooms(GRAPH, folder)
    assert rooms
    assert circles(rooms) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_folder_can_be_read_at_a_glance(folder: Path) -> None:
    assert len([path for path in folder.glob("*.py") if path.stem != "__init__"]) <= MAX_MODULES


def test_a_circle_is_found_wherever_the_import_is() -> None:
    graph = import_graph(
        {
            "runner.a": ("runner", "import runner.b"),
            "runner.b": ("runner", "def late():\n    import runner.c"),
            "runner.c": ("runner", "if TYPE_CHECKING:\n    from runner.a import name"),
            "runner.d": ("runner", "import runner.a"),
        }
    )
    assert [set(circle) for circle in circles(graph)] == [{"runner.a", "runner.b", "runner.c"}]
    rooms = {"runner.x.a.m": ["runner.x.b.n"], "runner.x.b.n": ["runner.x.top"], "runner.x.b.o": ["runner.x.a.m"]}
    assert [set(circle) for circle in circles(between_rooms(rooms, "runner.x"))] == [{"a", "b"}]


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
