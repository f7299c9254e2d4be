"""Finds scenario files and opens them; all are checked before anything is sent."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.errors import Diagnostic, InvalidScenario, UsageError
from runner.library.access import LIVE, FileAccess
from runner.reading import read_regular
from runner.scenario.yaml.read import MAX_BYTES

if TYPE_CHECKING:
    from runner.executor.run import Job
    from runner.scenario.model import Scenario

_HAS_STEPS = re.compile(rb"""^["']?steps["']?[ \t]*:|[{,][ \t]*["']?steps["']?[ \t]*:""", re.MULTILINE)
_HAS_TITLE = re.compile(rb"""^["']?title["']?[ \t]*:""", re.MULTILINE)
_OTHER_SUFFIX = re.compile(r"\.ya?ml\Z", re.IGNORECASE)
SUFFIXES = (".yaml", ".scenario.yaml", ".yml")
"""Suffixes that may be left out of a scenario's name, in the order in which they are looked for."""
MAX_NAMED = 10
"""Files of a folder that a warning names, of those that were passed over."""


class ScenarioFile(NamedTuple):
    """A scenario file, and the name that messages call it by. ``text`` is what standard input held: ``path`` is
    then a name in the working folder, where nothing is read."""

    path: Path
    name: str
    text: bytes | None = None


STANDARD_INPUT = "-"


class Found(NamedTuple):
    """The scenario files that were found, and a warning for each folder in which files were passed over."""

    files: tuple[ScenarioFile, ...]
    warnings: tuple[Diagnostic, ...] = ()


class Checked(NamedTuple):
    """The result of opening a file: the scenario, None if it is invalid, and its errors and warnings."""

    file: ScenarioFile
    scenario: Scenario | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors among the diagnostics."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings among the diagnostics."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "warning")


def find_scenarios(names: Iterable[str], read_input: Callable[[], bytes] | None = None) -> Found:
    """Return the named files; a folder means the scenarios below it: its ``.yaml`` files with ``steps`` or a ``title``.
    A name may lack the suffix of its file. ``-`` is what ``read_input`` returns, where the caller has such an input.

    Raises:
        UsageError: ``no-such-file``, or ``no-scenarios`` in a folder.
    """
    files: list[ScenarioFile] = []
    warnings: list[Diagnostic] = []
    for name in names:
        if name == STANDARD_INPUT and read_input is not None:
            files.append(ScenarioFile(Path("stdin"), "<stdin>", read_input()))
            continue
        path = Path(name)
        if path.is_dir():
            inside, passed_over = _below(path)
            if not inside:
                hint = "a scenario is a .yaml file with 'title' and 'steps'"
                details = f": passed over {_listed(passed_over)}" if passed_over else ""
                raise UsageError("no-scenarios", f"{name}: no scenarios in this folder{details}", hint=hint)
            files += [ScenarioFile(file, str(file)) for file in sorted(inside)]
            if passed_over:
                message = f"{name}: passed over {_listed(passed_over)}"
                warnings.append(Diagnostic("passed-over", message, severity="warning"))
        elif path.exists():
            files.append(ScenarioFile(path, name))
        elif (whole := with_suffix(name)) is not None:
            files.append(ScenarioFile(Path(whole), whole))
        else:
            raise UsageError("no-such-file", f"{name}: there is no such file", hint=_similar(path))
    return Found(tuple(files), tuple(warnings))


def with_suffix(name: str) -> str | None:
    """Return the name of the scenario file that a name without its suffix means; None if there is none."""
    return next((name + suffix for suffix in SUFFIXES if Path(name + suffix).is_file()), None)


def has_scenarios(folder: Path) -> bool:
    """Return whether a folder contains a scenario, at any depth."""
    return bool(_below(folder)[0])


def open_files(
    files: Iterable[ScenarioFile],
    variables: Iterable[str],
    *,
    cache: Path | None = None,
    api_version: str | None = None,
    access: FileAccess = LIVE,
) -> tuple[Checked, ...]:
    """Open and check every file. ``variables`` are the names that get a value from outside; what an ``api_version``
    lacks is an error. Files that were valid are remembered in the folder ``cache``; ``access`` limits what they may
    include."""
    names = tuple(variables)
    return tuple(_checked(file, names, cache, api_version, access) for file in files)


def check_files(
    files: Iterable[ScenarioFile],
    variables: Iterable[str],
    *,
    cache: Path | None = None,
    api_version: str | None = None,
    access: FileAccess = LIVE,
) -> tuple[Checked, ...]:
    """Check every file as :func:`open_files` does; the scenario of a valid file may be None, because nothing needs
    it."""
    names = tuple(variables)
    if api_version is not None:
        return open_files(files, names, cache=cache, api_version=api_version, access=access)
    return tuple(Checked(file, None, _diagnostics(file, names, cache, access)) for file in files)


