"""Implements ``run SCENARIO…``: run scenarios on an engine and report what happened."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from runner.cli import options
from runner.cli.execution import carry_out, finish
from runner.cli.opening import named_files, open_scenarios
from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.cli.output.progress import Progress
from runner.errors import ExitCode, UsageError
from runner.library.arguments import Parser, unambiguous
from runner.library.settings import Replay, RunSettings
from runner.text import count
from runner.valid_texts import cache_folder

if TYPE_CHECKING:
    from runner.results.records import Report

USAGE = "run SCENARIO… [options]\n       run VERB …  (run VERB --help)"
DESCRIPTION = """\
Run scenarios against a Docker Engine (or Podman): YAML files that list API calls. The report goes to stdout (on a
terminal only if a format is named), progress to stderr. A folder means every .yaml file below it that has steps."""
EXAMPLES = """\
examples:
  run scenarios/run-a-container.yaml
  run scenarios --format none                         all of a folder; only the progress
  run x.yaml --var image=busybox > x.md               a page
  run x.yaml --format json | jq '.scenarios[].status'
  run x.yaml -q -o report.json -o report.md           several reports, silently
  run x.yaml -H tcp://127.0.0.1:2375                  another engine
  run x.yaml --record x.json                          record every request and response
  run x.yaml --replay x.json                          run again, without an engine
  run x.yaml --only wait                              one step, and the earlier ones that it needs
  generate | run -                                    a scenario from standard input

exit codes:
  0 passed · 1 a step failed · 2 wrong use · 3 invalid scenario, nothing sent
  4 engine unreachable or connection broken · 70 a bug · 130 interrupted · 143 terminated"""


class Settings(NamedTuple):
    """The arguments of the verb. ``stable`` is None where each format decides."""

    scenarios: Sequence[str]
    run: RunSettings
    format: str | None
    outputs: Sequence[str]
    stable: bool | None
    quiet: bool
    follow: bool
    strict: bool
    list: bool
    verbose: bool


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code."""
    namespace = options.parse(parser(console), unambiguous(arguments), console)
    if namespace.version:
        from runner.version import __version__

        console.write(f"engine-recipes {__version__}\n")
        return ExitCode.PASSED
    return _run(_settings(namespace, console), console)


