"""Implements ``run clean``: remove what interrupted runs left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.cli import options
from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.errors import ExitCode
from runner.library.arguments import Parser
from runner.library.connection import connect_to, exposure
from runner.text import count, short_id, visible

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.library.verbs.clean import Leftover

USAGE = "run clean [options]"
DESCRIPTION = """\
Remove what interrupted runs left on an engine: containers, networks, volumes, services, secrets, configs and built
images that carry the runner's label, or are in the journal of such a run. Nothing else is touched. A run still in
progress counts as interrupted: use --older-than on shared engines."""
EXAMPLES = """\
examples:
  run clean --dry-run                   only list what would be removed
  run clean --older-than 1h
  run clean -H tcp://127.0.0.1:2375     on another engine"""
LONG_ID = 64
"""Characters of an id that is not shortened."""


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run clean", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("--dry-run", action="store_true", help="remove nothing, only list what would be removed")
    parser.add_argument("--older-than", metavar="DURATION", help="only what was created longer ago, such as 1h")
    options.add_engine(parser)
    options.add_common(parser)
    return parser


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code."""
    namespace = options.parse(parser(console), arguments, console)
    age = options.duration(namespace.older_than, "--older-than") or 0.0
    engine = connect_to(options.engine_settings(namespace), console.environment)
    try:
        warning = exposure(engine.endpoint)
        if warning:
            diagnostics.show_diagnostic(console, warning)
        return _clean(engine, console, dry_run=namespace.dry_run, age=age)
    finally:
        engine.close()


def _clean(engine: Engine, console: Console, *, dry_run: bool, age: float) -> ExitCode:
    from runner.library.verbs.clean import clean_engine

    now = console.clock()

    def removed(leftover: Leftover) -> None:
        console.write(_line("removed", leftover, now))

    cleaned = clean_engine(engine, console.environment, dry_run=dry_run, age=age, now=now, on_removed=removed)
    for error in cleaned.errors:
        diagnostics.show_diagnostic(console, error)
    for leftover in cleaned.found if dry_run else ():
        console.write(_line("would remove", leftover, now))
    things = count(len(cleaned.found if dry_run else cleaned.removed), "thing")
    runs = count(len({leftover.run for leftover in cleaned.found}), "interrupted run")
    if not cleaned.found:
        what = "nothing that old" if cleaned.younger else "nothing else" if cleaned.errors else "nothing"
        summary = f"{what} is left behind"
    elif dry_run:
        summary = f"{things} left by {runs}; nothing else is touched"
    else:
        summary = f"removed {things} of {runs}"
    console.write(f"{summary}\n")
    return ExitCode.FAILED if cleaned.errors else ExitCode.PASSED


def _line(word: str, leftover: Leftover, now: float) -> str:
    name = leftover.name or leftover.id
    shown = name if len(name) < LONG_ID else short_id(name)
    scenario = visible(leftover.scenario)
    return f"{word}  {leftover.kind:<9}  {visible(shown):<20}  {scenario:<24}  {_ago(leftover, now)}\n"


def _ago(leftover: Leftover, now: float) -> str:
    seconds = max(0.0, now - leftover.created_at)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return f"{int(seconds)} s ago"
