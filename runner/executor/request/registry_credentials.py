"""Adds registry credentials to a request, and keeps them out of reports."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, assert_never

from runner.api.engines import REGISTRY_HEADERS
from runner.api.operations import Operation
from runner.engine.transport import Deadline
from runner.executor.context import RunContext
from runner.masking import SHOWN

_REFUSED = re.compile(r"unauthori[sz]ed|denied|authenti|no basic auth", re.IGNORECASE)
"""In messages of a registry that wants other credentials, or any."""


def add(run: RunContext, operation: Operation, params: dict[str, Any], body: Any, deadline: Deadline) -> dict[str, Any]:
    """Return the parameters with the credentials that the docker CLI would send, unless the scenario gives some.

    Raises:
        StepError: the scenario's credentials are malformed, or the docker CLI's can't be read.
    """
    if operation.registry is None:
        return params
    from runner.engine import registry_auth

    param = next((param for param in operation.params if param.type == "auth"), None)
    if param is None:
        run.conceal(registry_auth.secrets_in(body))
        return params
    credentials = params.get(param.name)
    if credentials is None:
        credentials = _from_docker_cli(run, operation, params, body, deadline)
    if credentials is None:
        return params
    run.conceal(registry_auth.secrets_in(registry_auth.decode(param.name, credentials)))
    return {**params, param.name: credentials}


def _from_docker_cli(
    run: RunContext, operation: Operation, params: Mapping[str, Any], body: Any, deadline: Deadline
) -> Mapping[str, Any] | None:
    """Return the credentials of the docker CLI's configuration. A replay needs none."""
    if run.options.credentials is None or run.replayed:
        return None
    from runner.engine.docker_config.credentials import HELPER_SECONDS
    from runner.engine.registry_auth import host_of

    seconds = HELPER_SECONDS if deadline.at is None else deadline.at - time.monotonic()
    match operation.registry:
        case "all":
            return run.options.credentials().find_all(seconds) or None
        case "reference":
            reference = operation.image_reference(params, body)
            return run.options.credentials().find(host_of(reference), seconds) if reference else None
        case "login" | None:
            return None
        case _:
            assert_never(operation.registry)


def hint(run: RunContext, operation: Operation | None, message: str) -> str | None:
    """Return why credentials were left out of a build, if the engine's ``message`` may be the consequence."""
    if operation is None or operation.registry != "all" or run.options.credentials is None or run.replayed:
        return None
    problems = run.options.credentials().problems if _REFUSED.search(message) else ()
    return f"credentials were left out: {problems[0].message}" if problems else None


def conceal_token(run: RunContext, operation: Operation | None, body: Any) -> None:
    """Conceal the identity token in the response to a login: it is as good as a password."""
    if operation is not None and operation.registry == "login":
        from runner.engine import registry_auth

        run.conceal(registry_auth.secrets_in(body))


def shown(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return a request's headers for a report."""
    return {name: SHOWN if name.lower() in REGISTRY_HEADERS else value for name, value in headers}
