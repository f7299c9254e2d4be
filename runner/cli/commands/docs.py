"""Implements ``run docs PAGE.md…``: fill the marked places of Markdown pages with the results of their scenarios."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.cli import options
from runner.cli.execution import carry_out, finish
from runner.cli.opening import open_scenarios
from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.cli.output.progress import Progress
from runner.errors import ExitCode, StaleDocument, UsageError
from runner.files import check_writable
from runner.library.access import FileAccess
from runner.library.arguments import Parser
from runner.library.documents.filling import read_pages, stale_pages, write_page
from runner.library.documents.marks import Mark, MarkDefaults, RunKey, check_part, mark_of
from runner.library.scenarios import ScenarioFile
from runner.library.settings import EngineSettings, RunSettings
from runner.report.markdown import slots
from runner.report.markdown.flavours import flavour_named, languages_named
from runner.report.markdown.mark_syntax import syntax_of
from runner.text import count, visible
from runner.valid_texts import cache_folder

if TYPE_CHECKING:
    from runner.results.records import Report
    from runner.scenario.model import Scenario

USAGE = "run docs PAGE.md… [options]"
DESCRIPTION = """\
Fill the marked places of pages: a line <!-- run: scenario.yaml [options] --> begins one, a line <!-- /run --> ends it
(.mdx: {/* run: … */}, .rst: .. run: …, .adoc: // run: …). Between them goes the page that running the scenario gives,
its headings below those around it. Everything else is left unchanged. Nothing is written if any step fails."""
EXAMPLES = """\
options inside a mark (paths are relative to the page):
  --replay [FILE]    from the recording, without an engine (default: recordings/NAME.json beside the scenario)
  --var NAME=VALUE   set a variable
  #FIRST..LAST       behind the file's name: only these steps, by their ids; several parts show one run
  --no-title         leave the scenario's title out
  --lang curl,…      the languages of snippets, the first one open
  --flavour NAME     how the site writes tabs and notes: github mkdocs myst mdx rst asciidoc
  --contents         with a table of contents
  --diagram          with a sequence diagram
  --live             real ids, times and addresses instead of placeholders

examples:
  run docs docs                         run what the pages of a folder name, and write them
  run docs docs/*.md --check            change nothing; exit code 5 and a diff if a page is stale
  run docs guide.md --replay            from recordings, whatever the marks say"""


class Settings(NamedTuple):
    """The arguments of the verb."""

    pages: Sequence[Path]
    engine: EngineSettings
    values: options.Values
    check: bool
    marks: MarkDefaults
    quiet: bool
    access: FileAccess

    def variables(self, key: RunKey) -> dict[str, Any]:
        """Return the variables of a run: those of its mark outrank those of the command."""
        return {**self.values.variables, **dict(key.variables)}

    def access_of(self, key: RunKey) -> FileAccess:
        """Return what a run may read and write; no trust is needed to check a page, nor to replay."""
        return self.access._replace(confined=self.check or key.replay is not None)


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code."""
    settings = _settings(options.parse(parser(console), arguments, console), console)
    pages = read_pages(settings.pages)
    for page in () if settings.check else pages:
        check_writable(Path(page.name).resolve())
    marks = {page: [mark_of(page, slot, settings.marks) for slot in page.slots] for page in pages}
    keys = list(dict.fromkeys(mark.key for row in marks.values() for mark in row))
    scenarios, invalid = _open_all(keys, settings, console)
    if invalid:
        console.say(f"nothing was sent: {count(invalid, 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return ExitCode.INVALID
    _check_parts(marks, scenarios)
    reports, code = _run_all(scenarios, settings, console)
    if code is not ExitCode.PASSED:
        console.say("no page was changed")
        return code
    stale = stale_pages(marks, reports)
    if settings.check:
        for page in () if settings.quiet else pages:
            if not page.slots:
                console.say(f"{page.name}: {_untouched(page)}")
        return _check(stale, arguments, console)
    for page, text in stale.items():
        write_page(page, text)
    for page in () if settings.quiet else pages:
        console.say(f"{page.name}: {'written' if page in stale else _untouched(page)}")
    return ExitCode.PASSED


def _untouched(page: slots.Page) -> str:
    return "nothing to change" if page.slots else f"no marks, nothing to fill; {syntax_of(page.name).form}"


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run docs", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("page", nargs="*", metavar="PAGE.md", help="a page (.md .mdx .rst .adoc), or a folder of pages")
    parser.add_argument("--check", action="store_true", help="change nothing, and report which pages are stale")
    parser.add_argument("--replay", action="store_true", help="run from the recordings beside the scenarios")
    parser.add_argument(
        "--lang",
        metavar="NAME,…",
        help="the languages of snippets, the first one open: curl,docker-cli,docker-py,requests",
    )
    parser.add_argument(
        "--flavour", metavar="NAME", help="how the site writes tabs and notes: github, mkdocs, myst, mdx, rst, asciidoc"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr")
    options.add_engine(parser)
    options.add_values(parser)
    options.add_files(parser)
    options.add_common(parser)
    return parser


def _settings(namespace: argparse.Namespace, console: Console) -> Settings:
    if not namespace.page:
        raise UsageError(
            "wrong-use", "which page? Name a page or a folder of pages", hint="for example: run docs docs/*.md"
        )
    return Settings(
        pages=[Path(name) for name in namespace.page],
        engine=options.engine_settings(namespace),
        values=options.values(namespace, console),
        check=namespace.check,
        marks=MarkDefaults(
            replay=namespace.replay,
            languages=languages_named(namespace.lang) if namespace.lang is not None else None,
            flavour=flavour_named(namespace.flavour) if namespace.flavour is not None else None,
        ),
        quiet=namespace.quiet,
        access=options.access(namespace, confined=namespace.check),
    )


def _open_all(keys: Sequence[RunKey], settings: Settings, console: Console) -> tuple[dict[RunKey, Scenario], int]:
    """Open the scenario of each run; return them, and how many are invalid.

    Raises:
        UsageError: ``undeclared-variable``, ``bad-variable``.
    """
    from runner.library.variables import check_declared, check_types

    scenarios: dict[RunKey, Scenario] = {}
    invalid = 0
    for key in keys:
        file = ScenarioFile(key.scenario, str(key.scenario))
        opened, number = open_scenarios(console, [file], settings.variables(key), settings.access_of(key))
        if len(opened) > 1:
            hint = "give its variables one value each: <!-- run: x.yaml --var NAME=VALUE -->"
            raise UsageError("wrong-use", f"{key.scenario} has a matrix, and a page shows one run", hint=hint)
        scenarios.update((key, scenario) for scenario in opened)
        invalid += number
    if not invalid:
        check_declared(settings.values.variables, scenarios.values())
        for key, scenario in scenarios.items():
            check_declared(dict(key.variables), [scenario])
            check_types(settings.variables(key), [scenario])
    return scenarios, invalid


def _check_parts(marks: Mapping[slots.Page, Sequence[Mark]], scenarios: Mapping[RunKey, Scenario]) -> None:
    """Check the steps that marks name.

    Raises:
        InvalidScenario: ``bad-mark``.
    """
    for page, row in marks.items():
        for mark, slot in zip(row, page.slots, strict=True):
            check_part(mark, slot, scenarios[mark.key])


def _run_all(
    runs: Mapping[RunKey, Scenario], settings: Settings, console: Console
) -> tuple[dict[RunKey, Report], ExitCode]:
    """Return the report of each run, and the first exit code that is not 0. All that the runs need is opened before
    the first begins."""
    from runner.library.runs import prepare

    progress = Progress(console, quiet=settings.quiet)
    reports: dict[RunKey, Report] = {}
    with contextlib.ExitStack() as stack:
        prepared = []
        for key, scenario in runs.items():
            run_settings = RunSettings(
                engine=settings.engine,
                values=settings.variables(key),
                secrets=settings.values.secrets,
                recording=key.replay,
                access=settings.access_of(key),
                cache=cache_folder(console.environment),
            )
            run = stack.enter_context(prepare((scenario,), run_settings, console.environment))
            prepared.append((key, run))
        for key, run in prepared:
            for warning in () if settings.quiet else run.warnings:
                diagnostics.show_diagnostic(console, warning)
            outcome = carry_out(run, console, progress.show)
            finish(run, console, quiet=settings.quiet)
            if outcome.report.status != "passed":
                code = outcome.exit_code
                return reports, ExitCode.FAILED if code is ExitCode.PASSED else code
            reports[key] = outcome.report
    return reports, ExitCode.PASSED


def _check(stale: Mapping[slots.Page, str], arguments: Sequence[str], console: Console) -> ExitCode:
    for page, text in stale.items():
        old, new = page.text.split("\n"), text.split("\n")
        for line in difflib.unified_diff(old, new, page.name, f"{page.name} (now)", lineterm=""):
            console.write(f"{visible(line)}\n")
    if not stale:
        return ExitCode.PASSED
    names = ", ".join(page.name for page in stale)
    command = shlex.join(["run", "docs", *(word for word in arguments if word != "--check")])
    message = f"{names} {'is' if len(stale) == 1 else 'are'} stale"
    raise StaleDocument("stale-document", message, hint=f"update it with: {console.secrets.text(command)}")
