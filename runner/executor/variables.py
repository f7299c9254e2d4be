"""The variables that a scenario begins with: its own, then what comes from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.errors import StepError, UsageError
from runner.scenario.expressions.expression import Constant
from runner.scenario.yaml.scalars import resolve

if TYPE_CHECKING:
    from runner.executor.context import Frame
    from runner.scenario.model import Scenario


def initial_variables(
    scenario: Scenario, frame: Frame, values: Mapping[str, Any], secrets: Mapping[str, str]
) -> dict[str, Any]:
    """The secrets, and the file's ``vars`` in order, each replaced by the value from outside if there is one.

    Raises:
        UsageError: a secret has no value.
        StepError: a variable's template can't be rendered.
    """
    found: dict[str, Any] = {name: coerced(value, None) for name, value in values.items()}
    for name in scenario.secrets:
        if name not in secrets:
            hint = f"give it with --secret {name}=… or in RUN_SECRET_{name.upper()}"
            raise UsageError("missing-secret", f"{scenario.file} needs the secret '{name}'", hint=hint)
        found[name] = secrets[name]
    for name, value in scenario.vars.items():
        if name in values:
            default = value.value if isinstance(value, Constant) else None
            found[name] = coerced(values[name], default)
        else:
            frame.variables = found
            found[name] = value.render(frame.scope())
    return found


def included_variables(
    scenario: Scenario, given: Mapping[str, Any], frame: Frame, secrets: Mapping[str, str]
) -> dict[str, Any]:
    """The same for an included scenario: only what the including step gives comes from outside."""
    try:
        return initial_variables(scenario, frame, given, secrets)
    except UsageError as error:
        raise StepError(error.code, error.message, hint=error.hint) from None


def coerced(value: Any, default: Any) -> Any:
    """Text from a flag or the environment, in the type of the variable's default: ``--var times=5`` is a number
    where the file says ``times: 3``, and stays text where it says ``times: "3"``."""
    if not isinstance(value, Text):
        return value
    if isinstance(default, str):
        return str(value)
    if isinstance(default, (list, dict)):
        return _parsed(str(value), default)
    return plainly(str(value))


class Text(str):
    """A value that came as text, from a flag or the environment, and whose type is not known yet."""

    __slots__ = ()


class FromEnvironment(Text):
    """One that came from the environment, where more may stand than a scenario ever asked for."""

    __slots__ = ()


def plainly(text: str) -> Any:
    """A number, boolean or null if the text is how that is written, else the text: ``1.10`` stays a version."""
    value = resolve(text) if text else text
    if value is None or isinstance(value, bool):
        return value
    return value if str(value) == text else text


def _parsed(text: str, default: Any) -> Any:
    from runner.errors import InvalidScenario
    from runner.scenario.yaml.loader import load
    from runner.scenario.yaml.nodes import Source, plain

    try:
        value = plain(load(Source.of("--var", text)))
    except InvalidScenario:
        return text
    return value if isinstance(value, type(default)) else text
