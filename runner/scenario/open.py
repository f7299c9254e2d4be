"""Opens scenario files: reads, parses, validates, builds and checks them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from runner.errors import Diagnostic, InvalidScenario, StepError
from runner.nearest import did_you_mean
from runner.reading import ReadPolicy
from runner.scenario import model
from runner.scenario.builder import Builder
from runner.scenario.cache import accepted_text, valid_scenario
from runner.scenario.findings import Findings
from runner.scenario.yaml import nodes
from runner.scenario.yaml.read import decoded, read
from runner.valid_texts import ValidText, digest

MAX_INCLUDES = 16
"""How deep scenarios may include each other."""


class Opened(NamedTuple):
    """A valid scenario and its warnings."""

    scenario: model.Scenario
    warnings: tuple[Diagnostic, ...]


def open_scenario(
    path: Path,
    name: str,
    names: Iterable[str],
    *,
    cache: Path | None = None,
    policy: ReadPolicy | None = None,
    text: bytes | None = None,
) -> Opened:
    """Open one file, which messages call ``name``. ``names`` are the variables that are set from outside; ``cache`` is
    a folder that remembers which texts are valid; ``policy`` limits which files may be included (a live run has none);
    ``text`` is what the file would hold, where there is none (standard input).

    Raises:
        InvalidScenario: with every error.
    """
    variables = sorted(names)
    file = read(path, name) if text is None else decoded(text, name)
    remembered = valid_scenario(cache, file.text, variables) if cache else None
    included = remembered.recall() if remembered else None
    if included is not None:
        with contextlib.suppress(_ChangedError, InvalidScenario):  # whatever it is, an opening in full reports it
            return Opened(_Opener(path, policy, included).scenario(path, file, variables), ())
    opener = _Opener(path, policy, cache=cache)
    scenario = opener.scenario(path, file, variables)
    warnings = opener.findings.warnings
    if remembered and not warnings:
        remembered.remember(opener.included)
    for accepted in opener.validated if warnings else ():
        accepted.remember()
    return Opened(scenario, warnings)


class _ChangedError(Exception):
    """An included text differs from the one with which a scenario was valid."""


class _Opener:
    """Opens a file and its includes, each file once for each set of variables that it is given.

    ``trusted`` are the digests of the included texts with which the scenario is known to be valid: then nothing is
    validated or checked. Else ``cache`` knows texts that the schema accepts; ``validated`` are those that it accepted
    now.
    """

    def __init__(
        self,
        path: Path,
        policy: ReadPolicy | None,
        trusted: tuple[str, ...] | None = None,
        *,
        cache: Path | None = None,
    ) -> None:
        self.findings = Findings()
        self._folder = path.parent.resolve()
        self._policy = policy
        self.included: list[str] = []
        self._trusted = trusted
        self._cache = cache
        self.validated: list[ValidText] = []
        self._opening: list[Path] = []
        self._opened: dict[tuple[Path, tuple[str, ...]], model.Scenario | None] = {}

    def scenario(self, path: Path, file: nodes.SourceFile, names: list[str]) -> model.Scenario:
        """Open the first file.

        Raises:
            InvalidScenario: with every error.
            _ChangedError: an included text is not one of the trusted ones.
        """
        scenario = self._open(path, file, names)
        self.findings.raise_errors()
        assert scenario is not None
        if self._trusted is not None and len(self.included) != len(self._trusted):
            raise _ChangedError
        return scenario

    def _open(self, path: Path, file: nodes.SourceFile, names: list[str]) -> model.Scenario | None:
        """Return the scenario; None, with findings, if it is invalid."""
        from runner.scenario.yaml.loader import load

        self._opening.append(path.resolve())
        try:
            root = load(file)
            if self._trusted is None and not self._is_valid(file.text, root):
                return None
            assert isinstance(root, nodes.Mapping)
            builder = Builder(self.findings, self._include, self._rows, trusted=self._trusted is not None)
            scenario = builder.scenario(path, root)
            if self._trusted is None and not self.findings.errors:
                self._check(scenario, names)
            return scenario
        finally:
            self._opening.pop()

    def _is_valid(self, text: str, root: nodes.Node) -> bool:
        remembered = accepted_text(self._cache, text) if self._cache else None
        if remembered is not None and remembered.recall() is not None:
            return True
        from runner.scenario.schema.validate import validate

        before = len(self.findings.errors)
        validate(root, self.findings)
        is_valid = len(self.findings.errors) == before
        if remembered is not None and is_valid:
            self.validated.append(remembered)
        return is_valid

    def _check(self, scenario: model.Scenario, names: list[str]) -> None:
        from runner.scenario.checks.body_fields import check_bodies
        from runner.scenario.checks.checker import check
        from runner.scenario.checks.conditions import check_conditions
        from runner.scenario.checks.placeholders import check_placeholders

        check(scenario, names, self.findings)
        check_bodies(scenario, self.findings)
        check_conditions(scenario, self.findings)
        check_placeholders(scenario, names, self.findings)

    def _rows(self, target: nodes.Scalar) -> list[Any] | None:
        """Read a file of rows, relative to the file that names it; None, with a finding, if it is invalid."""
        from runner.scenario.data.rows import SUFFIXES, read_rows

        path = self._opening[-1].parent / target.text
        if path.suffix.lower() not in SUFFIXES:
            is_template = "{{" in target.text
            hint = "the file's name can't be a template: it is read before anything runs" if is_template else None
            message = f"a file of rows ends in {', '.join(SUFFIXES[:-1])}"
            self.findings.error("wrong-value", message, target, hint)
            return None
        resolved = self._allowed(path, target)
        if resolved is None:
            return None
        try:
            rows = read_rows(resolved, str(Path(target.span.file.name).parent / target.text))
        except InvalidScenario as error:
            first = error.diagnostics[0]
            if first.place is None or not resolved.is_relative_to(self._folder):
                is_missing = first.code == "no-such-file"
                hint = first.hint or (_file_hint(path, target.text, self._folder) if is_missing else None)
                self.findings.error(first.code, first.message, target, hint)
            else:
                self.findings.extend(error)
            return None
        self._note_included(rows.text)
        return rows.rows

    def _allowed(self, path: Path, target: nodes.Scalar) -> Path | None:
        """Return a file's path with symlinks resolved; None, with a finding, if it may not be read."""
        try:
            return path.resolve() if self._policy is None else self._policy.check(path)
        except StepError as error:
            message = error.message.replace(str(path), target.text)
            self.findings.error("outside-folder", message, target, error.hint)
        except (OSError, RuntimeError, ValueError):  # a circle of symlinks is a RuntimeError, a NUL a ValueError
            self.findings.error("no-such-file", f"{target.text!r} can't be a file's path", target)
        return None

    def _include(self, target: nodes.Scalar, names: list[str]) -> model.Scenario | None:
        """Open the scenario that an ``include`` names, relative to the file that includes it."""
        path = self._opening[-1].parent / target.text
        resolved = self._allowed(path, target)
        if resolved is None:
            return None
        if resolved in self._opening:
            chain = " → ".join(step.name for step in (*self._opening, path))
            message = f"scenarios include each other in a circle: {chain}"
            self.findings.error("include-cycle", message, target, "remove one of the includes")
            return None
        if len(self._opening) > MAX_INCLUDES:
            self.findings.error("too-deep", f"more than {MAX_INCLUDES} scenarios include one another", target)
            return None
        key = (resolved, tuple(sorted(names)))
        if key not in self._opened:
            is_inside = resolved.is_relative_to(self._folder)
            open_included = self._open_included if is_inside else self._open_outside
            self._opened[key] = open_included(path, target, names)
        return self._opened[key]

    def _open_outside(self, path: Path, target: nodes.Scalar, names: list[str]) -> model.Scenario | None:
        """Open a file outside the first one's folder. Nothing of its text is shown: it may be any file of the host."""
        findings, self.findings = self.findings, Findings()
        try:
            scenario = self._open_included(path, target, names)
            failed = self.findings.errors
        finally:
            self.findings = findings
        if failed and all(error.place is not None and error.place.file == target.span.file.name for error in failed):
            for error in failed:  # about the include itself: there is no such file
                self.findings.add(error)
        elif failed:
            hint = f"its text is outside this scenario's folder and not shown here: run check {target.text}"
            self.findings.error("invalid-include", f"{target.text} is not a valid scenario", target, hint)
        return scenario

    def _open_included(self, path: Path, target: nodes.Scalar, names: list[str]) -> model.Scenario | None:
        try:
            file = read(path, str(Path(target.span.file.name).parent / target.text))
            self._note_included(file.text)
            return self._open(path, file, names)
        except InvalidScenario as error:
            first = error.diagnostics[0]
            if first.place is None:
                hint = first.hint or _file_hint(path, target.text, self._folder)
                self.findings.error(first.code, first.message, target, hint)
            else:
                self.findings.extend(error)
            return None

    def _note_included(self, text: str) -> None:
        self.included.append(digest(text))
        if self._trusted is not None and self._trusted[: len(self.included)] != tuple(self.included):
            raise _ChangedError


def _file_hint(path: Path, text: str, folder: Path) -> str:
    if "{{" in text:
        return "an included file's name can't be a template: it is read before anything runs"
    siblings: list[str] = []
    if path.resolve().is_relative_to(folder) and path.parent.is_dir():
        siblings = [sibling.name for sibling in path.parent.iterdir()]
    return did_you_mean(path.name, siblings) or "the path is relative to the file that includes it"
