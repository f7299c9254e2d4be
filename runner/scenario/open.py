"""Opens scenario files: read, parse, validate, build, check. The one way in for everybody."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from runner.errors import Diagnostic, InvalidScenario
from runner.nearest import did_you_mean
from runner.scenario import model
from runner.scenario.builder import Builder
from runner.scenario.cache import Known, Remembered
from runner.scenario.findings import Findings
from runner.scenario.yaml import nodes
from runner.scenario.yaml.read import read

MAX_INCLUDES = 16
"""How deep scenarios may include each other."""


class Opened(NamedTuple):
    """A valid scenario, and what there is to warn of."""

    scenario: model.Scenario
    warnings: tuple[Diagnostic, ...]


def open_scenario(path: Path, name: str, given: Iterable[str], *, cache: Path | None = None) -> Opened:
    """Open one file. ``given`` are the variables that come from outside; ``cache`` a folder that remembers files
    which were found valid.

    Raises:
        InvalidScenario: with everything that is wrong.
    """
    names = sorted(given)
    source = read(path, name)
    remembered = Remembered(cache, path, name, names) if cache else None
    known = remembered.recall(source.text) if remembered else None
    if known:
        with contextlib.suppress(KeyError):  # an included file's name leads to another file now
            return Opened(_Opener(known).scenario(path, source, names), known.warnings)
    opener = _Opener()
    opened = Opened(opener.scenario(path, source, names), opener.findings.warnings)
    if remembered:
        remembered.store(opened.warnings, opener.files)
    return opened


class _Opener:
    """Opens a file and what it includes; each file is opened once for each set of variables that it is given."""

    def __init__(self, known: Known | None = None) -> None:
        self.findings = Findings()
        self.known = known
        self.opening: list[Path] = []
        self.opened: dict[tuple[Path, tuple[str, ...]], model.Scenario | None] = {}
        self.files: dict[Path, tuple[str, nodes.Node]] = {}

    def scenario(self, path: Path, source: nodes.Source, given: list[str]) -> model.Scenario:
        """The scenario.

        Raises:
            InvalidScenario: with everything that is wrong.
        """
        scenario = self.open(path, source, given)
        self.findings.raise_errors()
        assert scenario is not None
        return scenario

    def open(self, path: Path, source: nodes.Source, given: list[str]) -> model.Scenario | None:
        """The scenario; None, with findings, if it is invalid."""
        resolved = path.resolve()
        self.opening.append(resolved)
        try:
            root = self.known.roots[resolved] if self.known else self._root(resolved, source)
            if not self.known and not self._is_valid(source, root):
                return None
            assert isinstance(root, nodes.Mapping)
            builder = Builder(source, self.findings, self._include, trusted=self.known is not None)
            scenario = builder.scenario(path, root)
            if not self.known and not self.findings.errors:
                self._check(scenario, given)
            return scenario
        finally:
            self.opening.pop()

    def _root(self, path: Path, source: nodes.Source) -> nodes.Node:
        from runner.scenario.yaml.loader import load

        root = load(source)
        self.files[path] = (source.text, root)
        return root

    def _is_valid(self, source: nodes.Source, root: nodes.Node) -> bool:
        from runner.scenario.schema.validate import validate

        before = len(self.findings.errors)
        validate(source, root, self.findings)
        return len(self.findings.errors) == before

    def _check(self, scenario: model.Scenario, given: list[str]) -> None:
        from runner.scenario.checks.body_fields import check_bodies
        from runner.scenario.checks.checker import check

        check(scenario, given, self.findings)
        check_bodies(scenario, self.findings)

    def _include(self, target: nodes.Scalar, source: nodes.Source, given: list[str]) -> model.Scenario | None:
        """The scenario that an ``include`` names, relative to the file that includes it."""
        path = self.opening[-1].parent / target.text
        resolved = path.resolve()
        if resolved in self.opening:
            chain = " → ".join(one.name for one in (*self.opening, path))
            message = f"scenarios include each other in a circle: {chain}"
            self.findings.error("include-cycle", message, source, target, hint="take one of the includes out")
            return None
        if len(self.opening) > MAX_INCLUDES:
            message = f"more than {MAX_INCLUDES} scenarios include one another"
            self.findings.error("too-deep", message, source, target)
            return None
        key = (resolved, tuple(sorted(given)))
        if key not in self.opened:
            self.opened[key] = self._open_included(path, target, source, given)
        return self.opened[key]

    def _open_included(
        self, path: Path, target: nodes.Scalar, source: nodes.Source, given: list[str]
    ) -> model.Scenario | None:
        try:
            included = read(path, str(Path(source.name).parent / target.text))
            return self.open(path, included, given)
        except InvalidScenario as error:
            first = error.diagnostics[0]
            if first.place is None:
                hint = first.hint or _file_hint(path, target.text)
                self.findings.error(first.code, first.message, source, target, hint=hint)
            else:
                self.findings.take_over(error)
            return None


def _file_hint(path: Path, text: str) -> str:
    if "{{" in text:
        return "an included file's name can't be a template: it is read before anything runs"
    try:
        beside = [one.name for one in path.parent.iterdir()]
    except OSError:
        beside = []
    return did_you_mean(path.name, beside) or "the path is relative to the file that includes it"
