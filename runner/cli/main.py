"""Finds the verb, runs it, and turns whatever goes wrong into one message and one exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from runner.cli.output import diagnostics
from runner.errors import ExitCode, RunnerError, UsageError

VERBS = {
    "check": "runner.cli.commands.check",
    "clean": "runner.cli.commands.clean",
    "docs": "runner.cli.commands.docs",
    "plan": "runner.cli.commands.plan",
    "operations": "runner.cli.commands.operations",
}
FIRST_OWN = 3
"""The first descriptor that is not a standard stream."""


def run_command(arguments: list[str]) -> int:
    """The whole command; returns its exit code."""
    debug = "--debug" in arguments
    _open_closed_streams()
    try:
        try:
            return _verb(arguments)(arguments)
        finally:
            _flush()
    except RunnerError as error:
        if debug:
            diagnostics.show_trace()
        diagnostics.show_error(error)
        return error.exit_code
    except BrokenPipeError:
        _give_up_stdout()
        return 0
    except KeyboardInterrupt:
        if debug:
            diagnostics.show_trace()
        diagnostics.say("interrupted")
        return ExitCode.INTERRUPTED
    except RecursionError:
        if debug:
            diagnostics.show_trace()
        diagnostics.show_error(UsageError("too-deep", "the input is nested too deeply"))
        return ExitCode.USAGE
    except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a message and an exit code
        if debug:
            diagnostics.show_trace()
        diagnostics.say(f"run: bug: {type(error).__name__}: {error}")
        diagnostics.say("  hint: run it again with --debug for the details; this should not happen, whatever the input")
        return ExitCode.BUG


def _verb(arguments: list[str]) -> Callable[[list[str]], int]:
    first = arguments[0] if arguments else ""
    if first.startswith("-") or not first or _is_scenario(first):
        from runner.cli.commands.run import main

        return main
    if first not in VERBS:
        from runner.nearest import did_you_mean

        hint = did_you_mean(first, VERBS) or f"the verbs are {', '.join(VERBS)}; a scenario ends in .yaml"
        raise UsageError("unknown-verb", f"'{first}' is neither a file, a folder nor a verb", hint=hint)
    main_of_verb: Callable[[list[str]], int] = import_module(VERBS[first]).main
    return lambda words: main_of_verb(words[1:])


def _is_scenario(word: str) -> bool:
    """Whether it names a file or folder. A folder that is called as a verb (``docs``) must have scenarios in it."""
    path = Path(word)
    if word in VERBS and path.is_dir():
        from runner.cli.scenarios import has_scenarios

        return has_scenarios(path)
    return word.endswith((".yaml", ".yml")) or path.exists()


def _open_closed_streams() -> None:
    """A caller may have closed the standard streams (``>&-``). What goes there goes nowhere then, and not into the
    first socket or file that is opened."""
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) < FIRST_OWN:
        pass
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0, "r", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _flush() -> None:
    """Write out what is buffered now, while a closed pipe can still be met calmly.

    Raises:
        UsageError: ``cannot-write``, such as to a full disk.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up_stdout()
    except OSError as error:
        _give_up_stdout()
        raise UsageError("cannot-write", f"the standard output can't be written: {error.strerror}") from None


def _give_up_stdout() -> None:
    """Nobody reads any more (``| head -1``): send the rest to nowhere, so that exiting does not complain."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
