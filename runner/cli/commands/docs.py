"""``run docs PAGE.md…``: fill the marked places of Markdown pages with what their scenarios really do."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from runner.cli import options as shared
from runner.cli import sources
from runner.cli.connection import configured_credentials
from runner.cli.execution import play
from runner.cli.output import colours, diagnostics
from runner.cli.output.progress import Progress
from runner.cli.scenarios import open_all
from runner.errors import Diagnostic, ExitCode, InvalidScenario, StaleDocument, UsageError
from runner.executor.context import Options
from runner.files import check_writable, write_bytes
from runner.masking import Masker
from runner.report.markdown import slots
from runner.text import count, visible

if TYPE_CHECKING:
    from runner.results.records import Report
    from runner.scenario.model import Scenario

USAGE = "run docs PAGE.md… [options]"
DESCRIPTION = """\
Fill the marked places of Markdown pages: a line <!-- run: scenario.yaml [options] --> begins one, a line <!-- /run -->
ends it. Between them comes the page that running the scenario gives, its headings below those around it. All else
stays as it is. Nothing is written if any step fails."""
EXAMPLES = """\
options inside a mark (paths are relative to the page):
  --replay [FILE]    from the recording, without an engine (default: recordings/NAME.json beside the scenario)
  --var NAME=VALUE   set a variable
  --no-title         leave the scenario's title out
  --contents         with a table of contents
  --diagram          with a sequence diagram
  --live             everything as it really came, instead of placeholders

