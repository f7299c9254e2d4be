"""Opens the scenarios that a verb was given and shows what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.errors import UsageError
from runner.library.scenarios import Checked, ScenarioFile, check_files, open_files, scenario_files
from runner.valid_texts import cache_folder

if TYPE_CHECKING:
    from runner.scenario.model import Scenario


def named_files(names: Sequence[str]) -> list[ScenarioFile]:
    """Return the scenario files that the arguments name.

    Raises:
        UsageError: no name, no such file, or a folder without scenarios.
    """
    if not names:
        hint = "for example: run scenarios/run-a-container.yaml"
        raise UsageError("wrong-use", "which scenario? Name a file or a folder", hint=hint)
    return scenario_files(names)


def open_scenarios(
    console: Console,
    files: Sequence[ScenarioFile],
    variables: Iterable[str],
    *,
    strict: bool = False,
    quiet: bool = False,
    api_version: str | None = None,
) -> tuple[tuple[Scenario, ...], int]:
    """Open every file and show what is wrong with any; return the scenarios, and how many files are invalid.

    ``strict`` counts warnings as errors; ``quiet`` hides them otherwise. What ``api_version`` lacks is an error.
    """
    checked = open_files(files, variables, cache=cache_folder(console.environment), api_version=api_version)
    invalid = _show(console, checked, strict=strict, quiet=quiet)
    return tuple(result.scenario for result in checked if result.scenario is not None), invalid


def check_scenarios(
    console: Console,
    files: Sequence[ScenarioFile],
    variables: Iterable[str],
    *,
    strict: bool = False,
    api_version: str | None = None,
) -> int:
    """Check every file, show what is wrong with any and return how many are invalid; see :func:`open_scenarios`."""
    checked = check_files(files, variables, cache=cache_folder(console.environment), api_version=api_version)
    return _show(console, checked, strict=strict)


def _show(console: Console, checked: Iterable[Checked], *, strict: bool, quiet: bool = False) -> int:
    invalid = 0
    for result in checked:
        for diagnostic in result.diagnostics:
            if diagnostic.severity == "error" or strict or not quiet:
                diagnostics.show_diagnostic(console, diagnostic)
        invalid += bool(result.errors or (strict and result.warnings))
    return invalid
