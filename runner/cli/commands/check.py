"""Implements ``run check SCENARIO…``: everything that can be found out without an engine."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runner.cli import options
from runner.cli.opening import check_scenarios, named_files
from runner.cli.output.console import Console
from runner.errors import ExitCode, UsageError
from runner.library.arguments import Parser
from runner.library.scenarios import Checked, check_files
from runner.text import count
from runner.valid_texts import cache_folder

USAGE = "run check SCENARIO… [options]"
DESCRIPTION = """\
Check scenarios without an engine: YAML, schema, names that are not defined or used before they are set, unknown ids.
Nothing is sent."""
EXAMPLES = """\
examples:
  run check scenarios
  run check x.yaml --var image=alpine     a variable that the file does not define itself
  run check x.yaml --strict               warnings count as errors
  run check x.yaml --api 1.41             report what this API version lacks
  run check . --format sarif > x.sarif    for code hosts; json and github (annotations) too"""


FORMATS = ("text", "json", "sarif", "github")


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run check", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="a scenario file, or a folder of them")
    options.add_values(parser)
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    parser.add_argument("--api", metavar="X.YY", help="report what this API version lacks")
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="text to stderr (default), or json, sarif, github to stdout"
    )
    options.add_files(parser, write=False)
    options.add_common(parser)
    return parser


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code."""
    namespace = options.parse(parser(console), arguments, console)
    api: str | None = namespace.api
    if api is not None and not re.fullmatch(r"[0-9]+\.[0-9]+", api):
        raise UsageError("wrong-use", f"--api {api}: a version such as 1.41 is expected")
    variables = options.variables(namespace, console.environment)
    strict: bool = namespace.strict
    access = options.access(namespace, confined=True)
    files = named_files(console, namespace.scenario)
    if namespace.format == "text":
        invalid = check_scenarios(console, files, variables, access, strict=strict, api_version=api)
    else:
        checked = check_files(files, variables, cache=cache_folder(console.environment), api_version=api, access=access)
        console.write(_report(checked, namespace.format, strict=strict))
        invalid = sum(not _is_valid(result, strict=strict) for result in checked)
    if invalid:
        console.say(f"{invalid} of {count(len(files), 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return ExitCode.INVALID
    if namespace.format == "text":
        console.write(f"{count(len(files), 'scenario')}: nothing wrong\n")
    return ExitCode.PASSED


def _report(checked: Sequence[Checked], name: str, *, strict: bool) -> str:
    from runner.report.findings import FORMATS as REPORTS
    from runner.report.findings import Findings

    return REPORTS[name]([Findings(one.file.name, _is_valid(one, strict=strict), one.diagnostics) for one in checked])


def _is_valid(result: Checked, *, strict: bool) -> bool:
    return not (result.errors or (strict and result.warnings))
