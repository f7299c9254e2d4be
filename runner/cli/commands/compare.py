"""Implements ``run compare``: the same scenarios on several engines, or the reports of several runs, side by side."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.cli import options
from runner.cli.opening import named_files, open_scenarios
from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.errors import ExitCode, UsageError
from runner.files import check_writable, write_text
from runner.library.arguments import Parser
from runner.text import count, visible
from runner.valid_texts import cache_folder

if TYPE_CHECKING:
    from runner.library.settings import RunSettings
    from runner.report.comparison.model import Comparison
    from runner.results.events import Event
    from runner.results.records import Report

USAGE = "run compare SCENARIO… -H NAME=URL -H NAME=URL [options]\n       run compare REPORT.json REPORT.json [options]"
DESCRIPTION = """\
Run the same scenarios on several engines at the same time and report where their answers differ: the outcome of a
step, its status, headers, streams, and the types and values of the body by path. Or compare the JSON reports of earlier
runs. The first engine or report is the reference. null, an empty list, an empty object and a missing key count as the
same."""
EXAMPLES = """\
examples:
  run compare scenarios -H docker=unix:///var/run/docker.sock -H podman=unix:///run/podman/podman.sock
  run compare x.yaml -c old=default -c new=staging -o parity.html
  run compare before.json after.json                  two reports of run … -o FILE.json
  run compare x.yaml -H a=… -H b=… --write-known known.yaml
  run compare x.yaml -H a=… -H b=… --known known.yaml --badge parity.svg

exit codes: 0 no new difference · 1 a new difference, or a known one that no longer appears
  2 wrong use · 3 invalid scenario, nothing sent · 4 an engine unreachable or its connection broken"""
REPORT_SUFFIX = ".json"


class _Named(argparse.Action):
    """Collects ``-H NAME=URL`` and ``-c NAME=CONTEXT`` in one list, in their order."""

    def __call__(
        self, _parser: argparse.ArgumentParser, namespace: argparse.Namespace, value: Any, option: str | None = None
    ) -> None:
        name, equals, target = str(value).partition("=")
        if not (name and equals and target) or "://" in name:
            place = "CONTEXT" if self.metavar == "NAME=CONTEXT" else "URL"
            hint = f"for example: {option} podman={'unix:///run/podman/podman.sock' if place == 'URL' else 'default'}"
            raise UsageError("wrong-use", f"{option} {value}: NAME={place} is expected", hint=hint)
        engines: list[tuple[str, str, str]] = namespace.engines
        if any(name == known for known, _, _ in engines):
            raise UsageError("wrong-use", f"{option} {value}: there are two engines with the name '{name}'")
        namespace.engines = [*engines, (name, "host" if self.metavar == "NAME=URL" else "context", target)]


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run compare", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="scenario files or folders, or JSON reports")
    engines = parser.add_argument_group("which engines")
    for flags, metavar, what in (
        (("-H", "--host"), "NAME=URL", "an engine and what its column is called (repeatable)"),
        (("-c", "--context"), "NAME=CONTEXT", "the same, by a context of the docker CLI (repeatable)"),
    ):
        engines.add_argument(*flags, dest="engines", action=_Named, default=[], metavar=metavar, help=what)
    options.add_values(parser)
    found = parser.add_argument_group("differences")
    found.add_argument("--strict", action="store_true", help="tell null, [], {} and a missing key apart")
    found.add_argument("--known", type=Path, metavar="FILE", help="accept the differences of a file, which must appear")
    found.add_argument(
        "--write-known",
        type=Path,
        metavar="FILE",
        help="write a file for --known; explain each there",
    )
    output = parser.add_argument_group("output")
    output.add_argument(
        "--format",
        choices=("markdown", "html", "json", "text"),
        help="what stdout gets",
    )
    output.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="write .md .html .json .svg",
    )
    output.add_argument("--badge", type=Path, metavar="FILE.svg", help="draw a badge")
    output.add_argument("-q", "--quiet", action="store_true", help="no progress, warnings or summary on stderr")
    flow = parser.add_argument_group("flow")
    flow.add_argument("--timeout", metavar="DURATION", help="the default time limit of a step, such as 90s")
    flow.add_argument("--stop", action="store_true", help="end a scenario on an engine at its first failed step")
    options.add_common(parser)
    return parser


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code."""
    namespace = options.parse(parser(console), arguments, console)
    _check_outputs(namespace)
    names = [str(name) for name in namespace.scenario]
    are_reports = bool(names) and not namespace.engines and all(name.endswith(REPORT_SUFFIX) for name in names)
    if not are_reports and len(namespace.engines) < 2:
        hint = "-H docker=unix:///… -H podman=unix:///… or two reports: a.json b.json"
        raise UsageError("wrong-use", "which engines? A comparison needs two, or two reports", hint=hint)
    return _compare_reports(namespace, names, console) if are_reports else _compare_engines(namespace, names, console)


