"""Whether output comes from a terminal: then it is raw, else it is multiplexed.

Before API 1.42 the answer's content type doesn't say. What this run has created is remembered; anything else is asked
of the engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.api import operations
from runner.engine import requests
from runner.engine.transport import Deadline
from runner.executor.response.reader import Reader
from runner.results.records import ResponseRecord

if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.executor.call import Prepared
    from runner.executor.context import Shared, Turn

WHOLE_ID = re.compile("[0-9a-f]{64}")


def remember(prepared: Prepared, response: ResponseRecord | None, shared: Shared) -> None:
    """Note what was just created, and whether it has a terminal."""
    if response is None or prepared.operation is None or not isinstance(response.body, Mapping):
        return
    if prepared.operation.id in ("ContainerCreate", "ContainerExec"):
        made = response.body.get("Id")
        asked: Any = prepared.body if isinstance(prepared.body, Mapping) else {}
        if isinstance(made, str):
            shared.terminals[made] = bool(asked.get("Tty"))


def has_terminal(prepared: Prepared, turn: Turn, deadline: Deadline) -> bool:
    """Whether the answer of attach, logs or exec.start will be raw, as it always is over WebSocket.

    Only a whole id is remembered: a name can come to mean another container.

    Raises:
        EngineError: the engine could not be asked.
    """
    operation = prepared.operation
    assert operation is not None
    if operation.upgrade == "websocket":
        return True
    if operation.id == "ExecStart":
        asked: Any = prepared.body if isinstance(prepared.body, Mapping) else {}
        return bool(asked.get("Tty"))
    target = str(prepared.params.get("id", ""))
    known = turn.shared.terminals.get(target)
    if known is None and operation.id in ("ContainerAttach", "ContainerLogs"):
        known = _ask(target, turn.engine, deadline)
        if known is not None and WHOLE_ID.fullmatch(target):
            turn.shared.terminals[target] = known
    return bool(known)


def _ask(target: str, engine: Engine, deadline: Deadline) -> bool | None:
    inspect = operations.find("container.inspect")
    assert inspect is not None
    request = requests.build(inspect, {"id": target}, api_version=engine.api_version)
    response = engine.send(request, deadline)
    try:
        body = Reader(response, deadline, None).value().body
    finally:
        response.close()
    config = body.get("Config") if isinstance(body, Mapping) else None
    if response.status != 200 or not isinstance(config, Mapping):
        return None  # what is wrong will be said by the answer to the step's own request
    return bool(config.get("Tty"))
