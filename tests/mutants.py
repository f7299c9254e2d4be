"""Changes the code at random, one place at a time, and shows which changes no test notices.

``python -m tests.mutants masking wire`` takes a sample of each room named, all of them by default; it needs
``pip install -e '.[mutation]'`` and works on a copy of the checkout. A mutant that survives is a test that is missing,
or a change that makes no difference; a reader has to tell which.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 900.0
"""Seconds that the tests may take with a mutant; those of the slowest room take less than half of it without one."""


NEEDS_ARGUMENTS = {"core/VariableInserter", "core/VariableReplacer"}
"""Operators that want the name of a variable."""


class Room(NamedTuple):
    """Which modules are changed, as patterns, and the tests that should notice, the quickest first."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "masking": Room(("runner/masking.py",), ("tests/test_masking.py", "tests/executor/test_event_masking.py")),
    "expressions": Room(("runner/scenario/expressions/**/*.py",), ("tests/scenario/expressions", "tests/docs")),
    "wire": Room(("runner/engine/http/*.py", "runner/engine/streams/*.py"), ("tests/engine",)),
    "recordings": Room(
        ("runner/engine/recordings/*.py",), ("tests/engine/recordings", "tests/scenarios/test_replayed.py")
    ),
    "executor": Room(("runner/executor/**/*.py",), ("tests/executor", "tests/leftovers/test_endings.py")),
    "stable": Room(("runner/report/stable/*.py",), ("tests/report/stable", "tests/scenarios/test_replayed.py")),
    "report": Room(
        ("runner/report/*.py", "runner/report/markdown/*.py", "runner/report/html/*.py"),
        ("tests/report", "tests/scenarios/test_replayed.py"),
    ),
    "command": Room(("runner/cli/**/*.py",), ("tests/cli",)),
}


class Mutant(NamedTuple):
    """A module, relative to the checkout, with the text that it has after one change."""

    module: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), str(self.module), "", n=1, lineterm=""
        )
        return "\n".join(list(lines)[2:])


class Place(NamedTuple):
    """The nth place of a module that an operator can change."""

    module: Path
    operator: str
    occurrence: int


class _NoAnnotations(ast.NodeTransformer):
    """Drops what is never evaluated: with it, half of all changes would be to types."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return ast.Expr(node.value) if node.value else ast.Pass()


def meaning(text: str) -> str | None:
    """Return the module's syntax tree as text, without annotations; None if Python can't read it."""
    try:
        return ast.dump(_NoAnnotations().visit(ast.parse(text)))
    except SyntaxError:
        return None


def places(module: Path) -> list[Place]:
    """Return every place of the module that an operator of cosmic-ray can change."""
    tree = get_ast((ROOT / module).read_text(encoding="utf-8"))
    return [
        Place(module, name, occurrence)
        for name in sorted(set(operator_names()) - NEEDS_ARGUMENTS)
        for occurrence in range(_positions(get_operator(name)(), tree))
    ]


def mutant(place: Place) -> Mutant | None:
    """Return the module with that place changed; None where it makes no difference or is no longer Python."""
    text = (ROOT / place.module).read_text(encoding="utf-8")
    after = mutate_code(text, get_operator(place.operator)(), place.occurrence)
    if after is None or meaning(after) in (meaning(text), None):
        return None
    return Mutant(place.module, text, after)


def _positions(operator: Any, node: Any) -> int:
    here = sum(1 for _ in operator.mutation_positions(node))
    return here + sum(_positions(operator, child) for child in getattr(node, "children", ()))


def sample(room: Room, size: int, chance: random.Random) -> list[Mutant]:
    """Return that many mutants of the room's modules, the same for the same seed."""
    modules = sorted({file.relative_to(ROOT) for pattern in room.modules for file in ROOT.glob(pattern)})
    every = [place for module in modules for place in places(module)]
    chance.shuffle(every)
    return list(itertools.islice(filter(None, map(mutant, every)), size))


def passes(copy: Path, room: Room, module: Path | None = None) -> bool:
    """Run the room's tests in the copy, those beside the changed module first; whether all of them pass."""
    tests = list(room.tests)
    mirror = Path("tests", *module.parent.parts[1:]) if module else None
    if mirror and (copy / mirror).is_dir() and any(str(mirror).startswith(f"{test}/") for test in tests):
        tests.insert(0, str(mirror))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0
    ) as process:
        try:
            output = process.communicate(timeout=LIMIT)[0]
        except subprocess.TimeoutExpired:
            process.terminate()
            return False
    if module is None and process.returncode:
        sys.stdout.write(output.decode(errors="replace")[-3000:])
    return process.returncode == 0


def attack(name: str, size: int, seed: int, copy: Path) -> float:
    """Try a sample of a room's mutants, print the survivors, and return which part of them was killed."""
    room = ROOMS[name]
    killed, chosen = 0, sample(room, size, random.Random(f"{seed} {name}"))
    for number, mutant in enumerate(chosen, 1):
        file = copy / mutant.module
        file.write_text(mutant.after, encoding="utf-8")
        survived = passes(copy, room, mutant.module)
        file.write_text(mutant.before, encoding="utf-8")
        killed += not survived
        print(f"{name} {number}/{len(chosen)}: {'SURVIVED' if survived else 'killed'} {mutant.module}", flush=True)
        if survived:
            print(mutant.diff, flush=True)
    print(f"{name}: {killed} of {len(chosen)} killed, {killed / len(chosen):.0%}", flush=True)
    return killed / len(chosen)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("--sample", type=int, default=25, metavar="N", help="mutants of each room (25)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another seed is another sample (1)")
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}; all by default")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(".venv", ".git", "__pycache__"))
        for name in options.rooms or ROOMS:
            if not passes(copy, ROOMS[name]):
                print(f"the tests of {name} fail without a change; nothing can be learned from them")
                return 1
            attack(name, options.sample, options.seed, copy)
    return 0


if __name__ == "__main__":
    sys.exit(main())
