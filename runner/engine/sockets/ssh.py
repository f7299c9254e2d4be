"""An engine behind ssh: the ssh client runs ``docker system dial-stdio`` over there, as the docker CLI does.

The child's input and output are one end of a socket pair, so that the other end is a socket like any other: shutting
down its sending side ends the child's input, and half-close travels on from there.
"""

from __future__ import annotations

import shlex
import socket
import subprocess
import tempfile
from typing import IO, Final

from runner.engine.docker_config.endpoint import Endpoint
from runner.engine.sockets.connection import Channel, SocketChannel
from runner.engine.transport import Deadline
from runner.errors import EngineError

_LONGEST_COMPLAINT: Final = 2000
_GRACE: Final = 1.0
"""Seconds that a child has to end by itself."""


class SshDialer:
    """Starts an ssh client for each connection. ``options`` are passed on to it."""

    def __init__(self, endpoint: Endpoint, options: tuple[str, ...] = ()) -> None:
        self._command = ssh_command(endpoint, options)

    def __call__(self, deadline: Deadline) -> Channel:
        deadline.remaining()
        near, far = socket.socketpair()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the channel
        try:
            # A session of its own: a Ctrl-C on the terminal is for the runner, which still has to clean up over ssh.
            child = subprocess.Popen(
                self._command, stdin=far.fileno(), stdout=far.fileno(), stderr=errors, start_new_session=True
            )
        except OSError as error:
            near.close()
            errors.close()
            raise EngineError(
                "engine-unreachable", f"ssh can't be started: {error.strerror}", hint="install an OpenSSH client"
            ) from None
        finally:
            far.close()
        return SshChannel(near, child, errors)


def ssh_command(endpoint: Endpoint, options: tuple[str, ...] = ()) -> list[str]:
    """The command line. ssh must never ask: there may be no one, and the terminal is not ours to use."""
    command = ["ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", *options]
    if endpoint.user:
        command += ["-l", endpoint.user]
    if endpoint.port:
        command += ["-p", str(endpoint.port)]
    remote = ["docker", "--host", f"unix://{endpoint.path}"] if endpoint.path else ["docker"]
    return [*command, "--", endpoint.host, shlex.join([*remote, "system", "dial-stdio"])]


class SshChannel(SocketChannel):
    """A socket whose far end is an ssh client."""

    def __init__(self, sock: socket.socket, child: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        super().__init__(sock)
        self._child = child
        self._errors = errors

    def complaint(self) -> str | None:
        """What ssh, or the docker CLI over there, wrote to its standard error."""
        self._end()
        if self._errors.closed:
            return None
        self._errors.seek(0)
        text = self._errors.read(_LONGEST_COMPLAINT).decode(errors="replace")
        return " ".join(text.split()) or None

    def close(self) -> None:
        super().close()
        self._end()
        self._errors.close()

    def _end(self) -> None:
        """The connection is over: the child ends by itself, or is ended."""
        self.interrupt()
        try:
            self._child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
