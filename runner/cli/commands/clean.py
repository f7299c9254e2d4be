"""``run clean``: remove what interrupted runs left behind."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from runner.cli import options as shared
from runner.cli.connection import connect_as_asked
from runner.cli.output import colours, diagnostics
from runner.errors import UsageError
from runner.text import count, visible

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.executor.cleanup.find import Leftover

USAGE = "run clean [options]"
DESCRIPTION = """\
Remove what interrupted runs left on an engine: containers, networks, volumes, services, secrets, configs and built
images that carry the runner's label. Nothing without the label is touched. A run that is still going on is an
interrupted one to this command: give --older-than where others may be running."""
EXAMPLES = """\
examples:
  run clean --dry-run                   only say what would be removed
  run clean --older-than 1h
  run clean -H tcp://127.0.0.1:2375     on another engine"""
TIME = 300.0


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    parser = shared.parser("run clean", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("--dry-run", action="store_true", help="remove nothing, only say what would be removed")
    parser.add_argument("--older-than", metavar="DURATION", help="only what was created longer ago, such as 1h")
    shared.add_engine(parser)
    shared.add_common(parser)
    given = parser.parse_args(arguments)
    if given.no_color:
        colours.switch_off()
    age = _age(given.older_than)
    engine = connect_as_asked(given, shared.environment())
    try:
        return _clean(engine, dry_run=given.dry_run, age=age)
    finally:
        engine.close()


def _age(text: str | None) -> float:
    from runner.scenario.duration import seconds

    try:
        return seconds(text) if text is not None else 0.0
    except ValueError as error:
        raise UsageError("wrong-use", f"--older-than: {error}") from None


def _clean(engine: Engine, *, dry_run: bool, age: float) -> int:
    from runner.engine.transport import Deadline
    from runner.executor.cleanup.find import KINDS, find
    from runner.executor.cleanup.remove import remove_all

    deadline = Deadline.after(TIME)
    now = time.time()
    every, errors = find(engine, [kind.noun for kind in KINDS], None, deadline)
    for error in errors:
        diagnostics.show_error(error)
    found = [one for one in every if now - _created(one.created, now) >= age]
    failed = 0
    for leftover in found if dry_run else ():
        print(_line("would remove", leftover, now))
    for removal in () if dry_run else remove_all(engine, found, deadline):
        if removal.error is not None:
            failed += 1
            diagnostics.show_error(removal.error)
        else:
            print(_line("removed", removal.leftover, now))
    done = len(found) - failed
    runs = len({leftover.run for leftover in found})
    if not found:
        what = "nothing that old" if every else "nothing else" if errors else "nothing"
        print(f"{what} is left behind")
    elif dry_run:
        print(f"{_things(done)} left by {count(runs, 'interrupted run')}; nothing else is touched")
    else:
        print(f"removed {_things(done)} of {count(runs, 'interrupted run')}")
    sys.stdout.flush()
    return 1 if failed or errors else 0


def _things(number: int) -> str:
    return count(number, "thing")


def _line(word: str, leftover: Leftover, now: float) -> str:
    name = leftover.name or leftover.id
    shown = name if len(name) < 64 else name.removeprefix("sha256:")[:12]
    scenario = visible(leftover.scenario)
    return f"{word}  {leftover.kind.noun:<9}  {visible(shown):<20}  {scenario:<24}  {_ago(leftover, now)}"


def _ago(leftover: Leftover, now: float) -> str:
    seconds = max(0.0, now - _created(leftover.created, now))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return f"{int(seconds)} s ago"


def _created(value: Any, now: float) -> float:
    """When a thing was created, in Unix seconds: engines say it as a number or as RFC 3339 text."""
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return datetime.fromisoformat(_microseconds(str(value))).timestamp()
    except ValueError:
        return now


def _microseconds(text: str) -> str:
    """RFC 3339 with nanoseconds, cut to what Python reads."""
    head, dot, tail = text.partition(".")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}" if dot else text
