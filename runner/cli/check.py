"""``run check SCENARIO…``: everything that can be known without an engine."""

from __future__ import annotations

from runner.cli import colours, problems
from runner.cli import options as shared
from runner.cli.files import count, open_all, scenario_files

USAGE = "run check SCENARIO… [options]"
DESCRIPTION = """\
Check scenarios without an engine: YAML, schema, names that are not defined or used before they are set, unknown ids.
Nothing is sent."""
EXAMPLES = """\
examples:
  run check scenarios
  run check x.yaml --var image=alpine     a variable that the file does not define itself
  run check x.yaml --strict               warnings count as errors"""
INVALID = 3


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    parser = shared.parser("run check", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="a scenario file, or a folder of them")
    shared.add_values(parser)
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    shared.add_common(parser)
    given = parser.parse_args(arguments)
    if given.no_color:
        colours.switch_off()
    environment = shared.environment()
    values = shared.given_values(given, environment)
    files = scenario_files(given.scenario)
    _, invalid = open_all(files, values, environment, strict=given.strict)
    if invalid:
        problems.say(f"{invalid} of {count(len(files), 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return INVALID
    print(f"{count(len(files), 'scenario')}: nothing wrong")
    return 0