def _run(settings: Settings, console: Console) -> ExitCode:
    from runner.report.writers import chosen

    screen = settings.format is None and not settings.outputs and console.stdout.isatty()
    name = "none" if screen else settings.format
    writers = chosen(name, settings.outputs, console.stdout, stable=settings.stable)
    run_settings = settings.run
    files = named_files(console, settings.scenarios, quiet=settings.quiet)
    scenarios, invalid = open_scenarios(
        console, files, run_settings.values, run_settings.access, strict=settings.strict, quiet=settings.quiet
    )
    if invalid:
        console.say(f"nothing was sent: {count(invalid, 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return ExitCode.INVALID
    from runner.library.choosing import choose
    from runner.library.runs import prepare
    from runner.library.variables import check_variables

    check_variables(run_settings.values, scenarios)
    selected = choose(scenarios, run_settings.selection)
    if settings.list:
        from runner.cli.output.listing import listing

        console.write(listing(selected, settings.format))
        return ExitCode.PASSED
    left_out = len(scenarios) - len(selected)
    if left_out and not settings.quiet:
        console.say(f"{count(left_out, 'scenario')} without a chosen step {'is' if left_out == 1 else 'are'} left out")
    with prepare(selected, run_settings, console.environment) as run:
        for warning in () if settings.quiet else run.warnings:
            diagnostics.show_diagnostic(console, warning)
        progress = Progress(
            console,
            quiet=settings.quiet,
            follow=settings.follow,
            jobs=run_settings.jobs,
            screen=screen,
            verbose=settings.verbose,
        )
        outcome = carry_out(run, console, progress.show, writers.add)
        try:
            writers.write(outcome.report)
        except UsageError as error:
            if outcome.signal is None:
                raise
            diagnostics.show_error(console, error)  # the terminal may have gone; the signal's exit code stays
        if console.environment.get("GITHUB_ACTIONS") == "true":
            _annotate(outcome.report, console)
        finish(run, console, quiet=settings.quiet)
        return outcome.exit_code


def _annotate(report: Report, console: Console) -> None:
    """Print GitHub's annotations of failed steps. GitHub reads stderr too, and stdout may be piped elsewhere."""
    from runner.report.github import MOST, innermost_errors

    for title, error in islice(innermost_errors(report), MOST):
        diagnostics.annotate(console, f"{title}: {error.code}", error)


def _verbs() -> str:
    from runner.cli.verbs import help_lines

    return "\n".join(["verbs:", *help_lines()])


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run", DESCRIPTION, f"{_verbs()}\n\n{EXAMPLES}", USAGE)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="a file, a folder, or - for standard input")
    options.add_engine(parser)
    options.add_values(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--format", metavar="FORMAT", help="what stdout gets: markdown, json, …, none")
    output.add_argument(
        "-o", "--output", action="append", default=[], metavar="FILE", help="write a report (repeatable)"
    )
    output.add_argument(
        "--stable", action="store_true", default=None, help="placeholders instead of ids, times and addresses"
    )
    output.add_argument(
        "--live", action="store_false", dest="stable", help="real ids, times and addresses instead of placeholders"
    )
    output.add_argument("-q", "--quiet", action="store_true", help="no progress and no warnings on stderr")
    output.add_argument("-v", "--verbose", action="store_true", help="show each request and answer")
    output.add_argument("--follow", action="store_true", help="print the output of containers as it arrives")
    flow = parser.add_argument_group("flow")
    flow.add_argument(
        "--contract",
        nargs="?",
        choices=("documented", "strict"),
        metavar="strict",
        help="hold every answer against the API's own description; 'strict' refuses undocumented fields too",
    )
    flow.add_argument("--strict", action="store_true", help="warnings about a scenario count as errors")
    flow.add_argument(
        "--timeout", metavar="DURATION", help="the default time limit of a step, and that of connecting, such as 90s"
    )
    flow.add_argument("--keep-going", action="store_true", help="run the steps after one that failed")
    flow.add_argument("--keep", action="store_true", help="do not remove what the scenarios created")
    flow.add_argument(
        "--reap", action="store_true", help="if the runner is killed, another process removes what is left"
    )
    flow.add_argument("--jobs", type=int, default=1, metavar="N", help="run N scenario files at the same time")
    options.add_choosing(parser)
    options.add_recording(parser)
    options.add_files(parser)
    options.add_common(parser)
    parser.add_argument("--version", action="store_true", help="print the version")
    return parser


def _settings(namespace: argparse.Namespace, console: Console) -> Settings:
    timeout = options.duration(namespace.timeout, "--timeout")
    if namespace.jobs < 1:
        raise UsageError("wrong-use", f"--jobs {namespace.jobs}: at least one is needed")
    variables, secrets = options.values(namespace, console)
    recording = options.recording(namespace)
    run = RunSettings(
        engine=options.engine_settings(namespace, timeout),
        values=variables,
        secrets=secrets,
        timeout=timeout,
        keep_going=namespace.keep_going,
        keep=namespace.keep,
        reap=namespace.reap,
        jobs=namespace.jobs,
        recording=recording,
        access=options.access(namespace, confined=isinstance(recording, Replay)),
        cache=cache_folder(console.environment),
        contract=namespace.contract,
        selection=options.selection(namespace),
    )
    return Settings(
        scenarios=namespace.scenario,
        run=run,
        format=namespace.format,
        outputs=namespace.output,
        stable=namespace.stable,
        quiet=namespace.quiet,
        follow=namespace.follow,
        strict=namespace.strict,
        list=namespace.list,
        verbose=namespace.verbose,
    )
