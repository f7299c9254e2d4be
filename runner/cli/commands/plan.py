"""Implements ``run plan SCENARIO…``: print the requests as commands to paste; nothing is sent."""

from __future__ import annotations

from runner.cli import options
from runner.cli.opening import named_files, open_scenarios
from runner.cli.output.console import Console
from runner.errors import ExitCode
from runner.library.arguments import Parser
from runner.text import count

USAGE = "run plan SCENARIO… [options]"
DESCRIPTION = """\
Print what scenarios would send, as curl commands for bash; nothing is sent. A captured value is a shell variable, set
by the command that captures it. Other values that depend on a response are comments with their expression."""
EXAMPLES = """\
examples:
  run plan x.yaml
  run plan x.yaml --var image=busybox --api-version 1.45
  run plan x.yaml > x.sh && bash x.sh          (needs curl and jq)"""


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run plan", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="a scenario file, or a folder of them")
    options.add_engine(parser)
    options.add_values(parser)
    options.add_files(parser, write=False)
    options.add_common(parser)
    return parser


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code."""
    namespace = options.parse(parser(console), arguments, console)
    variables = options.variables(namespace, console.environment)
    selected = options.engine_settings(namespace)
    access = options.access(namespace, confined=True)
    scenarios, invalid = open_scenarios(console, named_files(console, namespace.scenario), variables, access)
    if invalid:
        console.say(f"{count(invalid, 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return ExitCode.INVALID
    from runner.engine.docker_config.resolve import resolve
    from runner.library.connection import api_version_of
    from runner.library.plan import plan_script
    from runner.library.variables import check_variables

    check_variables(variables, scenarios)
    endpoint = resolve(selected.options, console.environment)
    version = api_version_of(selected, console.environment)
    console.write("\n".join(plan_script(scenario, endpoint, variables, version, access) for scenario in scenarios))
    return ExitCode.PASSED
