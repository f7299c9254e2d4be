"""Asks an engine what it has, while a run cleans up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runner.engine.engine import Engine
from runner.engine.transport import Deadline
from runner.errors import DeadlineExceeded, EngineError
from runner.executor.response.ask import Reply, ask

_SECONDS: Final = 15.0
"""Seconds that an engine has for one response."""


def look(engine: Engine, operation_name: str, params: Mapping[str, Any], deadline: Deadline) -> Reply:
    """Call an operation that only reads. A connection that breaks, or is silent for :data:`_SECONDS`, is given a second
    try: without the response, what a run has made would stay.

    Raises:
        RunnerError: the engine can't be asked.
    """
    try:
        return ask(engine, operation_name, params, deadline.sooner(Deadline.after(_SECONDS)))
    except (EngineError, DeadlineExceeded):
        if deadline.passed:
            raise
    return ask(engine, operation_name, params, deadline.sooner(Deadline.after(_SECONDS)))