def _check_outputs(namespace: argparse.Namespace) -> None:
    from runner.report.comparison.formats import format_of

    for path in namespace.output:
        format_of(path)
    for path in (*namespace.output, namespace.badge, namespace.write_known):
        if path is not None:
            check_writable(path)


def _compare_reports(namespace: argparse.Namespace, names: Sequence[str], console: Console) -> ExitCode:
    from runner.library.verbs.compare import compare_reports

    stems = [Path(name).stem for name in names]
    columns = stems if len(set(stems)) == len(stems) else names
    if len(set(columns)) < len(columns):
        raise UsageError("wrong-use", "the same report is named twice")
    reports = dict(zip(columns, names, strict=True))
    comparison = compare_reports(reports, strict=namespace.strict, known=namespace.known)
    return _write(comparison, namespace, console)


def _compare_engines(namespace: argparse.Namespace, names: Sequence[str], console: Console) -> ExitCode:
    from runner.library.verbs.compare import compare_reports, lines_of, run_on_each

    quiet: bool = namespace.quiet
    settings = _settings(namespace, console)
    first = next(iter(settings.values()))
    if namespace.known is not None:
        from runner.report.comparison.known import read_known

        read_known(namespace.known)  # wrong use is said before anything runs
    files = named_files(console, names, quiet=quiet)
    scenarios, invalid = open_scenarios(console, files, first.values, first.access, quiet=quiet)
    if invalid:
        console.say(f"nothing was sent: {count(invalid, 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return ExitCode.INVALID
    from runner.cli.signals import Signals
    from runner.executor.cancellation import CancelScope
    from runner.library.variables import check_variables

    check_variables(first.values, scenarios)
    stop = CancelScope()
    with Signals(stop, console) as signals:
        reports = run_on_each(
            scenarios,
            settings,
            console.environment,
            scope=stop,
            on_event=None if quiet else _progress(console),
            on_warning=None if quiet else lambda warning: diagnostics.show_diagnostic(console, warning),
        )
    comparison = compare_reports(reports, strict=namespace.strict, known=namespace.known, lines=lines_of(scenarios))
    if signals.received is not None:
        console.say("interrupted: nothing is compared")
        return ExitCode.INTERRUPTED if signals.received == "SIGINT" else ExitCode.TERMINATED
    code = _write(comparison, namespace, console)
    return ExitCode.ENGINE if _show_lost(reports, console) else code


def _settings(namespace: argparse.Namespace, console: Console) -> dict[str, RunSettings]:
    from runner.engine.docker_config.resolve import EngineOptions
    from runner.library.settings import CONNECT_TIMEOUT, EngineSettings, RunSettings

    timeout = options.duration(namespace.timeout, "--timeout")
    variables, secrets = options.values(namespace, console)
    base = RunSettings(
        values=variables,
        secrets=secrets,
        timeout=timeout,
        keep_going=not namespace.stop,
        cache=cache_folder(console.environment),
    )
    limit = CONNECT_TIMEOUT if timeout is None else timeout
    return {
        name: base._replace(engine=EngineSettings(EngineOptions(**{kind: target}), timeout=limit))
        for name, kind, target in namespace.engines
    }


def _progress(console: Console) -> Any:
    """Return what prints a line for each scenario that an engine has finished."""
    from runner.report.wording import duration
    from runner.results.events import ScenarioFinished
    from runner.results.statuses import STATUS_MARKS

    def show(name: str, event: Event) -> None:
        if isinstance(event, ScenarioFinished):
            record = event.record
            mark = STATUS_MARKS[record.status]
            console.say(f"  {mark} {visible(name)}: {visible(record.title)}  {duration(record.duration_ms)}")

    return show


def _show_lost(reports: dict[str, Report], console: Console) -> bool:
    """Show each engine whose connection broke during the run, and return whether there is one."""
    from runner.cli.execution import lost_engine

    lost = {name: error for name, report in reports.items() if (error := lost_engine(report)) is not None}
    for name, error in lost.items():
        diagnostics.show_diagnostic(console, error._replace(message=f"{name}: {error.message}"))
    return bool(lost)


def _write(comparison: Comparison, namespace: argparse.Namespace, console: Console) -> ExitCode:
    from runner.report.comparison.formats import format_of, render
    from runner.report.comparison.known import known_text

    for path in namespace.output:
        write_text(path, render(comparison, format_of(path)))
    if namespace.badge is not None:
        write_text(namespace.badge, render(comparison, "badge"))
    if namespace.write_known is not None:
        write_text(namespace.write_known, known_text(comparison, namespace.write_known.name))
    chosen = namespace.format or ("text" if console.stdout.isatty() or namespace.output else "markdown")
    code = ExitCode.PASSED if comparison.alike else ExitCode.FAILED
    if chosen == "text":
        text = render(comparison, "text").removesuffix("\n")
        console.write(f"{text}: exit {int(code)}\n")
        return code
    console.write(render(comparison, chosen))
    if not namespace.quiet:
        text = render(comparison, "text").removesuffix("\n")
        for line in f"{text}: exit {int(code)}".split("\n"):
            console.say(line)
    return code
