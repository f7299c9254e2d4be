"""Sets the variables that a scenario begins with: its own, and those from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, assert_never

from runner.errors import StepError, UsageError
from runner.executor.untyped import UntypedText
from runner.nearest import did_you_mean
from runner.scenario.expressions.values import Constant, Entries, Items, Template, Value, Whole
from runner.scenario.yaml.scalars import resolve
from runner.text import shown

if TYPE_CHECKING:
    from runner.executor.context import VariableScope
    from runner.scenario.model import Include


def set_initial_variables(scope: VariableScope, values: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    """Set a scenario's secrets and its ``vars`` in order, each of which a value from outside replaces.

    Raises:
        UsageError: ``missing-secret``.
        StepError: a variable's template can't be rendered.
    """
    scenario = scope.scenario
    scope.set({name: coerced(value, None) for name, value in values.items()})
    for name in scenario.secrets:
        if name not in secrets:
            hint = f"set it with --secret {name}=… or in RUN_SECRET_{name.upper()}"
            raise UsageError("missing-secret", f"{scenario.file} needs the secret '{name}'", hint=hint)
        scope.set({name: secrets[name]})
    for name, value in scenario.vars.items():
        if name in values:
            scope.set({name: coerced(values[name], example_of(value))})
        else:
            scope.set({name: value.render(scope.names())})


def set_included_variables(scope: VariableScope, values: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    """Do the same for an included scenario, for which only the including step's values come from outside."""
    try:
        set_initial_variables(scope, values, secrets)
    except UsageError as error:
        raise StepError(error.code, error.message, hint=error.hint) from None


def given_variables(kind: Include, values: Any) -> dict[str, Any]:
    """Return the variables that a template gives an included scenario.

    Raises:
        StepError: ``wrong-type``: it is not a mapping; ``undeclared-variable``.
    """
    if not isinstance(values, Mapping):
        raise StepError("wrong-type", f"include.vars must be a mapping, not {shown(values, 60)}")
    for name in values:
        if name not in kind.scenario.vars:
            hint = did_you_mean(name, kind.scenario.vars)
            raise StepError("unknown-variable", f"{kind.scenario.path.name} has no variable '{name}'", hint=hint)
    return dict(values)


def example_of(value: Value) -> Any:
    """Return a value of the type that a variable's first value has; None if only rendering it tells."""
    match value:
        case Constant(constant):
            return constant
        case Template():
            return ""
        case Items():
            return []
        case Entries():
            return {}
        case Whole():
            return None
    assert_never(value)


def coerced(value: Any, default: Any) -> Any:
    """Convert an untyped text to the type of the variable's default: ``--var times=5`` is a number where the file has
    ``times: 3``, and a text where it has ``times: "3"``."""
    if not isinstance(value, UntypedText):
        return value
    if isinstance(default, str):
        return str(value)
    if isinstance(default, (list, dict)):
        return _parsed(str(value), default)
    return as_number(str(value)) if _is_number(default) else as_scalar(str(value))


def as_scalar(text: str) -> Any:
    """Return the number, boolean or null whose canonical spelling the text is, else the text: ``1.10`` stays one."""
    value = resolve(text) if text else text
    if value is None or isinstance(value, bool):
        return value
    return value if repr(value) == text else text


def as_number(text: str) -> Any:
    """Return the number that the text is, with its spelling; any other text as :func:`as_scalar` does."""
    value = resolve(text.strip())
    return value if _is_number(value) else as_scalar(text)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _parsed(text: str, default: Any) -> Any:
    from runner.errors import InvalidScenario
    from runner.scenario.yaml.loader import load
    from runner.scenario.yaml.nodes import SourceFile, plain

    try:
        value = plain(load(SourceFile.of("--var", text)))
    except InvalidScenario:
        return text
    return value if isinstance(value, type(default)) else text
