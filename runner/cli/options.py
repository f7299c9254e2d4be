"""Defines the options that several verbs share, and turns parsed arguments into typed settings."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.cli.output.console import Console
from runner.errors import UsageError
from runner.library.arguments import Parser, assigned, pair
from runner.library.values import check_names, environment_secrets, environment_variables, read_secrets, read_variables

if TYPE_CHECKING:
    from runner.library.access import FileAccess
    from runner.library.settings import EngineSettings, Record, Replay
    from runner.scenario.selection import Selection


def parser(console: Console, prog: str, description: str, epilog: str, usage: str) -> Parser:
    """Return a parser in this command's style."""

    class Help(argparse.RawDescriptionHelpFormatter):
        def __init__(self, prog: str) -> None:  # without a width, argparse imports shutil for each option
            super().__init__(prog, width=console.width - 2)

    return Parser(
        prog=prog,
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=Help,
        allow_abbrev=False,
    )


def add_engine(to: argparse.ArgumentParser) -> None:
    """Add the options that select an engine; :func:`engine_settings` reads them."""
    group = to.add_argument_group("which engine")
    group.add_argument(
        "-H", "--host", metavar="URL", help="unix:///path, tcp://host:port, http(s)://…, ssh://user@host"
    )
    group.add_argument("-c", "--context", metavar="NAME", help="a context of the docker CLI")
    group.add_argument("--tls", action="store_true", help="use TLS and verify the engine's certificate")
    group.add_argument("--tlsverify", action="store_true", help="alias of --tls (the docker CLI's name)")
    group.add_argument("--tlscacert", type=Path, metavar="FILE", help="CA certificate to verify the engine with")
    group.add_argument("--tlscert", type=Path, metavar="FILE", help="client certificate")
    group.add_argument("--tlskey", type=Path, metavar="FILE", help="private key of the client certificate")
    group.add_argument("--api-version", metavar="X.YY", help="use this API version instead of negotiating one")


def add_values(to: argparse.ArgumentParser) -> None:
    """Add the options for variables and secrets; :func:`variables` and :func:`secrets` read them."""
    group = to.add_argument_group("values")
    group.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="set a variable (repeatable)")
    group.add_argument("--vars-file", action="append", default=[], metavar="FILE", help="variables: YAML, or .env")
    group.add_argument("--secrets-file", action="append", default=[], metavar="FILE", help="secrets: YAML, or .env")
    group.add_argument(
        "--secret", action="append", default=[], metavar="NAME=VALUE", help="set a secret, shown as *** everywhere"
    )


def add_choosing(to: argparse.ArgumentParser) -> None:
    """Add the options that choose what runs; :func:`selection` reads them."""
    group = to.add_argument_group("choosing (what a chosen step needs of earlier ones runs too)")
    for name, metavar, text in (
        ("--tags", "TAG[,TAG]", "the steps, or whole scenarios, with one of these tags (repeatable)"),
        ("--skip-tags", "TAG[,TAG]", "those without any of these tags (repeatable)"),
        ("--only", "ID[,ID]", "the steps with these ids (repeatable)"),
    ):
        group.add_argument(name, action="append", default=[], metavar=metavar, help=text)
    group.add_argument("--from", dest="from_step", metavar="ID", help="the step with this id and those after it")
    group.add_argument("--to", dest="to_step", metavar="ID", help="the steps up to the one with this id")
    group.add_argument("--list", action="store_true", help="list the scenarios and their steps, and run nothing")


def selection(namespace: argparse.Namespace) -> Selection:
    """Return which steps run.

    Raises:
        UsageError: ``wrong-use``: an option without a word.
    """
    from runner.scenario.selection import Selection

    return Selection(
        tags=_words(namespace.tags, "--tags"),
        skip_tags=_words(namespace.skip_tags, "--skip-tags"),
        only=_words(namespace.only, "--only"),
        from_step=namespace.from_step,
        to_step=namespace.to_step,
    )


def _words(values: Sequence[str], option: str) -> tuple[str, ...]:
    words = [word.strip() for value in values for word in value.split(",")]
    if not all(words):
        raise UsageError("wrong-use", f"{option} {','.join(values)}: words with commas between them are expected")
    return tuple(words)


def add_recording(to: argparse.ArgumentParser) -> None:
    """Add the options that record or replay; :func:`recording` reads them."""
    group = to.add_argument_group("recording")
    group.add_argument(
        "--record", type=Path, metavar="FILE", help="write every request and response to a file (or a folder)"
    )
    group.add_argument(
        "--replay",
        nargs="?",
        const="",
        metavar="FILE",
        help="answer from a recording, without an engine (default: recordings/NAME.json beside the scenario)",
    )


