"""Finds out whether output comes from a TTY, and so is raw instead of multiplexed.

Before API 1.42 the response's media type doesn't tell. TTYs that this run has created are known
(:mod:`runner.executor.tracking.created`); any other container is inspected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, assert_never

from runner.engine.transport import Deadline
from runner.executor.context import StepContext
from runner.executor.request.prepare import Prepared
from runner.executor.response.ask import ask

if TYPE_CHECKING:
    from runner.engine.engine import Engine

_FULL_ID: Final = re.compile("[0-9a-f]{64}")


def has_tty(prepared: Prepared, context: StepContext, deadline: Deadline) -> bool:
    """Return whether the output of attach, logs or exec.start is raw.

    Answers for full ids are remembered; a name may come to mean another container.

    Raises:
        EngineError: the container can't be inspected.
    """
    operation = prepared.operation
    assert operation is not None
    match operation.tty:
        case "always":
            return True
        case "body":
            body: Any = prepared.body if isinstance(prepared.body, Mapping) else {}
            return bool(body.get("Tty"))
        case "container":
            return _container_has_tty(str(prepared.params.get("id", "")), context, deadline)
        case "creates" | None:
            return False
        case _:
            assert_never(operation.tty)


def _container_has_tty(container: str, context: StepContext, deadline: Deadline) -> bool:
    ttys = context.run.created.ttys
    if container not in ttys:
        tty = _inspect(container, context.engine, deadline)
        if tty is None or not _FULL_ID.fullmatch(container):
            return bool(tty)
        ttys[container] = tty
    return ttys[container]


def _inspect(container: str, engine: Engine, deadline: Deadline) -> bool | None:
    """Return ``Config.Tty``, or None if there is no such container, as the step's own request will show."""
    reply = ask(engine, "container.inspect", {"id": container}, deadline)
    config = reply.body.get("Config") if isinstance(reply.body, Mapping) else None
    if reply.status != 200 or not isinstance(config, Mapping):
        return None
    return bool(config.get("Tty"))