examples:
  run docs docs/*.md                    run what the pages name, and write them
  run docs docs/*.md --check            change nothing; exit code 5 and a diff if a page is stale
  run docs guide.md --replay            from recordings, whatever the marks say"""


Run: TypeAlias = tuple[Path, str | None, tuple[tuple[str, Any], ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What one mark asks for."""

    scenario: Path
    replay: str | None
    values: Mapping[str, Any]
    title: bool
    contents: bool
    diagram: bool
    stable: bool

    @property
    def run(self) -> Run:
        """Equal for marks that one run can fill."""
        return self.scenario, self.replay, tuple(self.values.items())

    def markdown(self, slot: slots.Slot, report: Report) -> str:
        """What comes into the place."""
        from runner.report.markdown.page import render
        from runner.report.stable.stabilise import stabilise

        text = render(stabilise(report) if self.stable else report, contents=self.contents, diagram=self.diagram)
        return slots.nested(text, slot.level, title=self.title)


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    given = _parser().parse_args(arguments)
    if given.no_color:
        colours.switch_off()
    if not given.page:
        raise UsageError("wrong-use", "which page? Name a Markdown file", hint="for example: run docs docs/*.md")
    environment = shared.environment()
    values, secrets = shared.given_values(given, environment), shared.given_secrets(given, environment)
    opened = _pages([Path(name) for name in given.page])
    for page in () if given.check else opened:
        check_writable(Path(page.name).resolve())
    wanted = {page: [_wanted(page, slot, given) for slot in page.slots] for page in opened}
    runs = {one.run: one for row in wanted.values() for one in row}
    files = [(one.scenario, str(one.scenario)) for one in runs.values()]
    names = {*values, *(name for one in runs.values() for name in one.values)}
    scenarios, invalid = open_all(files, names, environment)
    if invalid:
        diagnostics.say(f"nothing was sent: {count(invalid, 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return ExitCode.INVALID
    reports, code = _run_all(dict(zip(runs.values(), scenarios, strict=True)), values, secrets, given, environment)
    if code:
        diagnostics.say("no page was changed")
        return code
    stale = {}
    for page, row in wanted.items():
        text = page.filled([one.markdown(slot, reports[one.run]) for one, slot in zip(row, page.slots, strict=True)])
        if text != page.text:
            stale[page] = text
    if given.check:
        return _check(stale, arguments, secrets)
    for page, text in stale.items():
        write_bytes(Path(page.name).resolve(), text.encode("utf-8", "surrogateescape"))
    if not given.quiet:
        for page in opened:
            diagnostics.say(f"{page.name}: {'written' if page in stale else 'nothing to change'}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = shared.parser("run docs", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("page", nargs="*", metavar="PAGE.md", help="a page of Markdown")
    parser.add_argument("--check", action="store_true", help="change nothing, and say which pages are stale")
    parser.add_argument("--replay", action="store_true", help="run from the recordings beside the scenarios")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr")
    shared.add_engine(parser)
    shared.add_values(parser)
    shared.add_common(parser)
    return parser


def _mark_parser() -> argparse.ArgumentParser:
    parser = shared.Parser(prog="run", add_help=False, allow_abbrev=False)
    parser.add_argument("scenario")
    parser.add_argument("--replay", nargs="?", const="")
    parser.add_argument("--var", action="append", default=[])
    parser.add_argument("--no-title", action="store_false", dest="title")
    parser.add_argument("--contents", action="store_true")
    parser.add_argument("--diagram", action="store_true")
    parser.add_argument("--live", action="store_true")
    parser.set_defaults(vars_file=[])
    return parser


def _pages(paths: Sequence[Path]) -> list[slots.Page]:
    found: list[slots.Page] = []
    wrong: list[Diagnostic] = []
    for path in dict.fromkeys(paths):
        try:
            text = path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise UsageError("no-such-file", f"{path} can't be read: {error.strerror}") from None
        try:
            found.append(slots.parse(str(path), text))
        except InvalidScenario as error:
            wrong += error.diagnostics
    if wrong:
        raise InvalidScenario(tuple(wrong))
    return found


def _wanted(page: slots.Page, slot: slots.Slot, given: argparse.Namespace) -> Wanted:
    """What a mark asks for.

    Raises:
        InvalidScenario: ``bad-mark``, an option that there is not, or a file.
    """
    folder = Path(page.name).parent
    try:
        words = sources.unambiguous(shlex.split(slot.words))
        options = _mark_parser().parse_args(words)
        values = shared.given_values(options, {})
        scenario = _file(folder / options.scenario)
    except (UsageError, ValueError) as error:
        message, hint = (error.message, error.hint) if isinstance(error, UsageError) else (str(error), None)
        hint = hint if hint and "--help" not in hint else "run docs --help lists the options of a mark"
        raise InvalidScenario((Diagnostic("bad-mark", message, slot.place, hint),)) from None
    replay = str(folder / options.replay) if options.replay else options.replay
    return Wanted(
        scenario=scenario,
        replay="" if replay is None and given.replay else replay,
        values=values,
        title=options.title,
        contents=options.contents,
        diagram=options.diagram,
        stable=not options.live,
    )


def _options(values: Mapping[str, Any], secrets: Mapping[str, str], environment: Mapping[str, str]) -> Options:
    return Options(values=values, secrets=secrets, credentials=configured_credentials(environment))


def _file(path: Path) -> Path:
    if not path.is_file():
        raise UsageError("no-such-file", f"there is no file {path}")
    return Path(os.path.normpath(path))


def _run_all(
    runs: Mapping[Wanted, Scenario],
    values: Mapping[str, Any],
    secrets: Mapping[str, str],
    given: argparse.Namespace,
    environment: Mapping[str, str],
) -> tuple[dict[Run, Report], int]:
    """The report of each run, and the first exit code that is not 0. All that runs need is opened before the first."""
    progress = Progress(quiet=given.quiet)
    reports: dict[Run, Report] = {}
    with contextlib.ExitStack() as stack:
        ready = []
        for one, scenario in runs.items():
            asked = argparse.Namespace(**{**vars(given), "replay": one.replay, "record": None})
            known = sources.secrets_for(asked, (scenario,), secrets)
            options = _options({**values, **one.values}, known, environment)
            source = sources.open_source(asked, (scenario,), options, environment)
            stack.callback(source.close)
            ready.append((one, source, options))
        for one, source, options in ready:
            played = play(source, options, progress.show)
            source.finish(played.report, interrupted=played.signal is not None)
            if played.report.status != "passed":
                return reports, played.exit_code or 1
            reports[one.run] = played.report
    return reports, 0


def _check(stale: Mapping[slots.Page, str], arguments: Sequence[str], secrets: Mapping[str, str]) -> int:
    for page, text in stale.items():
        old, new = page.text.split("\n"), text.split("\n")
        for line in difflib.unified_diff(old, new, page.name, f"{page.name} (now)", lineterm=""):
            print(visible(line))
    sys.stdout.flush()
    if not stale:
        return 0
    names = ", ".join(page.name for page in stale)
    command = shlex.join(["run", "docs", *(word for word in arguments if word != "--check")])
    message = f"{names} {'is' if len(stale) == 1 else 'are'} stale"
    raise StaleDocument("stale-document", message, hint=f"mend it with: {Masker(secrets.values()).text(command)}")
