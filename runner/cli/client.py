"""Defines what the verbs share that stand between a client program and an engine: arguments, and where to listen."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from runner.cli import options
from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.errors import RunnerError, UsageError

if TYPE_CHECKING:
    from runner.engine.docker_config.endpoint import Endpoint


def split_program(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part the arguments at the first ``--``: the verb's own, and the client program with its arguments.

    Raises:
        UsageError: ``wrong-use``, there is nothing behind ``--``.
    """
    words = list(arguments)
    if "--" not in words:
        return words, []
    at = words.index("--")
    if at + 1 == len(words):
        raise UsageError("wrong-use", "there is no program behind --", hint="for example: -- docker ps")
    return words[:at], words[at + 1 :]


def add_listening(to: argparse.ArgumentParser) -> None:
    """Add the option that says where to listen."""
    to.add_argument(
        "--listen",
        metavar="URL",
        help="unix:///PATH or tcp://127.0.0.1:PORT (default, with a program: a private socket)",
    )


def endpoint_behind(namespace: argparse.Namespace, console: Console) -> Endpoint:
    """Return the engine that the options and the environment select.

    Raises:
        UsageError: none is named well; ``bad-host``, its address has a path that each request would have to have.
    """
    from runner.engine.docker_config.resolve import resolve

    endpoint = resolve(options.engine_settings(namespace).options, console.environment)
    if endpoint.prefix:
        message = f"{endpoint.url} has a path, and bytes are passed untouched"
        raise UsageError("bad-host", message, hint="name an engine whose address has none")
    return endpoint


def show_each_once(console: Console) -> Callable[[RunnerError], None]:
    """Return what shows an error, unless the same one was shown before: each connection may meet it."""
    shown: set[str] = set()

    def show(error: RunnerError) -> None:
        if error.message not in shown:
            shown.add(error.message)
            diagnostics.show_error(console, error)

    return show


def show_silence(console: Console, program: Sequence[str]) -> None:
    """Show that no request came."""
    what = f"{program[0]} did not connect to the socket" if program else "nothing connected"
    hint = (
        "does it read DOCKER_HOST (or CONTAINER_HOST), or is its address configured? --listen serves at one of your own"
    )
    diagnostics.show_error(console, UsageError("no-calls", what, hint=hint))
