"""From the engine options of a verb to an engine that answered."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from runner.cli.output import diagnostics

if TYPE_CHECKING:
    from runner.engine.docker_config.credentials import Credentials
    from runner.engine.docker_config.endpoint import Endpoint
    from runner.engine.engine import Engine

PATIENCE = 30.0
"""Seconds that an engine has to answer the first request."""


def connect_as_asked(given: argparse.Namespace, environment: Mapping[str, str]) -> Engine:
    """The engine that the options, the environment and the docker CLI's configuration name, in that order.

    Raises:
        RunnerError: none is named well, or it does not answer.
    """
    from runner.engine.engine import connect
    from runner.engine.transport import Deadline

    endpoint = endpoint_as_asked(given, environment)
    if endpoint.exposed:
        diagnostics.say(f"warning: {endpoint.url} is not encrypted: whoever can listen in can take over the engine")
    version = given.api_version or environment.get("DOCKER_API_VERSION") or None
    return connect(endpoint, api_version=version, deadline=Deadline.after(PATIENCE))


def endpoint_as_asked(given: argparse.Namespace, environment: Mapping[str, str]) -> Endpoint:
    """Where that engine is; nobody is asked whether it is there.

    Raises:
        UsageError: none is named well.
    """
    from runner.engine.docker_config.resolve import EngineOptions, resolve

    options = EngineOptions(
        host=given.host,
        context=given.context,
        tls=given.tls,
        tlsverify=given.tlsverify,
        tlscacert=given.tlscacert,
        tlscert=given.tlscert,
        tlskey=given.tlskey,
    )
    endpoint = resolve(options, environment)
    diagnostics.conceal(endpoint.secrets)
    return endpoint


def configured_credentials(environment: Mapping[str, str]) -> Callable[[], Credentials]:
    """The docker CLI's registry credentials, once somebody asks for them."""

    @cache
    def credentials() -> Credentials:
        from runner.engine.docker_config.config import config_folder
        from runner.engine.docker_config.credentials import Credentials

        return Credentials(config_folder(environment), environment)

    return credentials
