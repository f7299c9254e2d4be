"""From the command's arguments to opened scenarios: all are checked before anything is sent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from runner.cli.output import diagnostics
from runner.errors import Diagnostic, InvalidScenario, UsageError
from runner.scenario.cache import cache_folder
from runner.scenario.model import Scenario
from runner.scenario.open import open_scenario

_HAS_STEPS = re.compile(rb"""^["']?steps["']?[ \t]*:|[{,][ \t]*["']?steps["']?[ \t]*:""", re.MULTILINE)


def scenario_files(arguments: list[str]) -> list[tuple[Path, str]]:
    """The files that the arguments name, each with the name to show; a folder means the scenarios below it.

    Raises:
        UsageError: nothing of that name, or a folder without scenarios.
    """
    if not arguments:
        hint = "for example: run scenarios/run-a-container.yaml"
        raise UsageError("wrong-use", "which scenario? Name a file or a folder", hint=hint)
    found: list[tuple[Path, str]] = []
    for word in arguments:
        path = Path(word)
        if path.is_dir():
            inside = sorted(_below(path))
            if not inside:
                hint = "a scenario is a .yaml file with 'steps'"
                raise UsageError("no-scenarios", f"{word}: no scenarios in this folder", hint=hint)
            found += [(one, str(one)) for one in inside]
        elif path.exists():
            found.append((path, word))
        else:
            raise UsageError("no-such-file", f"{word}: there is no such file", hint=_similar(path))
    return found


def has_scenarios(folder: Path) -> bool:
    return any(_below(folder))


def _below(folder: Path) -> Iterable[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(root) / name
            if name.endswith(".yaml") and _looks_like_scenario(path):
                yield path


def _looks_like_scenario(path: Path) -> bool:
    try:
        return _HAS_STEPS.search(path.read_bytes()) is not None
    except OSError:
        return True  # opening it will say what is wrong


def _similar(path: Path) -> str | None:
    from runner.nearest import did_you_mean

    folder = path.parent if path.parent.is_dir() else None
    return did_you_mean(path.name, [one.name for one in folder.iterdir()]) if folder else None


def open_all(
    files: list[tuple[Path, str]],
    given: Iterable[str],
    environment: Mapping[str, str],
    *,
    strict: bool = False,
    quiet: bool = False,
    api_version: str | None = None,
) -> tuple[tuple[Scenario, ...], int]:
    """Open every file; show everything that is wrong with any, ``quiet`` without warnings unless they are ``strict``
    errors. What ``api_version`` lacks of what they use is wrong with them too. Returns the scenarios, and how many are
    invalid."""
    scenarios: list[Scenario] = []
    invalid = 0
    for path, name in files:
        try:
            opened = open_scenario(path, name, given, cache=cache_folder(environment))
        except InvalidScenario as error:
            invalid += 1
            _show(error.diagnostics)
            continue
        if strict or not quiet:
            _show(opened.warnings)
        lacks = _lacks(opened.scenario, api_version)
        _show(lacks)
        if lacks or (strict and opened.warnings):
            invalid += 1
        scenarios.append(opened.scenario)
    return tuple(scenarios), invalid


def _lacks(scenario: Scenario, api_version: str | None) -> tuple[Diagnostic, ...]:
    if api_version is None:
        return ()
    from runner.scenario.checks.api_versions import lacking

    return lacking(scenario, api_version)


def _show(found: tuple[Diagnostic, ...]) -> None:
    for diagnostic in found:
        diagnostics.show_diagnostic(diagnostic)
