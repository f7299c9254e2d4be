"""Reads variables and secrets from outside a scenario: the environment, files of variables, the caller."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.errors import Diagnostic, InvalidScenario, UsageError
from runner.executor.untyped import FromEnvironment, UntypedText
from runner.masking import SHORTEST, SHOWN
from runner.scenario.names import RESERVED_NAMES

if TYPE_CHECKING:
    from runner.scenario.model import Scenario

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
"""The names that a variable or a secret can have."""


def environment_variables(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the variables of ``RUN_VAR_<NAME>``. A name in capitals sets the same name in lower case too, as names of
    the environment are usually written in capitals."""
    values: dict[str, Any] = {}
    for variable, text in environment.items():
        name = variable.removeprefix("RUN_VAR_")
        if name != variable and NAME.match(name):
            values.setdefault(name.lower(), FromEnvironment(text))
            values[name] = FromEnvironment(text)
    return values


def environment_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets of ``RUN_SECRET_<NAME>``, by the same rule."""
    secrets: dict[str, str] = {}
    for variable, text in environment.items():
        name = variable.removeprefix("RUN_SECRET_")
        if name != variable:
            secrets.setdefault(name.lower(), text)
            secrets[name] = text
    return secrets


def read_secrets(file: str) -> dict[str, str]:
    """Read a file of secrets: a YAML mapping of names to texts, or lines ``NAME=VALUE`` (see :func:`is_dotenv`).

    Raises:
        UsageError: ``bad-vars-file``; nothing of the file's text is shown.
    """
    try:
        values = read_variables(file)
    except UsageError as error:
        place = error.place._replace(text="") if error.place is not None else None
        message = error.message if error.place is None else "not a file of secrets"
        hint = "it is a YAML mapping of names to texts; in a file whose name ends in .env, lines NAME=VALUE"
        raise UsageError("bad-vars-file", message, hint=hint, place=place) from None
    for name, value in values.items():
        if isinstance(value, (list, dict, bool)) or value is None:
            raise UsageError("bad-vars-file", f"{file}: the secret '{name}' is not a text", hint="put it in quotes")
    return {name: str(value) for name, value in values.items()}


def is_dotenv(file: str) -> bool:
    """Return whether a file holds lines ``NAME=VALUE``: its name is ``.env``, begins with ``.env.`` or ends in
    ``.env``."""
    name = Path(file).name
    return name.startswith(".env.") or name.endswith(".env")


def read_variables(file: str) -> dict[str, Any]:
    """Read a file of variables: a YAML mapping of names to values, or lines ``NAME=VALUE`` (see :func:`is_dotenv`).

    Raises:
        UsageError: ``bad-vars-file``.
    """
    from runner.scenario.yaml import loader, nodes
    from runner.scenario.yaml.read import read

    try:
        source = read(Path(file), file)
        if is_dotenv(file):
            from runner.scenario.data.dotenv import parse

            return {name: UntypedText(text) for name, text in parse(source).items()}
        root = loader.load(source)
    except InvalidScenario as error:
        raise UsageError("bad-vars-file", error.message, hint=error.hint, place=error.place) from None
    if not isinstance(root, nodes.Mapping):
        raise UsageError("bad-vars-file", f"{file}: a mapping of names to values is expected", place=source.place(1, 1))
    values = nodes.plain(root)
    for key in values:
        if not NAME.match(key):
            place = nodes.place_of(root.key(key) or root)
            raise UsageError("bad-vars-file", f"'{key}' can't be a variable's name", place=place)
    return dict(values)


def check_names(names: Iterable[str]) -> None:
    """Check the names of variables.

    Raises:
        UsageError: ``reserved-name``.
    """
    for name in names:
        if name in RESERVED_NAMES:
            raise UsageError("reserved-name", f"'{name}' can't be a variable: the name is reserved in expressions")


def checked_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the values, with every mapping as a dictionary and every sequence as a list.

    Raises:
        TypeError: a value that JSON can't hold.
    """
    return {name: _plain(value, name) for name, value in values.items()}


def _plain(value: Any, name: str) -> Any:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {_key(key, name): _plain(inner, f"{name}.{key}") for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, f"{name}[{index}]") for index, inner in enumerate(value)]
    raise TypeError(f"{name} is a {type(value).__name__}; a variable holds what JSON can hold")


def _key(key: object, name: str) -> str:
    if isinstance(key, str):
        return key
    raise TypeError(f"{name} has the key {key!r}; the keys of a mapping are texts")


def short_secrets(secrets: Mapping[str, str], scenarios: Iterable[Scenario]) -> tuple[Diagnostic, ...]:
    """Return a warning for each secret that is too short to be masked everywhere."""
    from runner.library.scenarios import secret_names

    names = sorted({name for scenario in scenarios for name in secret_names(scenario)})
    return tuple(
        Diagnostic(
            "short-secret",
            f"the secret '{name}' is masked only where a value is exactly it, or where it is a word by itself",
            hint=f"a secret of {SHORTEST} characters or more is masked wherever it appears",
            severity="warning",
        )
        for name in names
        if 0 < len(secrets[name]) < SHORTEST and secrets[name] != SHOWN
    )


def complete_secrets(secrets: Mapping[str, str], scenarios: Iterable[Scenario], *, replay: bool) -> dict[str, str]:
    """Return the secrets with those that a replay does not need filled in, as they are shown: ``***``.

    Raises:
        UsageError: ``missing-secret``, in a run that is not a replay.
    """
    from runner.library.scenarios import secret_names

    complete = dict(secrets)
    for scenario in scenarios:
        for name in secret_names(scenario):
            if name in complete:
                continue
            if not replay:
                hint = f"give it with --secret {name}=… or in the environment as RUN_SECRET_{name.upper()}"
                raise UsageError("missing-secret", f"{scenario.file} needs the secret '{name}'", hint=hint)
            complete[name] = SHOWN
    return complete
