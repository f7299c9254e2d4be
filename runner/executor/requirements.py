"""Whether an engine is what a scenario requires."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runner.api import operations
from runner.engine import requests
from runner.engine.transport import Deadline
from runner.executor.response.reader import Reader
from runner.scenario.checks.api_versions import unmet_bound

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.scenario.model import Requires

_ASK_TIME = 10.0


def unmet(requires: Requires, engine: Engine) -> str | None:
    """Why the engine does not meet the requirements, or None.

    Raises:
        RunnerError: the engine can't be asked for its swarm.
    """
    bound = unmet_bound(requires.api, engine.api_version)
    if bound is not None:
        return f"needs API {bound}; this engine speaks {engine.api_version}"
    if requires.engine is not None and requires.engine.lower() != engine.name.lower():
        return f"needs {requires.engine}; this engine is {engine.name}"
    if requires.swarm is not None and _is_manager(engine) is not requires.swarm:
        return "needs a swarm manager" if requires.swarm else "needs an engine outside of any swarm"
    return None


def _is_manager(engine: Engine) -> bool:
    if engine.swarm is not None:
        return engine.swarm == "active/manager"
    info = operations.find("system.info")
    assert info is not None
    deadline = Deadline.after(_ASK_TIME)
    response = engine.send(requests.build(info, {}, api_version=engine.api_version), deadline)
    try:
        body = Reader(response, deadline, None).value().body
    finally:
        response.close()
    swarm = body.get("Swarm") if isinstance(body, Mapping) else None
    return isinstance(swarm, Mapping) and bool(swarm.get("ControlAvailable"))
