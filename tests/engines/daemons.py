"""Starting a private Docker or Podman, and talking to it without the code under test."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
import requests_unixsocket

from tests.engines import sandbox
from tests.engines.image import alpine
from tests.engines.packages import Unavailable, require
from tests.engines.sandbox import Sandbox

START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine to test against. ``folder`` and ``sandbox`` are there where the session started it."""

    name: str
    url: str
    folder: Path | None = None
    sandbox: Sandbox | None = None

    @property
    def log(self) -> Path | None:
        return self.sandbox.log if self.sandbox else None

    @property
    def private(self) -> Sandbox:
        """The sandbox, for tests that need one.

        Raises:
            Unavailable: the engine is the caller's own.
        """
        if self.sandbox is None:
            raise Unavailable(f"{self.url} was not started by this session")
        return self.sandbox

    def cli(self, *args: str, stdin: bytes | None = None) -> str:
        """What ``docker <args>`` prints; a failure is an assertion that shows what it said."""
        command = ["docker", "--host", self.url, *args]
        env = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
        if self.folder:
            env["DOCKER_CONFIG"] = f"{self.folder}/cli"
        done = subprocess.run(command, input=stdin, capture_output=True, env=env, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.decode(errors='replace')}"
        return done.stdout.decode(errors="replace")

    def request(self, method: str, path: str) -> tuple[int, bytes]:
        """One bare API call: status and body. requests-unixsocket makes it, which has no line of ours in it."""
        url = urlsplit(self.url)
        base = f"http+unix://{quote(url.path, safe='')}" if url.scheme == "unix" else f"http://{url.netloc}"
        with requests_unixsocket.Session() as session:
            session.trust_env = False
            answer = session.request(method, base + path, timeout=30, allow_redirects=False)
            return answer.status_code, answer.content

    def listens(self) -> bool:
        """Whether somebody takes connections."""
        url = urlsplit(self.url)
        unix = url.scheme == "unix"
        with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as sock:
            return sock.connect_ex(url.path if unix else (url.hostname, url.port)) == 0

    def get(self, path: str) -> Any:
        """The JSON that a GET answers."""
        status, body = self.request("GET", path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def containers(self) -> dict[str, str]:
        """Every container, running or not: id to name."""
        return {item["Id"]: item["Names"][0] for item in self.get("/v1.40/containers/json?all=1")}


@dataclass(frozen=True, slots=True)
class Docker(Engine):
    """A Docker Engine. ``tcp_url`` is on loopback."""

    tcp_url: str | None = None

    def restart(self) -> None:
        """End the daemon as a service manager would, and have it back: its containers and swarm state stay."""
        end = f"pid=$(cat {self.folder}/pid) && kill $pid && while [ -e /proc/$pid ]; do sleep 0.02; done"
        subprocess.run(self.private.enter("sh", "-c", end), check=True)
        _await(self)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A second engine on a cable with the first, for a swarm of two.

    The first reaches it at ``address``; it reaches the first at ``first_address``.
    """

    engine: Docker
    address: str
    first_address: str


class Podman(Engine):
    """A Podman service."""


def given_docker() -> Docker | None:
    """The engine that the caller named in ``DOCKER_HOST``, used in place of a private one."""
    url = os.environ.get("DOCKER_HOST")
    if not url:
        return None
    return Docker("docker", url, tcp_url=url if url.startswith("tcp://") else None)


@contextlib.contextmanager
def start_docker(*options: str) -> Iterator[Docker]:
    """A private Docker Engine with the image ``alpine``; ``options`` go to ``dockerd``."""
    require("dockerd", "docker", "iptables")
    with temporary_folder("docker") as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        url, port = f"unix://{folder}/docker.sock", listener.getsockname()[1]
        command = ["dockerd", "-H", url, "-H", "fd://", "--data-root", f"{folder}/data"]
        command += ["--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid", *options]
        with _running(command, folder / "log", listener=listener) as box:
            engine = Docker("docker", url, folder, box, f"tcp://127.0.0.1:{port}")
            _await(engine)
            _give_image(engine)
            yield engine


@contextlib.contextmanager
def start_neighbour(first: Docker) -> Iterator[Neighbour]:
    """A second Docker Engine in a network of its own, joined to the first's."""
    with start_docker() as engine:
        neighbour = Neighbour(engine, "10.231.0.2", "10.231.0.1")
        sandbox.connect(first.private, engine.private, f"{neighbour.first_address}/24", f"{neighbour.address}/24")
        yield neighbour


@contextlib.contextmanager
def start_docker_tls(certificates: Path) -> Iterator[Docker]:
    """A Docker Engine that asks for a client certificate at ``tcp_url``; ``certificates`` is a folder of ``.pem``."""
    files = (f"--tlscacert={certificates}/ca.pem", f"--tlscert={certificates}/cert.pem")
    with start_docker("--tlsverify", *files, f"--tlskey={certificates}/key.pem") as engine:
        yield engine


@contextlib.contextmanager
def start_podman() -> Iterator[Podman]:
    """A private Podman service with the image ``alpine``.

    It runs containers by ``runc``. They, and what is executed in them, get this process's own resource limits, because
    a machine without ``CAP_SYS_RESOURCE`` refuses to raise them to Podman's defaults.
    """
    require("podman", "runc", "docker")
    with temporary_folder("podman") as folder:
        (folder / "networks").mkdir()
        (folder / "containers.conf").write_text(
            f"[containers]\ndefault_ulimits = {json.dumps(_limits())}\n"
            f'[engine]\nruntime = "runc"\n[network]\nnetwork_config_dir = "{folder}/networks"\n'
        )
        (folder / "registries.conf").write_text(
            'unqualified-search-registries = ["docker.io"]\n'
            '[[registry]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n'
        )
        url = f"unix://{folder}/podman.sock"
        command = ["podman", "--root", f"{folder}/root", "--runroot", f"{folder}/run"]
        env = {
            **os.environ,
            "CONTAINERS_CONF": f"{folder}/containers.conf",
            "CONTAINERS_REGISTRIES_CONF": f"{folder}/registries.conf",
        }
        with _running([*command, "system", "service", "--time=0", url], folder / "log", env=env) as box:
            engine = Podman("podman", url, folder, box)
            _await(engine)
            _give_image(engine)
            yield engine


def _limits() -> list[str]:
    """The resource limits that Podman sets by itself, as they are here: ``nofile=1024:4096``."""
    return [
        f"{name}={soft}:{hard}"
        for name, number in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC))
        for soft, hard in (resource.getrlimit(number),)
    ]


@contextlib.contextmanager
def temporary_folder(name: str) -> Iterator[Path]:
    """A folder with a short path: a Unix socket's may have 107 bytes at most (unix(7)).

    Its name holds the process that made it, so that the next session removes what a killed one left.
    """
    for left in Path("/tmp").glob("er-*-*"):
        owner = left.name.split("-")[1]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"er-{os.getpid()}-{name}-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _running(
    command: Sequence[str], log: Path, *, listener: socket.socket | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Sandbox]:
    box = sandbox.start(command, log, listener=listener, env=env)
    try:
        yield box
    finally:
        box.stop()


def _await(engine: Engine) -> None:
    """Wait until the engine answers."""
    box = engine.private
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(requests.RequestException):
            if engine.listens() and engine.request("GET", "/_ping")[0] == 200:
                break
        if box.process.poll() is not None or time.monotonic() > deadline:
            raise Unavailable(f"{engine.name} did not start: {box.log.read_text(errors='replace')[-500:]}")
        time.sleep(0.02)


def _give_image(engine: Engine) -> None:
    changes = ("--change", 'CMD ["/bin/sh"]', "--change", "ENV PATH=/bin")
    engine.cli("import", *changes, "-", "alpine:latest", stdin=alpine())
