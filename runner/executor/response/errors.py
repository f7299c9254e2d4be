"""Makes the error of a response whose status is not a success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.api.error_message import engine_message
from runner.engine.transport import Request
from runner.errors import StepError

if TYPE_CHECKING:
    from runner.executor.call import Exchange


def refusal(exchange: Exchange) -> StepError:
    """Why a status is not a success, in the engine's own words."""
    assert exchange.response is not None and exchange.prepared is not None
    response = exchange.response
    said = engine_message(response.body)
    reason = f"{response.status} {response.reason}".strip()
    request = exchange.prepared.request
    text = f"the engine answered {reason}" + (f": {said}" if said else "")
    return StepError("unexpected-status", text, hint=_hint(response.status, request))


def _hint(status: int, request: Request) -> str | None:
    if status == 404 and request.path.endswith("/containers/create"):
        return "is the image there? list the images, or pull it with image.pull first"
    if status == 409 and request.path.endswith("/containers/create"):
        return "a container of that name exists; remove it, or leave the name out"
    return None
