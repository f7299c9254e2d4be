"""Connects to an engine by way of ssh, whose client runs ``docker system dial-stdio`` on the remote host.

That is how the docker CLI does it. The child's input and output are one end of a socket pair, so that the other end is
a socket like any other: shutting down its sending side ends the child's input, and dial-stdio passes the half-close on.
"""

from __future__ import annotations

import contextlib
import shlex
import socket
import subprocess
import tempfile
from typing import IO, Final

from runner.engine.docker_config.endpoint import Endpoint
from runner.engine.sockets.connection import Channel, SocketChannel, reason
from runner.engine.sockets.descriptors import refuse_if_exhausted
from runner.engine.transport import Deadline
from runner.errors import EngineError

_MAX_ERROR_OUTPUT: Final = 2000
_GRACE: Final = 1.0
"""Seconds that a child has to end before it is killed."""


class SshDialer:
    """Starts an ssh client for each connection, with ``options`` on its command line."""

    def __init__(self, endpoint: Endpoint, options: tuple[str, ...] = ()) -> None:
        self._command = ssh_command(endpoint, options)

    def __call__(self, deadline: Deadline) -> Channel:
        deadline.remaining()
        with contextlib.ExitStack() as opened:
            try:
                near, far = (opened.enter_context(end) for end in socket.socketpair())
                errors = opened.enter_context(tempfile.TemporaryFile())
                # In a session of its own: a Ctrl-C on the terminal is for the runner, which must clean up over ssh.
                child = subprocess.Popen(
                    self._command, stdin=far.fileno(), stdout=far.fileno(), stderr=errors, start_new_session=True
                )
            except OSError as error:
                refuse_if_exhausted(error)
                message = f"ssh can't be started: {reason(error)}"
                raise EngineError("engine-unreachable", message, hint="install an OpenSSH client") from None
            far.close()
            opened.pop_all()
        return SshChannel(near, child, errors)


def ssh_command(endpoint: Endpoint, options: tuple[str, ...] = ()) -> list[str]:
    """Return the command line. ssh must never prompt: the terminal is not the runner's, and there may be none."""
    command = ["ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", *options]
    if endpoint.user:
        command += ["-l", endpoint.user]
    if endpoint.port:
        command += ["-p", str(endpoint.port)]
    remote = ["docker", "--host", f"unix://{endpoint.path}"] if endpoint.path else ["docker"]
    return [*command, "--", endpoint.host, shlex.join([*remote, "system", "dial-stdio"])]


class SshChannel(SocketChannel):
    """A socket whose other end is an ssh client."""

    def __init__(self, sock: socket.socket, child: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        super().__init__(sock)
        self._child = child
        self._errors = errors

    def error_output(self) -> str | None:
        """Return what ssh, or the docker CLI on the remote host, wrote to its standard error."""
        self._end()
        if self._errors.closed:
            return None
        self._errors.seek(0)
        text = self._errors.read(_MAX_ERROR_OUTPUT).decode(errors="replace")
        return " ".join(text.split()) or None

    def close(self) -> None:
        super().close()
        self._end()
        self._errors.close()

    def _end(self) -> None:
        """Wait for the child, whose connection is closed; kill it if it does not end."""
        self.interrupt()
        try:
            self._child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
