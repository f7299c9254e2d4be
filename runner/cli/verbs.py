"""Lists the verbs of the command: what runs each, and how help, completion and the manual call it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from runner.cli.output.console import Console


class VerbModule(Protocol):
    """A module of ``runner.cli.commands``."""

    def main(self, arguments: list[str], console: Console, /) -> int:
        """Run the verb and return its exit code."""
        ...

    def parser(self, console: Console, /) -> Any:
        """Return the ``Parser`` of the verb's arguments."""
        ...


class Verb(NamedTuple):
    """A row of the table. ``arguments`` and ``summary`` are for the help of the command."""

    module: str
    arguments: str
    summary: str

    def load(self) -> VerbModule:
        """Import the module."""
        module: Any = import_module(f"runner.cli.commands.{self.module}")
        loaded: VerbModule = module
        return loaded


RUN = Verb("run", "SCENARIO…", "run scenarios")
VERBS = {
    "init": Verb("init", "[FILE]", "write a scenario to start from"),
    "check": Verb("check", "SCENARIO…", "report everything that is wrong, without an engine"),
    "plan": Verb("plan", "SCENARIO…", "print the requests as curl commands, and send nothing"),
    "docs": Verb("docs", "PAGE.md…", "fill the marked places of Markdown pages"),
    "compare": Verb("compare", "SCENARIO…", "report how the answers of several engines differ"),
    "operations": Verb("operations", "[NOUN…]", "list the API's operations"),
    "capture": Verb("capture", "-- CMD", "write what a client program said as a scenario"),
    "serve": Verb("serve", "RECORDING", "play the engine of a recording, for any client program"),
    "profile": Verb("profile", "-- CMD", "report what a client program needs of an engine"),
    "schema": Verb("schema", "[NAME]", "print or install a JSON Schema, for an editor"),
    "completion": Verb("completion", "SHELL", "print the completion for bash, zsh or fish"),
    "clean": Verb("clean", "", "remove what interrupted runs left behind"),
}


def help_lines() -> Iterator[str]:
    """Yield a line of help for each verb."""
    for name, verb in VERBS.items():
        yield f"  {f'run {name} {verb.arguments}':24}{verb.summary}"