def add_files(to: argparse.ArgumentParser, *, write: bool = True) -> None:
    """Add the options that widen what scenarios may read and write; :func:`access` reads them."""
    group = to.add_argument_group("files")
    group.add_argument(
        "--allow-read",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="without an engine, scenarios read below their own folder only; allow another one (repeatable)",
    )
    if write:
        group.add_argument(
            "--allow-write",
            action="append",
            default=[],
            type=Path,
            metavar="DIR",
            help="scenarios write below the working folder only; allow another one, without an engine too (repeatable)",
        )


def add_common(to: argparse.ArgumentParser) -> None:
    """Add the options of every verb."""
    to.add_argument("--no-color", action="store_true", help="no colours (also: NO_COLOR)")
    to.add_argument("--debug", action="store_true", help="show tracebacks")


def parse(to: argparse.ArgumentParser, arguments: Sequence[str], console: Console) -> argparse.Namespace:
    """Parse the arguments of a verb and apply the options of every verb."""
    namespace = to.parse_args(arguments)
    if namespace.no_color:
        console.colours = False
    return namespace


def engine_settings(namespace: argparse.Namespace, timeout: float | None = None) -> EngineSettings:
    """Return how to connect to the engine; ``timeout`` is the limit for its first answer, in seconds."""
    from runner.engine.docker_config.resolve import EngineOptions
    from runner.library.settings import CONNECT_TIMEOUT, EngineSettings

    return EngineSettings(
        EngineOptions(
            host=namespace.host,
            context=namespace.context,
            tls=namespace.tls,
            tlsverify=namespace.tlsverify,
            tlscacert=namespace.tlscacert,
            tlscert=namespace.tlscert,
            tlskey=namespace.tlskey,
        ),
        api_version=namespace.api_version,
        timeout=CONNECT_TIMEOUT if timeout is None else timeout,
    )


def access(namespace: argparse.Namespace, *, confined: bool) -> FileAccess:
    """Return what scenarios may read and write; ``confined`` ones need no trust.

    Raises:
        UsageError: ``missing-file``: there is no such folder.
    """
    from runner.library.access import FileAccess

    read, write = tuple(namespace.allow_read), tuple(getattr(namespace, "allow_write", ()))
    for option, folders in (("--allow-read", read), ("--allow-write", write)):
        for folder in folders:
            if not folder.is_dir():
                raise UsageError("missing-file", f"there is no folder {folder} (from {option})")
    return FileAccess(confined, read, write)


class Values(NamedTuple):
    """Variables and secrets from outside."""

    variables: Mapping[str, Any]
    secrets: Mapping[str, str]


def values(namespace: argparse.Namespace, console: Console) -> Values:
    """Return the variables and secrets of the environment and the options, and mask the secrets on the console.

    Raises:
        UsageError: ``wrong-use``, ``bad-vars-file``, ``reserved-name``.
    """
    return Values(variables(namespace, console.environment), secrets(namespace, console))


def variables(namespace: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the variables of ``RUN_VAR_<NAME>``, ``--vars-file`` and ``--var``; a later one wins.

    Raises:
        UsageError: ``wrong-use``, ``bad-vars-file``, ``reserved-name``.
    """
    found = environment_variables(environment)
    for file in namespace.vars_file:
        found.update(read_variables(file))
    found.update(assigned(namespace.var))
    check_names(found)
    return found


def secrets(namespace: argparse.Namespace, console: Console) -> dict[str, str]:
    """Return the secrets of ``RUN_SECRET_<NAME>``, ``--secrets-file`` and ``--secret``; mask them on the console.

    Raises:
        UsageError: ``wrong-use``.
    """
    found = environment_secrets(console.environment)
    for file in getattr(namespace, "secrets_file", ()):
        found.update(read_secrets(file))
    found.update(pair(text, "--secret") for text in namespace.secret)
    console.secrets.add(found.values())
    return found


def recording(namespace: argparse.Namespace) -> Record | Replay | None:
    """Return what ``--record`` and ``--replay`` ask for.

    Raises:
        UsageError: ``wrong-use``: ``--replay`` beside an option that selects an engine.
    """
    from runner.library.settings import Record, Replay

    if namespace.replay is None:
        return None if namespace.record is None else Record(namespace.record)
    names = ("host", "context", "tls", "tlsverify", "tlscacert", "tlscert", "tlskey", "api_version", "record")
    for name in names:
        if getattr(namespace, name):
            option = f"--{name.replace('_', '-')}"
            raise UsageError("wrong-use", f"{option} makes no sense with --replay, which sends nothing")
    return Replay(Path(namespace.replay) if namespace.replay else None)


def duration(text: str | None, option: str) -> float | None:
    """Return the seconds of an option's duration.

    Raises:
        UsageError: ``wrong-use``.
    """
    from runner.scenario.duration import seconds

    try:
        return None if text is None else seconds(text)
    except ValueError as error:
        raise UsageError("wrong-use", f"{option}: {error}") from None
