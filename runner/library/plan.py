"""Prints the requests of a scenario as a script of ``curl`` commands, without sending them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runner.api.operations import newest_api
from runner.engine.engine import Engine
from runner.executor.context import Options
from runner.executor.plan import NoTransport, plan, symbol
from runner.library.scenarios import secret_names
from runner.text import visible

if TYPE_CHECKING:
    from runner.engine.docker_config.endpoint import Endpoint
    from runner.executor.plan import Planned
    from runner.report.snippets.curl import Script
    from runner.scenario.model import Scenario


def plan_script(
    scenario: Scenario, endpoint: Endpoint, variables: Mapping[str, Any], api_version: str | None = None
) -> str:
    """Return a scenario as a bash script for an engine at ``endpoint`` that speaks ``api_version`` (default: the newest
    known one).

    Raises:
        UsageError: a variable has no value.
    """
    engine = Engine(endpoint, NoTransport(), "docker", "", api_version or newest_api())
    options = Options(values=variables, secrets={name: symbol(name) for name in secret_names(scenario)})
    return _script(scenario, list(plan(scenario, engine, options)), endpoint.url)


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
