"""Chooses how connections to an endpoint are opened: one dialer per kind of address."""

from __future__ import annotations

from runner.engine.docker_config.endpoint import Endpoint
from runner.engine.sockets.connection import Dial, SocketChannel
from runner.engine.sockets.plain import dial_tcp, dial_unix


def dialer(endpoint: Endpoint) -> Dial:
    """Return the function that opens connections to this endpoint."""
    if endpoint.scheme == "unix":
        return lambda deadline: dial_unix(endpoint, deadline)
    if endpoint.scheme == "ssh":
        from runner.engine.sockets.ssh import SshDialer

        return SshDialer(endpoint)
    if endpoint.tls is None:
        return lambda deadline: SocketChannel(dial_tcp(endpoint, deadline))
    from runner.engine.sockets.tls import TlsDialer

    return TlsDialer(endpoint)
