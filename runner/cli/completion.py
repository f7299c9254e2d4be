"""Answers a shell that asks for completions, through argcomplete.

The shell starts the command at each press of Tab, with the line so far in its environment. What can stand at a place
follows from the metavar of the argument there, which is the same for all verbs.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argcomplete.completers import BaseCompleter
from argcomplete.finders import CompletionFinder
from argcomplete.lexers import split_line

from runner.cli.output.console import Console
from runner.cli.verbs import RUN, VERBS

if TYPE_CHECKING:
    from runner.scenario.model import Step

Completions = Mapping[str, str]
"""Words, each with what is shown beside it."""
ATTRIBUTE = "completer"
"""Where argcomplete looks for an argument's completer: an attribute that argparse doesn't have."""
SCENARIO_SUFFIXES = (".yaml", ".yml")


def complete(console: Console) -> None:
    """Print the completions for the line in ``COMP_LINE`` to descriptor 8, and exit."""
    line, point = os.environ["COMP_LINE"], int(os.environ["COMP_POINT"])
    words: Sequence[str] = split_line(line, point)[3]
    name = words[1] if len(words) > 1 else ""
    if name in VERBS:
        os.environ["_ARGCOMPLETE"] = "2"  # the verb is part of the program's name
    parser = VERBS.get(name, RUN).load().parser(console)
    first = len(words) == 1
    for action in parser._actions:
        completer = _COMPLETERS.get(str(action.metavar))
        if completer is not None and action.choices is None:
            setattr(action, ATTRIBUTE, _Completer(completer))
    if first:
        setattr(_positional(parser), ATTRIBUTE, _Completer(_verbs_and_scenarios))
    CompletionFinder()(parser, always_complete_options=False, default_completer=_Completer(_files))


class _Completer(BaseCompleter):
    """Calls a function of this module as argcomplete calls its completers, and drops what doesn't fit the prefix."""

    def __init__(self, completions: Callable[[str, argparse.Namespace], Completions]) -> None:
        self._completions = completions

    def __call__(self, *, prefix: str, parsed_args: argparse.Namespace, **_more: Any) -> Completions:
        return {word: text for word, text in self._completions(prefix, parsed_args).items() if word.startswith(prefix)}


def _positional(parser: argparse.ArgumentParser) -> Any:
    return next(action for action in parser._actions if not action.option_strings)


def _verbs_and_scenarios(prefix: str, parsed: argparse.Namespace) -> Completions:
    return {**{name: verb.summary for name, verb in VERBS.items()}, **_scenarios(prefix, parsed)}


def _scenarios(prefix: str, _parsed: argparse.Namespace) -> Completions:
    return _paths(prefix, SCENARIO_SUFFIXES)


def _pages(prefix: str, _parsed: argparse.Namespace) -> Completions:
    return _paths(prefix, (".md", ".mdx", ".rst", ".adoc"))


def _reports(prefix: str, _parsed: argparse.Namespace) -> Completions:
    return _paths(prefix, (".json",))


def _files(prefix: str, _parsed: argparse.Namespace) -> Completions:
    return _paths(prefix, ("",))


def _paths(prefix: str, suffixes: Sequence[str]) -> Completions:
    """Return the folders and the files with these suffixes that begin with what is typed; hidden ones if asked for."""
    folder, slash, start = prefix.rpartition("/")
    try:
        entries = sorted(Path(os.path.expanduser(folder) if folder else slash or ".").iterdir())  # noqa: PTH111
    except OSError:
        return {}
    found = {}
    for entry in entries:
        hidden = entry.name.startswith(".") and not start.startswith(".")
        if not hidden and (entry.is_dir() or entry.name.endswith(tuple(suffixes))):
            found[f"{folder}{slash}{entry.name}{'/' if entry.is_dir() else ''}"] = ""
    return found


def _operations(_prefix: str, _parsed: argparse.Namespace) -> Completions:
    from runner.api.operations import all_operations

    every = all_operations()
    nouns = {operation.noun: "" for operation in every}
    return {**nouns, **{operation.name: f"{operation.method} {operation.path}" for operation in every}}


def step_ids(prefix: str, parsed: argparse.Namespace) -> Completions:
    """Return the ids of the steps of the scenarios on the line, behind those that are typed already (``a,b``)."""
    from runner.errors import RunnerError
    from runner.scenario.open import open_scenario

    typed, comma, _ = prefix.rpartition(",")
    found: dict[str, str] = {}
    for name in parsed.scenario or ():
        try:
            scenario = open_scenario(Path(name), name, ()).scenario
        except RunnerError:
            continue
        found |= {f"{typed}{comma}{step.id}": _title(step) for step in scenario.walk()}
    return found


def _title(step: Step) -> str:
    """Return the title, without its expressions' values: they are known when it runs."""
    from runner.scenario.expressions.values import Constant

    return str(step.title.value) if isinstance(step.title, Constant) else ""


def _formats(_prefix: str, _parsed: argparse.Namespace) -> Completions:
    from runner.report.formats import FORMATS

    return {**dict.fromkeys(FORMATS, ""), "none": ""}


def _contexts(_prefix: str, _parsed: argparse.Namespace) -> Completions:
    from runner.engine.docker_config.config import config_folder
    from runner.engine.docker_config.contexts import names

    return dict.fromkeys([*names(config_folder(os.environ)), "default"], "")


def _named_contexts(prefix: str, parsed: argparse.Namespace) -> Completions:
    name, equals, _ = prefix.partition("=")
    return {f"{name}={context}": text for context, text in _contexts("", parsed).items()} if equals else {}


_COMPLETERS: Mapping[str, Callable[[str, argparse.Namespace], Completions]] = {
    "SCENARIO": _scenarios,
    "PAGE.md": _pages,
    "REPORT.json": _reports,
    "FILE": _files,
    "FORMAT": _formats,
    "ID": step_ids,
    "ID[,ID]": step_ids,
    "NAME": _contexts,
    "NAME=CONTEXT": _named_contexts,
    "FILE.svg": _files,
    "NOUN": _operations,
}
