"""Test what stands beside an engine: a registry, a ssh server, a TLS server with any certificate."""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.engines import sandbox
from tests.engines.daemons import temporary_folder
from tests.engines.engine import START_SECONDS, Engine
from tests.engines.packages import Unavailable, find, require

# htpasswd's bcrypt of PASSWORD, the only form that docker-registry takes.
USER, PASSWORD = "tester", "open-sesame"
_HTPASSWD = "tester:$2b$05$DzZTI2co9mvhaLRVc0mcqeqxc8T5JyBrmOoFDe834Bya5j3jCwWFK\n"
_REGISTRY_ADDRESS = "127.0.0.1:5000"


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry that asks for a password. ``address`` is how the engine beside it names it; nobody else can."""

    address: str
    user: str = USER
    password: str = PASSWORD


@dataclass(frozen=True, slots=True)
class SshServer:
    """A ssh server whose logins find an engine's socket in ``DOCKER_HOST``.

    ``env`` puts a ``ssh`` first on ``PATH`` that knows the key and the host's key, as a user's own configuration would.
    """

    url: str
    env: Mapping[str, str]


@contextlib.contextmanager
def start_registry(engine: Engine) -> Iterator[Registry]:
    """A registry on the loopback of a private engine, where Docker and Podman speak plain HTTP."""
    require("docker-registry")
    box = engine.private
    with temporary_folder("registry") as folder:
        (folder / "htpasswd").write_text(_HTPASSWD)
        (folder / "config.yml").write_text(
            f"version: 0.1\n"
            f"log: {{level: error}}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: true}}}}\n"
            f"http: {{addr: '{_REGISTRY_ADDRESS}'}}\n"
            f"auth: {{htpasswd: {{realm: tests, path: {folder}/htpasswd}}}}\n"
        )
        command = box.enter_network(
            "setpriv", "--pdeathsig", "KILL", "docker-registry", "serve", f"{folder}/config.yml"
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            probe = box.enter_network("curl", "-s", "-o", "/dev/null", f"http://{_REGISTRY_ADDRESS}/v2/")
            _await(lambda: subprocess.run(probe, check=False).returncode == 0, process, folder / "log")
            yield Registry(_REGISTRY_ADDRESS)
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def start_sshd(engine: Engine) -> Iterator[SshServer]:
    """A ssh server on a free port of loopback, for the user that runs the tests."""
    require("sshd", "ssh", "docker")
    with temporary_folder("sshd") as folder:
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        port = _free_port()
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{port}\n"
            f"HostKey {folder}/host\n"
            f"AuthorizedKeysFile {folder}/user.pub\n"
            f"PasswordAuthentication no\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\n"
            f"SetEnv DOCKER_HOST={engine.url} PATH={os.environ['PATH']}\n"
        )
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
        (folder / "ssh_config").write_text(
            f"IdentityFile {folder}/user\nIdentitiesOnly yes\nUserKnownHostsFile {folder}/known_hosts\n"
        )
        (folder / "bin").mkdir()
        wrapper = folder / "bin" / "ssh"
        wrapper.write_text(f'#!/bin/sh\nexec {find("ssh")} -F {folder}/ssh_config "$@"\n')
        wrapper.chmod(0o755)
        server = [find("sshd") or "sshd", "-D", "-e", "-f", f"{folder}/sshd_config"]
        box = sandbox.start(server, folder / "log", own_network=False)
        try:
            _await(lambda: _listens(port), box.process, box.log)
            path = f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}"
            yield SshServer(f"ssh://{getpass.getuser()}@127.0.0.1:{port}", {"PATH": path})
        finally:
            box.stop()


@contextlib.contextmanager
def serve_tls(certificates: Path) -> Iterator[str]:
    """A server that shakes hands with this folder's certificate and says nothing; its ``tcp://`` URL."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_shake_hands, args=(listener, context))
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # the listener was shut down
            return
        connection.settimeout(5)
        with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _await(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Unavailable(f"it did not start: {log.read_text(errors='replace')[-500:]}")
        time.sleep(0.02)
