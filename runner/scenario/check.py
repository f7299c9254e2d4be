"""Checks a scenario file; a text that is known to be valid is not even parsed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runner.errors import Diagnostic
from runner.reading import ReadPolicy
from runner.scenario.cache import valid_scenario
from runner.scenario.yaml.read import read


def check_scenario(
    path: Path, name: str, names: Iterable[str], *, cache: Path | None = None, policy: ReadPolicy | None = None
) -> tuple[Diagnostic, ...]:
    """Return the warnings of a file; the arguments are those of :func:`~runner.scenario.open.open_scenario`.

    Raises:
        InvalidScenario: with every error.
    """
    variables = tuple(names)
    if cache is not None:
        file = read(path, name)
        if valid_scenario(cache, file.text, variables).recall() == ():  # and includes no other file
            return ()
    from runner.scenario.open import open_scenario

    return open_scenario(path, name, variables, cache=cache, policy=policy).warnings
