"""``run plan SCENARIO…``: the requests as commands to paste, sent nowhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from runner.cli import options as shared
from runner.cli.connection import endpoint_as_asked
from runner.cli.output import colours, diagnostics
from runner.cli.scenarios import open_all, scenario_files
from runner.cli.sources import secret_names
from runner.errors import ExitCode
from runner.executor.context import Options
from runner.executor.plan import NoTransport, plan, symbol
from runner.text import count, visible

if TYPE_CHECKING:
    from runner.executor.plan import Planned
    from runner.report.snippets.curl import Script
    from runner.scenario.model import Scenario

USAGE = "run plan SCENARIO… [options]"
DESCRIPTION = """\
Print what scenarios would send, as curl commands for bash; nothing is sent. A captured value is a shell variable, set
by the command that brings it. What depends on an answer in any other way stands as a comment with its expression."""
EXAMPLES = """\
examples:
  run plan x.yaml
  run plan x.yaml --var image=busybox --api-version 1.45
  run plan x.yaml > x.sh && bash x.sh          (needs curl and jq)"""


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    from runner.api.operations import newest_api
    from runner.engine.engine import Engine

    parser = shared.parser("run plan", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="a scenario file, or a folder of them")
    shared.add_engine(parser)
    shared.add_values(parser)
    shared.add_common(parser)
    given = parser.parse_args(arguments)
    if given.no_color:
        colours.switch_off()
    environment = shared.environment()
    values = shared.given_values(given, environment)
    scenarios, invalid = open_all(scenario_files(given.scenario), values, environment)
    if invalid:
        diagnostics.say(f"{count(invalid, 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return ExitCode.INVALID
    endpoint = endpoint_as_asked(given, environment)
    version = given.api_version or environment.get("DOCKER_API_VERSION") or newest_api()
    engine = Engine(endpoint, NoTransport(), "docker", "", version)
    texts = []
    for scenario in scenarios:
        options = Options(values=values, secrets={name: symbol(name) for name in secret_names(scenario)})
        texts.append(_script(scenario, list(plan(scenario, engine, options)), endpoint.url))
    sys.stdout.write("\n".join(texts))
    sys.stdout.flush()
    return 0


def _script(scenario: Scenario, steps: Sequence[Planned], endpoint: str) -> str:
    """A scenario as a script; what a step needs to be known before it stands at its beginning."""
    from runner.report.snippets.curl import UNFRAME, Script, needs_unframe

    script = Script(endpoint, [one.record for one in steps])
    lines = [f"# {_one_line(scenario.title)}"]
    for name in sorted(secret_names(scenario)):
        script.learn(name, symbol(name))
        lines.append(f': "${{{name}:?set this secret first}}"')
    body = "\n".join(line for one in steps for line in _step(one, script))
    if needs_unframe(body):
        lines.append(UNFRAME)
    return "\n".join([*lines, body]) + "\n"


def _step(planned: Planned, script: Script) -> Iterator[str]:
    from runner.report.wording import title_of

    record = planned.record
    yield ""
    yield f"# {_one_line(title_of(record))}"
    yield from (f"#   {_one_line(note)}" for note in planned.notes)
    if planned.element is not None:
        script.learn(planned.element, symbol(planned.element))
    command = script.command(record)
    if command is not None:
        yield command
    elif record.request is not None:
        yield f"#   {record.request.method} {_one_line(record.request.path)}: curl can't send its input"
    if record.kind == "set":
        return
    for name in record.captured:
        if command is None or not script.knows(record, name):
            source = record.capture_sources.get(name)
            yield f"#   ${name} is: {_one_line(source.text if source else name)}"
            script.learn(name, symbol(name))


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))
