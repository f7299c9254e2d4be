"""Connects to the engine that options, environment and the docker CLI's configuration select."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from runner.engine.docker_config.resolve import EngineOptions, resolve
from runner.errors import Diagnostic, EngineError, error_of
from runner.library.settings import EngineSettings
from runner.masking import Masker

if TYPE_CHECKING:
    from runner.engine.docker_config.credentials import Credentials
    from runner.engine.docker_config.endpoint import Endpoint
    from runner.engine.engine import Engine

_ADDRESS = re.compile(r"\w+://|(\[[^\]]*\]|[^:/]*):[0-9]+\Z")
"""How an address begins, or ``host:port``; everything else is the name of a context."""


def connect_to(settings: EngineSettings, environment: Mapping[str, str]) -> Engine:
    """Connect to the selected engine and negotiate the API version. Errors don't show the values of ``HttpHeaders``.

    Raises:
        UsageError: the options contradict each other or name something that does not exist.
        EngineError: the engine is unreachable, silent for ``settings.timeout`` seconds, or not an engine.
    """
    from runner.engine.engine import connect
    from runner.engine.transport import Deadline

    endpoint = resolve(settings.options, environment)
    version = api_version_of(settings, environment)
    try:
        return connect(endpoint, api_version=version, deadline=Deadline.after(settings.timeout))
    except EngineError as error:
        masked = Masker(endpoint.secrets).diagnostic(error.diagnostic())
        raise error_of(masked) from None


def api_version_of(settings: EngineSettings, environment: Mapping[str, str]) -> str | None:
    """Return the API version that was requested, or None to negotiate it."""
    return settings.api_version or environment.get("DOCKER_API_VERSION") or None


def settings_for(address: str | None) -> EngineSettings:
    """Return the settings for an address (``unix:///…``, ``host:port``) or the name of a context; None selects the
    engine that the environment and the docker CLI's configuration select."""
    if address is None:
        return EngineSettings()
    options = EngineOptions(host=address) if _ADDRESS.match(address) else EngineOptions(context=address)
    return EngineSettings(options)


def exposure(endpoint: Endpoint) -> Diagnostic | None:
    """Return a warning if the connection crosses a network without encryption."""
    if not endpoint.exposed:
        return None
    message = f"{endpoint.url} is not encrypted: anyone who can read this connection can control the engine"
    return Diagnostic("unencrypted", message, hint="use TLS or ssh", severity="warning", kind="engine")


def configured_credentials(environment: Mapping[str, str]) -> Callable[[], Credentials]:
    """Return a function that loads the docker CLI's registry credentials when they are first needed."""

    @cache
    def credentials() -> Credentials:
        from runner.engine.docker_config.config import config_folder
        from runner.engine.docker_config.credentials import Credentials

        return Credentials(config_folder(environment), environment)

    return credentials
