"""Sends requests that create something, and waits for their responses even after the step has ended.

An engine carries on with a request whose client has gone, and the cleanup may be over before the resource exists. So
while a step that is cancelled, or whose deadline has passed, ends at once, the response to its request is still awaited
in another thread, and the cleanup waits for that thread.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Final

from runner.engine.engine import Engine
from runner.engine.transport import Deadline
from runner.errors import DeadlineExceeded, EngineError, StepError
from runner.executor.context import StepContext
from runner.executor.tracking.created import Creation
from runner.results.records import ResponseRecord

LATE: Final = 5.0
"""Seconds after a step's deadline in which the response to a creating request is still awaited."""
POLL_INTERVAL: Final = 0.1
"""Seconds between two checks of whether the step must end."""

_NOT_SENT: Final = frozenset({"engine-unreachable"})
"""Codes of engine errors that occur before the request is sent."""

Exchange = Callable[[Engine, Deadline], ResponseRecord]
"""Sends the request on an engine and reads the response, by a deadline."""


@contextlib.contextmanager
def ending(creation: Creation) -> Iterator[None]:
    """End a creation when the block ends. It is in doubt if the connection broke or the time was over, since the engine
    may carry on."""
    in_doubt = True
    try:
        yield
        in_doubt = False
    except (StepError, EngineError) as error:
        in_doubt = isinstance(error, EngineError) and error.code not in _NOT_SENT
        raise
    finally:
        creation.end(in_doubt=in_doubt)


def send(context: StepContext, creation: Creation, exchange: Exchange, deadline: Deadline) -> ResponseRecord:
    """Send a creating request and return its response.

    Raises:
        StepError: the step was cancelled.
        DeadlineExceeded: the deadline has passed.
        RunnerError: the exchange failed.
    """
    if context.run.replayed:
        with ending(creation):
            return exchange(context.engine, deadline)
    outcome: list[ResponseRecord | BaseException] = []

    def work() -> None:
        with contextlib.suppress(BaseException), ending(creation):
            try:
                outcome.append(exchange(context.run.creating_engine, deadline._replace(grace=LATE)))
            except BaseException as error:  # raised again in the step's thread
                outcome.append(error)
                raise

    threading.Thread(target=work, name="create", daemon=True).start()
    while not creation.wait(POLL_INTERVAL):
        deadline.remaining()
        if context.cancelled():
            raise StepError("interrupted", "interrupted")
    (result,) = outcome
    if isinstance(result, BaseException):
        raise result
    if deadline.passed:
        raise DeadlineExceeded
    return result
