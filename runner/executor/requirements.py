"""Checks an engine against a scenario's ``requires``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from runner.engine.transport import Deadline
from runner.executor.response.ask import ask
from runner.scenario.checks.api_versions import unmet_bound

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.scenario.model import Requires

_TIMEOUT: Final = 10.0
"""Seconds to ask an engine for the state of its swarm."""


def unmet(requires: Requires, engine: Engine) -> str | None:
    """Return why the engine does not meet the requirements, or None.

    Raises:
        RunnerError: the engine can't be asked for the state of its swarm.
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
    body = ask(engine, "system.info", {}, Deadline.after(_TIMEOUT)).body
    swarm = body.get("Swarm") if isinstance(body, Mapping) else None
    return isinstance(swarm, Mapping) and bool(swarm.get("ControlAvailable"))
