"""Hands a step's request the credentials of the registry that it is about, and keeps them out of what is shown."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.api.operations import Operation
from runner.engine.transport import Deadline

if TYPE_CHECKING:
    from runner.executor.context import Shared
    from runner.results.records import ResponseRecord

HEADERS = frozenset({"x-registry-auth", "x-registry-config"})
_LOGIN = "SystemAuth"


def add(shared: Shared, operation: Operation, params: dict[str, Any], body: Any, deadline: Deadline) -> dict[str, Any]:
    """The parameters with the credentials that the docker CLI would send, where the scenario gives none itself.

    Raises:
        StepError: what the scenario gives is wrong, or the configuration or a helper failed.
    """
    param = next((one for one in operation.params if one.type == "auth"), None)
    if param is None and operation.id != _LOGIN:
        return params
    from runner.engine import registry_auth

    if param is None:
        shared.conceal(registry_auth.secrets_in(body))
        return params
    given = params.get(param.name)
    if given is None:
        given = _configured(shared, operation, params, body, deadline)
    if given is None:
        return params
    shared.conceal(registry_auth.secrets_in(registry_auth.decode(param.name, given)))
    return {**params, param.name: given}


def _configured(
    shared: Shared, operation: Operation, params: Mapping[str, Any], body: Any, deadline: Deadline
) -> Mapping[str, Any] | None:
    provider = shared.options.credentials
    if provider is None or shared.engine.recorded_at is not None:
        return None
    from runner.engine.docker_config.credentials import HELPER_SECONDS
    from runner.engine.registry_auth import host_of

    seconds = deadline.at - time.monotonic() if deadline.at is not None else None
    patience = HELPER_SECONDS if seconds is None else seconds
    if operation.id == "ImageBuild":
        return provider().find_all(patience) or None
    reference = _reference(operation, params, body)
    return provider().find(host_of(reference), patience) if reference else None


def _reference(operation: Operation, params: Mapping[str, Any], body: Any) -> str | None:
    """The image or plugin that the operation is about; None where the engine needs no registry for it."""
    if operation.id in ("ServiceCreate", "ServiceUpdate"):
        if params.get("registryAuthFrom") or params.get("rollback"):
            return None  # the engine takes the credentials that it knows
        for name in ("TaskTemplate", "ContainerSpec", "Image"):
            body = body.get(name) if isinstance(body, Mapping) else None
        found = body
    else:
        found = next((params[name] for name in ("fromImage", "remote", "name") if params.get(name) is not None), None)
    return str(found) if found else None


def conceal_token(operation: Operation | None, response: ResponseRecord, shared: Shared) -> None:
    """A login may answer with a token, which is as good as a password."""
    if operation is not None and operation.id == _LOGIN:
        from runner.engine import registry_auth

        shared.conceal(registry_auth.secrets_in(response.body))


def shown(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """A request's headers as they may be shown."""
    return {name: "***" if name.lower() in HEADERS else value for name, value in headers}
