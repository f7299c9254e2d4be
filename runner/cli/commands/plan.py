"""Implements ``run plan SCENARIO…``: print the requests as commands to paste; nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from runner.cli import options
from runner.cli.opening import named_files, open_scenarios
from runner.cli.output.console import Console
from runner.engine.docker_config.resolve import resolve
from runner.errors import ExitCode
from runner.executor.context import Options
from runner.executor.plan import NoTransport, plan, symbol
from runner.library.connection import api_version_of
from runner.library.scenarios import secret_names
from runner.text import count, visible

if TYPE_CHECKING:
    from runner.executor.plan import Planned
    from runner.report.snippets.curl import Script
    from runner.scenario.model import Scenario

USAGE = "run plan SCENARIO… [options]"
DESCRIPTION = """\
Print what scenarios would send, as curl commands for bash; nothing is sent. A captured value is a shell variable, set
by the command that captures it. Other values that depend on a response are comments with their expression."""
EXAMPLES = """\
examples:
  run plan x.yaml
  run plan x.yaml --var image=busybox --api-version 1.45
  run plan x.yaml > x.sh && bash x.sh          (needs curl and jq)"""


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code."""
    from runner.api.operations import newest_api
    from runner.engine.engine import Engine

    parser = options.parser(console, "run plan", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="a scenario file, or a folder of them")
    options.add_engine(parser)
    options.add_values(parser)
    options.add_common(parser)
    namespace = options.parse(parser, arguments, console)
    variables = options.variables(namespace, console.environment)
    selected = options.engine_settings(namespace)
    scenarios, invalid = open_scenarios(console, named_files(namespace.scenario), variables)
    if invalid:
        console.say(f"{count(invalid, 'scenario')} {'is' if invalid == 1 else 'are'} invalid")
        return ExitCode.INVALID
    endpoint = resolve(selected.options, console.environment)
    version = api_version_of(selected, console.environment) or newest_api()
    engine = Engine(endpoint, NoTransport(), "docker", "", version)
    texts = []
    for scenario in scenarios:
        run_options = Options(values=variables, secrets={name: symbol(name) for name in secret_names(scenario)})
        texts.append(_script(scenario, list(plan(scenario, engine, run_options)), endpoint.url))
    console.write("\n".join(texts))
    return ExitCode.PASSED


def _script(scenario: Scenario, steps: Sequence[Planned], endpoint: str) -> str:
    """Return a scenario as a script; what its steps need to know beforehand is at its beginning."""
    from runner.report.snippets.curl import UNFRAME, Script, needs_unframe

    script = Script(endpoint, [planned.record for planned in steps])
    lines = [f"# {_one_line(scenario.title)}"]
    for name in sorted(secret_names(scenario)):
        script.learn(name, symbol(name))
        lines.append(f': "${{{name}:?set this secret first}}"')
    body = "\n".join(line for planned in steps for line in _step(planned, script))
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
