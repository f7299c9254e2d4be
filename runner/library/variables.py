"""Checks variables from outside against the scenarios that they are for: their names and their types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runner.errors import UsageError
from runner.executor.untyped import FromEnvironment
from runner.executor.variables import coerced, example_of
from runner.nearest import did_you_mean
from runner.scenario.names import RESERVED_NAMES
from runner.text import shown

if TYPE_CHECKING:
    from runner.scenario.model import Scenario


def check_variables(values: Mapping[str, Any], scenarios: Sequence[Scenario]) -> None:
    """Check the names and the types of variables from outside.

    Raises:
        UsageError: ``undeclared-variable``, ``bad-variable``.
    """
    check_declared(values, scenarios)
    check_types(values, scenarios)


def check_declared(values: Mapping[str, Any], scenarios: Iterable[Scenario]) -> None:
    """Check that some scenario declares or uses each variable that a caller sets; those of the environment need not be
    for these scenarios.

    Raises:
        UsageError: ``undeclared-variable``.
    """
    explicit = [name for name, value in values.items() if not isinstance(value, FromEnvironment)]
    if not explicit:
        return
    declared = {name for scenario in scenarios for name in _variables_of(scenario)}
    for name in explicit:
        if name not in declared:
            known = f"the variables are {', '.join(sorted(declared))}" if declared else "there are no variables"
            hint = did_you_mean(name, declared) or known
            raise UsageError("undeclared-variable", f"no scenario has the variable '{name}'", hint=hint)


def _variables_of(scenario: Scenario) -> set[str]:
    """Return the variables that a scenario declares, and the names that it uses without setting them."""
    expressions = [
        *(expression for step in scenario.walk() for expression in step.expressions),
        *(expression for value in scenario.vars.values() for expression in value.expressions),
        *scenario.outputs.values(),
    ]
    used = {reference.name for expression in expressions for reference in expression.references}
    set_by_steps = {name for step in scenario.walk() for name in step.sets}
    return {*scenario.vars, *(used - set_by_steps - RESERVED_NAMES - set(scenario.secrets))}


def check_types(values: Mapping[str, Any], scenarios: Iterable[Scenario]) -> None:
    """Check that each value from outside has the type of the variable's first value.

    Raises:
        UsageError: ``bad-variable``.
    """
    for scenario in scenarios:
        for name, first in scenario.vars.items():
            example = example_of(first)
            if name not in values or example is None:
                continue
            value, wanted = coerced(values[name], example), _type_name(example)
            if _type_name(value) != wanted:
                message = f"the variable '{name}' of {scenario.file} is {wanted}; {shown(value)} is {_type_name(value)}"
                hint = "write it as YAML: [a, b] or {a: b}" if wanted in ("a list", "a mapping") else None
                hint = "put it in quotes in the file of variables" if wanted == "a text" else hint
                raise UsageError("bad-variable", message, hint=hint)


def _type_name(value: Any) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a mapping"
    return "null"
