"""Chooses how connections to an endpoint are opened: one dialer per kind of address."""

from __future__ import annotations

from typing import assert_never

from runner.engine.docker_config.endpoint import Endpoint
from runner.engine.sockets.connection import Dial, SocketChannel
from runner.engine.sockets.plain import dial_tcp, dial_unix


def dialer(endpoint: Endpoint) -> Dial:
    """Return the function that opens connections to this endpoint."""
    match endpoint.scheme:
        case "unix":
            return lambda deadline: dial_unix(endpoint, deadline)
        case "ssh":
            from runner.engine.sockets.ssh import SshDialer

            return SshDialer(endpoint)
        case "tcp" if endpoint.tls is None:
            return lambda deadline: SocketChannel(dial_tcp(endpoint, deadline))
        case "tcp":
            from runner.engine.sockets.tls import TlsDialer

            return TlsDialer(endpoint)
        case _:
            assert_never(endpoint.scheme)
