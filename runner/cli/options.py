"""The options that several verbs share, and what they mean."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from runner.cli.output import diagnostics
from runner.errors import InvalidScenario, UsageError
from runner.executor.variables import FromEnvironment, Text
from runner.masking import SHOWN
from runner.nearest import did_you_mean
from runner.scenario.model import RESERVED_NAMES

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class _Help(argparse.RawDescriptionHelpFormatter):
    """Given its width, argparse does not import shutil for each option that is added."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    try:
        return int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size().columns
    except (ValueError, OSError):
        return 80


class Parser(argparse.ArgumentParser):
    """Reports mistakes as :class:`UsageError`, with the nearest option."""

    def error(self, message: str) -> NoReturn:
        hint = None
        unknown = re.search(r"unrecognized arguments: (\S+)", message)
        if unknown:
            options = [option for action in self._actions for option in action.option_strings]
            hint = did_you_mean(unknown[1].partition("=")[0], options)
        raise UsageError("wrong-use", message, hint=hint or f"{self.prog} --help shows what there is")


def parser(prog: str, description: str, epilog: str, usage: str) -> Parser:
    """A parser in this command's style."""
    return Parser(
        prog=prog,
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=_Help,
        allow_abbrev=False,
    )


def add_engine(to: argparse.ArgumentParser) -> None:
    group = to.add_argument_group("which engine")
    group.add_argument(
        "-H", "--host", metavar="URL", help="unix:///path, tcp://host:port, http(s)://…, ssh://user@host"
    )
    group.add_argument("-c", "--context", metavar="NAME", help="a context of the docker CLI")
    group.add_argument("--tls", action="store_true", help="use TLS, and verify the engine")
    group.add_argument("--tlsverify", action="store_true", help="the same, under its other name")
    group.add_argument("--tlscacert", type=Path, metavar="FILE", help="the authority that vouches for the engine")
    group.add_argument("--tlscert", type=Path, metavar="FILE", help="the certificate to show")
    group.add_argument("--tlskey", type=Path, metavar="FILE", help="its key")
    group.add_argument("--api-version", metavar="X.YY", help="speak this API version instead of negotiating one")


def add_values(to: argparse.ArgumentParser) -> None:
    group = to.add_argument_group("values")
    group.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="set a variable (repeatable)")
    group.add_argument("--vars-file", action="append", default=[], metavar="FILE", help="a YAML mapping of variables")
    group.add_argument(
        "--secret", action="append", default=[], metavar="NAME=VALUE", help="set a secret; shown as *** everywhere"
    )


def add_common(to: argparse.ArgumentParser) -> None:
    to.add_argument("--no-color", action="store_true", help="no colours (also: NO_COLOR)")
    to.add_argument("--debug", action="store_true", help="show tracebacks")


def given_values(options: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, Any]:
    """Variables from outside: ``RUN_VAR_<NAME>``, then ``--vars-file``, then ``--var``; the later wins.

    An environment name in capitals also stands for the same in small letters, as is the custom there.
    """
    values: dict[str, Any] = {}
    for name, text in environment.items():
        bare = name.removeprefix("RUN_VAR_")
        if bare != name and NAME.match(bare):
            values.setdefault(bare.lower(), FromEnvironment(text))
            values[bare] = FromEnvironment(text)
    for file in options.vars_file:
        values.update(_vars_file(file))
    for pair in options.var:
        name, value = _pair(pair, "--var")
        values[name] = Text(value)
    for name in values:
        if name in RESERVED_NAMES:
            raise UsageError("reserved-name", f"'{name}' can't be a variable: expressions know it as something else")
    return values


def given_secrets(options: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, str]:
    """Secrets from ``RUN_SECRET_<NAME>``, then ``--secret``."""
    secrets: dict[str, str] = {}
    for name, text in environment.items():
        bare = name.removeprefix("RUN_SECRET_")
        if bare != name:
            secrets.setdefault(bare.lower(), text)
            secrets[bare] = text
    secrets.update(_pair(pair, "--secret") for pair in options.secret)
    diagnostics.conceal(secrets.values())
    return secrets


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not NAME.match(name):
        shown = text if option != "--secret" else name if equals else SHOWN
        raise UsageError(
            "wrong-use", f"{option} {shown}: NAME=VALUE is expected", hint=f"for example {option} image=alpine"
        )
    return name, value


def _vars_file(name: str) -> dict[str, Any]:
    from runner.scenario.yaml import loader, nodes
    from runner.scenario.yaml.read import read

    try:
        source = read(Path(name), name)
        root = loader.load(source)
    except InvalidScenario as error:
        raise UsageError("bad-vars-file", error.message, hint=error.hint, place=error.place) from None
    if not isinstance(root, nodes.Mapping):
        raise UsageError("bad-vars-file", f"{name}: a mapping of names to values is expected", place=source.place(1, 1))
    values = nodes.plain(root)
    for key in values:
        if not NAME.match(key):
            place = nodes.place_of(source, root.key(key) or root)
            raise UsageError("bad-vars-file", f"'{key}' can't be a variable's name", place=place)
    return dict(values)


def environment() -> Mapping[str, str]:
    """The process's environment: the one place where it is read."""
    return os.environ
