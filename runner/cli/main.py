"""Finds the verb, runs it, and turns whatever goes wrong into one message and one exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from runner.cli import problems
from runner.errors import RunnerError, UsageError

VERBS = {
    "check": "runner.cli.check",
    "clean": "runner.cli.clean",
    "docs": "runner.cli.docs",
    "plan": "runner.cli.plan",
    "operations": "runner.cli.operations",
}
BUG = 70
INTERRUPTED = 130


def run_command(arguments: list[str]) -> int:
    """The whole command; returns its exit code."""
    debug = "--debug" in arguments
    try:
        try:
            return _verb(arguments)(arguments)
        finally:
            _flush()
    except RunnerError as error:
        if debug:
            raise
        problems.show_error(error)
        return error.exit_code
    except BrokenPipeError:
        _give_up_stdout()
        return 0
    except KeyboardInterrupt:
        if debug:
            raise
        problems.say("interrupted")
        return INTERRUPTED
    except RecursionError:
        if debug:
            raise
        problems.show_error(UsageError("too-deep", "the input is nested too deeply"))
        return UsageError.exit_code
    except Exception as error:
        if debug:
            raise
        problems.say(f"run: bug: {type(error).__name__}: {error}")
        problems.say("  hint: run it again with --debug for the details; this should not happen, whatever the input")
        return BUG


def _verb(arguments: list[str]) -> Callable[[list[str]], int]:
    first = arguments[0] if arguments else ""
    if first.startswith("-") or not first or _is_scenario(first):
        from runner.cli.run import main

        return main
    if first not in VERBS:
        from runner.nearest import did_you_mean

        hint = did_you_mean(first, VERBS) or f"the verbs are {', '.join(VERBS)}; a scenario ends in .yaml"
        raise UsageError("unknown-verb", f"'{first}' is neither a file, a folder nor a verb", hint=hint)
    main_of_verb: Callable[[list[str]], int] = import_module(VERBS[first]).main
    return lambda words: main_of_verb(words[1:])


def _is_scenario(word: str) -> bool:
    return word.endswith((".yaml", ".yml")) or Path(word).exists()


def _flush() -> None:
    """Write out what is buffered now, while a closed pipe can still be met calmly."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up_stdout()


def _give_up_stdout() -> None:
    """Nobody reads any more (``| head -1``): send the rest to nowhere, so that exiting does not complain."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
