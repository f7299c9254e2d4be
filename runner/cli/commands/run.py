"""``run SCENARIO…``: run scenarios on an engine and report what happened."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runner.cli import options as shared
from runner.cli import sources
from runner.cli.connection import configured_credentials
from runner.cli.execution import play
from runner.cli.output import colours, diagnostics
from runner.cli.output.progress import Progress
from runner.cli.scenarios import open_all, scenario_files
from runner.errors import ExitCode, InvalidScenario, UsageError
from runner.executor.context import Options
from runner.text import count

if TYPE_CHECKING:
    from runner.executor.run import Job
    from runner.results.records import Report

USAGE = "run SCENARIO… [options]\n       run VERB …  (run VERB --help)"
DESCRIPTION = """\
Run scenarios against a Docker Engine (or Podman): YAML files that list API calls. The report goes to stdout, progress
to stderr. A folder means every .yaml file below it that has steps."""
EXAMPLES = """\
verbs:
  run check SCENARIO…     say everything that is wrong, without an engine
  run plan SCENARIO…      print the requests as curl commands, and send nothing
  run docs PAGE.md…       fill the marked places of Markdown pages
  run operations          list the API's operations
  run clean               remove what interrupted runs left behind

examples:
  run scenarios/run-a-container.yaml
  run scenarios --format none                         all of a folder; only the progress
  run x.yaml --var image=busybox > x.md               a page
  run x.yaml --format json | jq '.scenarios[].status'
  run x.yaml -q -o report.json -o report.md           several reports, silently
  run x.yaml -H tcp://127.0.0.1:2375                  another engine
  run x.yaml --record x.json                          keep every request and answer
  run x.yaml --replay x.json                          run again, without an engine

exit codes:
  0 passed · 1 a step failed · 2 wrong use · 3 invalid scenario, nothing sent
  4 engine unreachable or connection broken · 70 a bug · 130 interrupted · 143 terminated"""


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    given = _parser().parse_args(sources.unambiguous(arguments))
    if given.version:
        from runner import __version__

        print(f"engine-recipes {__version__}")
        return 0
    if given.no_color:
        colours.switch_off()
    from runner.report.writers import chosen

    environment = shared.environment()
    options = _options(given, environment)
    writers = chosen(given.format, given.output, sys.stdout, stable=given.stable)
    files = scenario_files(given.scenario)
    scenarios, invalid = open_all(files, options.values, environment, strict=given.strict, quiet=given.quiet)
    if invalid:
        diagnostics.say(f"nothing was sent: {count(invalid, 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return ExitCode.INVALID
    options = options._replace(secrets=sources.secrets_for(given, scenarios, options.secrets))
    source = sources.open_source(given, scenarios, options, environment)
    try:
        _need_version(source.jobs, quiet=given.quiet)
        played = play(
            source, options, Progress(quiet=given.quiet, follow=given.follow, jobs=given.jobs).show, writers.add
        )
        writers.write(played.report)
        if environment.get("GITHUB_ACTIONS") == "true":
            _annotate(played.report)
        source.finish(played.report, interrupted=played.signal is not None)
        return played.exit_code
    finally:
        source.close()


def _annotate(report: Report) -> None:
    """What went wrong, beside the line where it did. GitHub reads stderr too, and stdout may be piped elsewhere."""
    from runner.report.writers import render

    for line in render("github", report).splitlines():
        diagnostics.say(line)


def _need_version(jobs: tuple[Job, ...], *, quiet: bool) -> None:
    """Look for what a scenario uses and its engine's API version lacks, before anything is sent.

    Raises:
        InvalidScenario: an operation or a parameter is lacking; a body's field, which engines ignore, is warned of.
    """
    from runner.scenario.checks.api_versions import lacking

    found = [
        one
        for job in jobs
        if job.scenario.requires.engine in (None, job.engine.name)
        for one in lacking(job.scenario, job.engine.api_version, fields="warning")
    ]
    errors = tuple(one for one in found if one.severity == "error")
    if errors:
        raise InvalidScenario(errors)
    for warning in () if quiet else found:
        diagnostics.show_diagnostic(warning)


def _parser() -> argparse.ArgumentParser:
    parser = shared.parser("run", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="a scenario file, or a folder of them")
    shared.add_engine(parser)
    shared.add_values(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--format", metavar="FORMAT", help="what stdout gets: markdown (default), json, …, none")
    output.add_argument(
        "-o", "--output", action="append", default=[], metavar="FILE", help="write a report (repeatable)"
    )
    output.add_argument("--stable", action="store_true", default=None, help="ids, times and addresses as placeholders")
    output.add_argument("--live", action="store_false", dest="stable", help="everything as it really came")
    output.add_argument("-q", "--quiet", action="store_true", help="no progress and no warnings on stderr")
    output.add_argument("--follow", action="store_true", help="show what containers print, as it comes")
    flow = parser.add_argument_group("flow")
    flow.add_argument("--strict", action="store_true", help="warnings about a scenario count as errors")
    flow.add_argument("--timeout", metavar="DURATION", help="the default time of a step, such as 90s")
    flow.add_argument("--keep-going", action="store_true", help="go on after a step that failed")
    flow.add_argument("--keep", action="store_true", help="leave what the scenarios created")
    flow.add_argument("--jobs", type=int, default=1, metavar="N", help="scenario files side by side")
    sources.add_options(parser)
    shared.add_common(parser)
    parser.add_argument("--version", action="store_true", help="print the version")
    return parser


def _options(given: argparse.Namespace, environment: Mapping[str, str]) -> Options:
    from runner.scenario.duration import seconds

    try:
        timeout = None if given.timeout is None else seconds(given.timeout)
    except ValueError as error:
        raise UsageError("wrong-use", f"--timeout: {error}") from None
    if given.jobs < 1:
        raise UsageError("wrong-use", f"--jobs {given.jobs}: at least one is needed")
    return Options(
        values=shared.given_values(given, environment),
        secrets=shared.given_secrets(given, environment),
        timeout=timeout,
        credentials=configured_credentials(environment),
        keep_going=given.keep_going,
        keep=given.keep,
        jobs=given.jobs,
    )