def valid(checked: Iterable[Checked]) -> tuple[Scenario, ...]:
    """Return the scenarios.

    Raises:
        InvalidScenario: with the errors of all files.
    """
    scenarios: list[Scenario] = []
    errors: list[Diagnostic] = []
    for result in checked:
        errors += result.errors
        if result.scenario is not None:
            scenarios.append(result.scenario)
    if errors:
        raise InvalidScenario(tuple(errors))
    return tuple(scenarios)


def every_row(scenarios: Iterable[Scenario], values: Mapping[str, Any]) -> tuple[Scenario, ...]:
    """Return the scenarios, those with a matrix once for each combination; ``values`` from outside take the place of
    the matrix's own."""
    from runner.executor.variables import coerced
    from runner.scenario.data.matrix import expanded

    rows: list[Scenario] = []
    for scenario in scenarios:
        fixed = {name: coerced(values[name], own[0]) for name, own in scenario.matrix.items() if name in values}
        rows += expanded(scenario, fixed)
    return tuple(rows)


def missing_in_versions(jobs: Iterable[Job]) -> tuple[Diagnostic, ...]:
    """Compare what the scenarios use with the API versions of their engines; return warnings about missing body
    fields, which engines ignore.

    Raises:
        InvalidScenario: an operation or a parameter is missing in an engine's API version.
    """
    from runner.scenario.checks.api_versions import lacking

    missing = [
        diagnostic
        for job in jobs
        if job.scenario.requires.engine in (None, job.engine.name)
        for diagnostic in lacking(job.scenario, job.engine.api_version, fields="warning")
    ]
    errors = tuple(diagnostic for diagnostic in missing if diagnostic.severity == "error")
    if errors:
        raise InvalidScenario(errors)
    return tuple(missing)


def secret_names(scenario: Scenario) -> set[str]:
    """Return the names of the secrets of a scenario and of those that it includes."""
    from runner.scenario.model import Include

    included = [step.kind.scenario for step in scenario.walk() if isinstance(step.kind, Include)]
    return {*scenario.secrets, *(name for inner in included for name in secret_names(inner))}


def _checked(
    file: ScenarioFile, variables: Sequence[str], cache: Path | None, api_version: str | None, access: FileAccess
) -> Checked:
    from runner.scenario.open import open_scenario

    try:
        policy = access.policy(file.path)
        opened = open_scenario(file.path, file.name, variables, cache=cache, policy=policy, text=file.text)
    except InvalidScenario as error:
        return Checked(file, None, error.diagnostics)
    missing: tuple[Diagnostic, ...] = ()
    if api_version is not None:
        from runner.scenario.checks.api_versions import lacking

        missing = lacking(opened.scenario, api_version)
    return Checked(file, opened.scenario, (*opened.warnings, *missing))


def _diagnostics(
    file: ScenarioFile, variables: Sequence[str], cache: Path | None, access: FileAccess
) -> tuple[Diagnostic, ...]:
    from runner.scenario.check import check_scenario

    if file.text is not None:
        return _checked(file, variables, cache, None, access).diagnostics
    try:
        return check_scenario(file.path, file.name, variables, cache=cache, policy=access.policy(file.path))
    except InvalidScenario as error:
        return error.diagnostics


def _below(folder: Path) -> tuple[list[Path], dict[Path, str]]:
    """Return the scenarios below a folder, and the other YAML files there with why each is not one."""
    inside: list[Path] = []
    passed_over: dict[Path, str] = {}
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if _OTHER_SUFFIX.search(name):
                path = Path(root) / name
                reason = _why_passed_over(path)
                if reason is None:
                    inside.append(path)
                else:
                    passed_over[path.relative_to(folder)] = reason
    return inside, passed_over


def _why_passed_over(path: Path) -> str | None:
    """Return why a YAML file in a folder is not a scenario; None if it is one, be it an invalid one."""
    try:
        text = read_regular(path, MAX_BYTES)
    except OSError:
        return None if path.suffix == ".yaml" else "unreadable"  # opening the former reports the error
    has_steps = _HAS_STEPS.search(text) is not None
    if path.suffix == ".yaml":
        is_meant = has_steps or _HAS_TITLE.search(text) is not None
        return None if is_meant else "neither 'title' nor 'steps'" if text.strip() else "empty"
    return f"ends in {path.suffix}" if has_steps else "neither .yaml nor 'steps'"


def _listed(passed_over: Mapping[Path, str]) -> str:
    """Name files and why each was passed over, the first :data:`MAX_NAMED` of them."""
    named = [f"{path} ({passed_over[path]})" for path in sorted(passed_over)[:MAX_NAMED]]
    rest = len(passed_over) - len(named)
    return ", ".join([*named, *([f"and {rest} more"] if rest else [])])


def _similar(path: Path) -> str | None:
    from runner.nearest import did_you_mean

    folder = path.parent if path.parent.is_dir() else None
    return did_you_mean(path.name, [file.name for file in folder.iterdir()]) if folder else None
