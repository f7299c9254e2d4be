"""Makes the scenarios of a matrix: one for each combination of values."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from runner.scenario import model
from runner.scenario.expressions.functions.texts import as_text
from runner.scenario.expressions.values import Constant

MAX_COMBINATIONS: Final = 1000
"""The most scenarios of one matrix."""
MAX_SHOWN: Final = 60
"""Characters of a value in a title."""


def combinations(matrix: Mapping[str, tuple[Any, ...]]) -> int:
    """Return how many combinations a matrix has."""
    return math.prod(map(len, matrix.values()))


def expanded(scenario: model.Scenario, fixed: Mapping[str, Any]) -> tuple[model.Scenario, ...]:
    """Return the scenario once for each combination of its matrix, in the order of the file; ``fixed`` are values from
    outside, which take the place of all values of that name."""
    if not scenario.matrix:
        return (scenario,)
    columns = [(fixed[name],) if name in fixed else values for name, values in scenario.matrix.items()]
    return tuple(_row(scenario, dict(zip(scenario.matrix, row, strict=True))) for row in itertools.product(*columns))


def _row(scenario: model.Scenario, row: Mapping[str, Any]) -> model.Scenario:
    shown = [f"{name}={_shown(value)}" for name, value in row.items()]
    values = {name: Constant(value) for name, value in row.items()}
    return scenario._replace(
        title=f"{scenario.title} [{', '.join(shown)}]",
        row="-".join(filter(None, (re.sub(r"[^\w.]+", "-", part).strip("-.") for part in shown))),
        vars={**scenario.vars, **values},
        matrix={},
    )


def _shown(value: Any) -> str:
    text = " ".join(as_text(value).split())
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
