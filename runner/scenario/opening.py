"""Opens scenario files: read, parse, validate, build, check. The one way in for everybody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner import __version__
from runner.errors import Diagnostic, InvalidScenario
from runner.scenario import loader, model, nodes
from runner.scenario.build import Builder
from runner.scenario.findings import Findings


@dataclass(frozen=True, slots=True)
class Opened:
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
    findings = Findings()
    opener = _Opener(findings, names, cache)
    scenario = opener.open(path, name)
    findings.raise_errors()
    assert scenario is not None
    opener.remember()
    return Opened(scenario, findings.warnings)


class _Opener:
    def __init__(self, findings: Findings, given: list[str], cache: Path | None) -> None:
        self.findings = findings
        self.given = given
        self.cache = cache
        self.opening: list[Path] = []
        self.fresh: list[Path] = []

    def open(self, path: Path, name: str, given: list[str] | None = None) -> model.Scenario | None:
        resolved = path.resolve()
        self.opening.append(resolved)
        try:
            return self._open(path, name, self.given if given is None else given)
        finally:
            self.opening.pop()

    def _open(self, path: Path, name: str, given: list[str]) -> model.Scenario | None:
        source, data = loader.read(path, name)
        root = loader.load(source)
        mark = self._mark(data, given)
        known_valid = mark is not None and mark.exists()
        if not known_valid:
            from runner.scenario.schema import validate

            before = len(self.findings.errors)
            validate(source, root, self.findings)
            if len(self.findings.errors) > before:
                return None
        assert isinstance(root, nodes.Mapping)
        found = len(self.findings.all)
        scenario = Builder(source, self.findings, self._include).scenario(path, root)
        if not known_valid:
            self._check(scenario, given)
        if mark is not None and len(self.findings.all) == found and not known_valid:
            self.fresh.append(mark)
        return scenario

    def _check(self, scenario: model.Scenario, given: list[str]) -> None:
        from runner.scenario.bodies import check_bodies
        from runner.scenario.check import check

        if not self.findings.errors:
            check(scenario, given, self.findings)
            check_bodies(scenario, self.findings)

    def _include(self, target: nodes.Scalar, source: nodes.Source, given: list[str]) -> model.Scenario | None:
        """The scenario that an ``include`` names, relative to the file that includes it."""
        path = self.opening[-1].parent / target.text
        name = str(Path(source.name).parent / target.text)
        if path.resolve() in self.opening:
            chain = " → ".join(one.name for one in (*self.opening, path))
            message = f"scenarios include each other in a circle: {chain}"
            self.findings.error("include-cycle", message, source, target)
            return None
        try:
            return self.open(path, name, given)
        except InvalidScenario as error:
            first = error.diagnostics[0]
            if first.place is None:
                self.findings.error(first.code, first.message, source, target, hint=first.hint)
            else:
                self.findings.take_over(error)
            return None

    def _mark(self, data: bytes, given: list[str]) -> Path | None:
        """The empty file whose presence says that just this text, with these variables, was found valid."""
        if self.cache is None or b"include" in data:
            return None
        digest = hashlib.sha256(data)
        digest.update("\0".join((__version__, _facts_stamp(), *given)).encode())
        return self.cache / digest.hexdigest()

    def remember(self) -> None:
        for mark in self.fresh:
            try:
                mark.parent.mkdir(parents=True, exist_ok=True)
                mark.touch()
            except OSError:
                return


def _facts_stamp() -> str:
    """Changes when the schema or the code that checks a scenario does."""
    from runner.resources import schema_path

    parts = [schema_path("scenario.schema.json"), *sorted(Path(__file__).parent.glob("*.py"))]
    return ",".join(f"{path.name}:{_stamp(path)}" for path in parts)


def _stamp(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return "-"
    return f"{stat.st_size}.{stat.st_mtime_ns}"


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """Where valid files are remembered: ``$XDG_CACHE_HOME/engine-recipes`` or ``~/.cache/engine-recipes``."""
    base = environment.get("XDG_CACHE_HOME")
    if base and Path(base).is_absolute():
        return Path(base) / "engine-recipes"
    home = environment.get("HOME")
    return Path(home) / ".cache" / "engine-recipes" if home else None
