"""Implements ``run check SCENARIO…``: everything that can be found out without an engine."""

from __future__ import annotations

import re

from runner.cli import options
from runner.cli.opening import named_files, open_scenarios
from runner.cli.output.console import Console
from runner.errors import ExitCode, UsageError
from runner.text import count

USAGE = "run check SCENARIO… [options]"
DESCRIPTION = """\
Check scenarios without an engine: YAML, schema, names that are not defined or used before they are set, unknown ids.
Nothing is sent."""
EXAMPLES = """\
examples:
  run check scenarios
  run check x.yaml --var image=alpine     a variable that the file does not define itself
  run check x.yaml --strict               warnings count as errors
  run check x.yaml --api 1.41             report what this API version lacks"""


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code."""
    parser = options.parser(console, "run check", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="a scenario file, or a folder of them")
    options.add_values(parser)
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    parser.add_argument("--api", metavar="X.YY", help="report what this API version lacks")
    options.add_common(parser)
    namespace = options.parse(parser, arguments, console)
    api: str | None = namespace.api
    if api is not None and not re.fullmatch(r"[0-9]+\.[0-9]+", api):
        raise UsageError("wrong-use", f"--api {api}: a version such as 1.41 is expected")
    variables = options.variables(namespace, console.environment)
    files = named_files(namespace.scenario)
    _, invalid = open_scenarios(console, files, variables, strict=namespace.strict, api_version=api)
    if invalid:
        console.say(f"{invalid} of {count(len(files), 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return ExitCode.INVALID
    console.write(f"{count(len(files), 'scenario')}: nothing wrong\n")
    return ExitCode.PASSED
