"""Selects the verb, runs it, and turns every error into one message and one exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.cli.verbs import RUN, VERBS, VerbModule
from runner.errors import ExitCode, RunnerError, UsageError

PAGE_SUFFIXES = (".md", ".markdown", ".mdx", ".rst", ".adoc")
"""Files that are pages, not scenarios."""


def run_command(arguments: list[str], console: Console) -> int:
    """Run the command and return its exit code."""
    debug = "--debug" in arguments
    try:
        try:
            verb, rest = _verb(arguments)
            return verb.main(rest, console)
        finally:
            _flush(console)
    except RunnerError as error:
        if debug:
            diagnostics.show_traceback(console)
        diagnostics.show_error(console, error)
        return error.exit_code
    except BrokenPipeError:
        console.discard_stdout()
        return ExitCode.PASSED
    except KeyboardInterrupt:
        if debug:
            diagnostics.show_traceback(console)
        console.say("interrupted")
        return ExitCode.INTERRUPTED
    except RecursionError:
        if debug:
            diagnostics.show_traceback(console)
        diagnostics.show_error(console, UsageError("too-deep", "the input is nested too deeply"))
        return ExitCode.USAGE
    except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a message and an exit code
        if debug:
            diagnostics.show_traceback(console)
        diagnostics.show_bug(console, error)
        return ExitCode.BUG


def _verb(arguments: list[str]) -> tuple[VerbModule, list[str]]:
    """Return the verb that the first argument selects, and the arguments for it."""
    first = arguments[0] if arguments else ""
    if first.startswith("-") or not first or _is_scenario(first, arguments[1:]):
        return RUN.load(), arguments
    if first not in VERBS:
        from runner.library.words import VERBS as MEANT
        from runner.nearest import did_you_mean

        near = [path.stem for path in Path().glob("*.yaml")]
        hint = MEANT.get(first) or did_you_mean(first, (*VERBS, *near))
        hint = hint or f"the verbs are {', '.join(VERBS)}; a scenario ends in .yaml"
        raise UsageError("unknown-verb", f"'{first}' is neither a file, a folder nor a verb", hint=hint)
    return VERBS[first].load(), arguments[1:]


def _is_scenario(word: str, others: Sequence[str]) -> bool:
    """Return whether the first argument names a file or folder. A folder with the name of a verb (``docs``) must
    contain scenarios, and the other arguments must not be pages (``run docs docs/page.md``)."""
    path = Path(word)
    if word in VERBS and path.is_dir():
        from runner.library.scenarios import has_scenarios

        return has_scenarios(path) and not any(other.endswith(PAGE_SUFFIXES) for other in others)
    if word.endswith((".yaml", ".yml")) or path.exists():
        return True
    if word in VERBS:
        return False
    from runner.library.scenarios import with_suffix

    return with_suffix(word) is not None


def _flush(console: Console) -> None:
    """Flush stdout.

    Raises:
        UsageError: ``cannot-write``, such as to a full disk.
    """
    try:
        console.flush()
    except BrokenPipeError:
        console.discard_stdout()
    except OSError as error:
        console.discard_stdout()
        raise UsageError("cannot-write", f"the standard output can't be written: {error.strerror}") from None
