"""Opens the scenarios that a verb was given and shows what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.errors import UsageError
from runner.library.access import FileAccess
from runner.library.scenarios import Checked, ScenarioFile, check_files, every_row, find_scenarios, open_files
from runner.scenario.yaml.read import MAX_BYTES
from runner.valid_texts import cache_folder

if TYPE_CHECKING:
    from runner.scenario.model import Scenario


def named_files(console: Console, names: Sequence[str], *, quiet: bool = False) -> tuple[ScenarioFile, ...]:
    """Return the scenario files that the arguments name, and show which files of a folder were passed over.

    Raises:
        UsageError: no name, no such file, or a folder without scenarios.
    """
    if not names:
        hint = "for example: run scenarios/run-a-container.yaml"
        raise UsageError("wrong-use", "which scenario? Name a file or a folder", hint=hint)
    found = find_scenarios(names, lambda: console.read(MAX_BYTES + 1))
    for warning in () if quiet else found.warnings:
        diagnostics.show_diagnostic(console, warning)
    return found.files


def open_scenarios(
    console: Console,
    files: Sequence[ScenarioFile],
    variables: Mapping[str, Any],
    access: FileAccess,
    *,
    strict: bool = False,
    quiet: bool = False,
    api_version: str | None = None,
) -> tuple[tuple[Scenario, ...], int]:
    """Open every file and show what is wrong with any; return the scenarios, a matrix as one for each row,
    and how many files are invalid.

    ``strict`` counts warnings as errors; ``quiet`` hides them otherwise. What ``api_version`` lacks is an error.
    """
    cache = cache_folder(console.environment)
    checked = open_files(files, variables, cache=cache, api_version=api_version, access=access)
    invalid = _show(console, checked, strict=strict, quiet=quiet)
    scenarios = [result.scenario for result in checked if result.scenario is not None]
    return every_row(scenarios, variables), invalid


def check_scenarios(
    console: Console,
    files: Sequence[ScenarioFile],
    variables: Mapping[str, Any],
    access: FileAccess,
    *,
    strict: bool = False,
    api_version: str | None = None,
) -> int:
    """Check every file, show what is wrong with any and return how many are invalid; see :func:`open_scenarios`.

    Raises:
        UsageError: ``undeclared-variable``, ``bad-variable``.
    """
    if variables:
        from runner.library.variables import check_variables

        scenarios, invalid = open_scenarios(console, files, variables, access, strict=strict, api_version=api_version)
        if not invalid:
            check_variables(variables, scenarios)
        return invalid
    cache = cache_folder(console.environment)
    checked = check_files(files, variables, cache=cache, api_version=api_version, access=access)
    return _show(console, checked, strict=strict)


def _show(console: Console, checked: Iterable[Checked], *, strict: bool, quiet: bool = False) -> int:
    invalid = 0
    for result in checked:
        for diagnostic in result.diagnostics:
            if diagnostic.severity == "error" or strict or not quiet:
                diagnostics.show_diagnostic(console, diagnostic)
        invalid += bool(result.errors or (strict and result.warnings))
    return invalid
