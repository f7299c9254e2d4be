"""Makes errors of an engine's refusals, in the engine's own words."""

from __future__ import annotations

from runner.api.error_message import engine_message
from runner.engine.transport import Request
from runner.errors import StepError
from runner.results.records import Expectation, ResponseRecord


def refusal(request: Request, response: ResponseRecord, expectation: Expectation) -> StepError:
    """Return the error of a response whose status is not the expected one."""
    message = engine_message(response.body)
    status = f"{response.status} {response.reason}".strip()
    text = f"the engine answered {status}" + (f": {message}" if message else "")
    details = (f"expected  {expectation.expression}", f"actual    {response.status}")
    return StepError("unexpected-status", text, hint=_hint(response.status, request), details=details)


def _hint(status: int, request: Request) -> str | None:
    if status == 404 and request.path.endswith("/containers/create"):
        return "is the image there? list the images, or pull it with image.pull first"
    if status == 409 and request.path.endswith("/containers/create"):
        return "a container of that name exists; remove it, or leave the name out"
    return None
