"""Implements ``run clean``: remove what interrupted runs left behind."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from runner.cli import options
from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.errors import ExitCode
from runner.library.arguments import Parser
from runner.library.connection import connect_to, exposure
from runner.text import count, short_id, visible

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.executor.cleanup.find import Leftover

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
TIME_LIMIT = 300.0
"""Seconds for finding and removing everything."""
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
    from runner.engine.transport import Deadline
    from runner.executor.cleanup.find import KINDS, find
    from runner.executor.cleanup.journaled import find_journaled, forget
    from runner.executor.cleanup.remove import remove_all
    from runner.executor.tracking.journal import state_folder

    deadline = Deadline.after(TIME_LIMIT)
    now = console.clock()
    leftovers, errors = find(engine, [kind.noun for kind in KINDS], None, deadline)
    journaled = find_journaled(engine, state_folder(console.environment), deadline)
    leftovers += [leftover for _, journal_leftovers in journaled for leftover in journal_leftovers]
    for error in errors:
        diagnostics.show_error(console, error)
    old = [leftover for leftover in leftovers if now - _created(leftover.created, now) >= age]
    failed = 0
    remaining = {leftover.id for leftover in leftovers}
    for leftover in old if dry_run else ():
        console.write(_line("would remove", leftover, now))
    for removal in () if dry_run else remove_all(engine, old, deadline):
        if removal.error is not None:
            failed += 1
            diagnostics.show_error(console, removal.error)
        else:
            remaining.discard(removal.leftover.id)
            console.write(_line("removed", removal.leftover, now))
    if not dry_run:
        forget(journaled, remaining)
    removed = count(len(old) - failed, "thing")
    runs = count(len({leftover.run for leftover in old}), "interrupted run")
    if not old:
        what = "nothing that old" if leftovers else "nothing else" if errors else "nothing"
        summary = f"{what} is left behind"
    elif dry_run:
        summary = f"{removed} left by {runs}; nothing else is touched"
    else:
        summary = f"removed {removed} of {runs}"
    console.write(f"{summary}\n")
    return ExitCode.FAILED if failed or errors else ExitCode.PASSED


def _line(word: str, leftover: Leftover, now: float) -> str:
    name = leftover.name or leftover.id
    shown = name if len(name) < LONG_ID else short_id(name)
    scenario = visible(leftover.scenario)
    return f"{word}  {leftover.kind.noun:<9}  {visible(shown):<20}  {scenario:<24}  {_ago(leftover, now)}\n"


def _ago(leftover: Leftover, now: float) -> str:
    seconds = max(0.0, now - _created(leftover.created, now))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return f"{int(seconds)} s ago"


def _created(value: Any, now: float) -> float:
    """Return when a thing was created, in Unix seconds: engines answer with a number or with RFC 3339 text."""
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return datetime.fromisoformat(_microseconds(str(value))).timestamp()
    except ValueError:
        return now


def _microseconds(text: str) -> str:
    """Cut RFC 3339 text with nanoseconds to what Python reads."""
    head, dot, tail = text.partition(".")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}" if dot else text
