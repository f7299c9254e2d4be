"""``run check SCENARIO…``: everything that can be known without an engine."""

from __future__ import annotations

import re

from runner.cli import options as shared
from runner.cli.output import colours, diagnostics
from runner.cli.scenarios import open_all, scenario_files
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
  run check x.yaml --api 1.41             what it uses that this API version lacks"""


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    parser = shared.parser("run check", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="a scenario file, or a folder of them")
    shared.add_values(parser)
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    parser.add_argument("--api", metavar="X.YY", help="say what this API version lacks of what the scenarios use")
    shared.add_common(parser)
    given = parser.parse_args(arguments)
    if given.no_color:
        colours.switch_off()
    if given.api is not None and not re.fullmatch(r"[0-9]+\.[0-9]+", given.api):
        raise UsageError("wrong-use", f"--api {given.api}: a version such as 1.41 is expected")
    environment = shared.environment()
    values = shared.given_values(given, environment)
    files = scenario_files(given.scenario)
    _, invalid = open_all(files, values, environment, strict=given.strict, api_version=given.api)
    if invalid:
        diagnostics.say(f"{invalid} of {count(len(files), 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return ExitCode.INVALID
    print(f"{count(len(files), 'scenario')}: nothing wrong")
    return 0
