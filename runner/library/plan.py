"""Prints the requests of a scenario as a script of ``curl`` commands, without sending them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runner.api.operations import newest_api
from runner.engine.engine import Engine
from runner.executor.context import Options
from runner.executor.plan import NoTransport, plan, symbol
from runner.library.access import CONFINED, FileAccess
from runner.library.scenarios import secret_names
from runner.text import visible

if TYPE_CHECKING:
    from runner.engine.docker_config.endpoint import Endpoint
    from runner.executor.plan import Planned
    from runner.report.snippets.session import Setup
    from runner.report.snippets.shell.curl import Script
    from runner.scenario.model import Scenario


def plan_script(
    scenario: Scenario,
    endpoint: Endpoint,
    variables: Mapping[str, Any],
    api_version: str | None = None,
    access: FileAccess = CONFINED,
) -> str:
    """Return a scenario as a bash script for an engine at ``endpoint`` that speaks ``api_version`` (default: the newest
    known one).

    Raises:
        UsageError: a variable has no value.
    """
    engine = Engine(endpoint, NoTransport(), "docker", "", api_version or newest_api())
    secrets = {name: symbol(name) for name in secret_names(scenario)}
    options = Options(values=variables, secrets=secrets, confined=True, allow_read=access.read)
    return _script(scenario, list(plan(scenario, engine, options)), endpoint.url)


def _script(scenario: Scenario, steps: Sequence[Planned], endpoint: str) -> str:
    """Return a scenario as a script; what its steps need to know beforehand is at its beginning."""
    from runner.report.snippets.shell.curl import Script

    script = Script(endpoint, [planned.record for planned in steps])
    secrets = {name: script.learn(name, symbol(name)) for name in sorted(secret_names(scenario))}
    lines = [f"# {_one_line(scenario.title)}"]
    lines += [f': "${{{variable}:?set this secret first}}"' for variable in secrets.values()]
    setups: dict[Setup, None] = {}
    body = [line for planned in steps for line in _step(planned, script, setups)]
    return "\n".join([*lines, *(setup.code for setup in setups), *body]) + "\n"


def _step(planned: Planned, script: Script, setups: dict[Setup, None]) -> Iterator[str]:
    """Yield the lines of a step, and add to ``setups`` what they need before them."""
    from runner.report.snippets.session import Gap, Snippet
    from runner.report.wording import title_of

    record = planned.record
    yield ""
    yield f"# {_one_line(title_of(record))}"
    yield from (f"#   {_one_line(note)}" for note in planned.notes)
    if planned.element is not None:
        script.learn(planned.element, symbol(planned.element))
    match script.snippet(record):
        case Snippet() as snippet:
            setups.update(dict.fromkeys(snippet.setups))
            yield snippet.code
        case Gap(reason) if record.request is not None:
            request = record.request
            yield f"#   {request.method} {_one_line(request.path)}: curl can't make this call: {_one_line(reason)}"


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))
