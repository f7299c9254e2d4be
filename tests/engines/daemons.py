"""Starting a private Docker or Podman."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.engines import sandbox
from tests.engines.engine import Docker, Engine, Neighbour, Podman, await_answer
from tests.engines.image import alpine
from tests.engines.packages import require
from tests.engines.sandbox import Sandbox
from tests.engines.suites import OLDEST, root_folder


def given_docker() -> Docker | None:
    """The engine that the caller named in ``DOCKER_HOST``, used in place of a private one."""
    url = os.environ.get("DOCKER_HOST")
    if not url:
        return None
    return Docker("docker", url, tcp_url=url if url.startswith("tcp://") else None)


@contextlib.contextmanager
def start_docker(*options: str, suite: str = OLDEST) -> Iterator[Docker]:
    """A private Docker Engine with the image ``alpine``; ``options`` go to ``dockerd``."""
    require("docker")
    root = root_folder(suite)
    with temporary_folder("docker") as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        url, port = f"unix://{folder}/docker.sock", listener.getsockname()[1]
        command = ["dockerd", "-H", url, "-H", "fd://", "--data-root", f"{folder}/data"]
        command += ["--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid", *options]
        with _running(command, folder / "log", root, listener=listener) as box:
            engine = Docker("docker", url, suite, folder, box, tcp_url=f"tcp://127.0.0.1:{port}")
            await_answer(engine)
            _give_image(engine)
            yield engine


@contextlib.contextmanager
def start_neighbour(first: Docker) -> Iterator[Neighbour]:
    """A second Docker Engine in a network of its own, joined to the first's."""
    with start_docker(suite=first.suite or OLDEST) as engine:
        neighbour = Neighbour(engine, "10.231.0.2", "10.231.0.1")
        sandbox.connect(first.private, engine.private, f"{neighbour.first_address}/24", f"{neighbour.address}/24")
        yield neighbour


@contextlib.contextmanager
def start_docker_tls(certificates: Path, *, suite: str = OLDEST) -> Iterator[Docker]:
    """A Docker Engine that asks for a client certificate at ``tcp_url``; ``certificates`` is a folder of ``.pem``."""
    files = (f"--tlscacert={certificates}/ca.pem", f"--tlscert={certificates}/cert.pem")
    with start_docker("--tlsverify", *files, f"--tlskey={certificates}/key.pem", suite=suite) as engine:
        yield engine


@contextlib.contextmanager
def start_podman(*, suite: str = OLDEST) -> Iterator[Podman]:
    """A private Podman service with the image ``alpine``.

    It runs containers by ``runc``. They, and what is executed in them, get this process's own resource limits, because
    a machine without ``CAP_SYS_RESOURCE`` refuses to raise them to Podman's defaults. From Podman 5 on a removal by
    force first waits for the container to stop by itself: a second here, in place of ten.
    """
    require("docker")
    root = root_folder(suite)
    with temporary_folder("podman") as folder:
        (folder / "networks").mkdir()
        (folder / "containers.conf").write_text(
            f"[containers]\ndefault_ulimits = {json.dumps(_limits())}\n"
            f'[engine]\nruntime = "runc"\nstop_timeout = 1\n[network]\nnetwork_config_dir = "{folder}/networks"\n'
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
        with _running([*command, "system", "service", "--time=0", url], folder / "log", root, env=env) as box:
            engine = Podman("podman", url, suite, folder, box)
            await_answer(engine)
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
    command: Sequence[str],
    log: Path,
    root: Path,
    *,
    listener: socket.socket | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Sandbox]:
    box = sandbox.start(command, log, root=root, listener=listener, env=env)
    try:
        yield box
    finally:
        box.stop()


def _give_image(engine: Engine) -> None:
    changes = ("--change", 'CMD ["/bin/sh"]', "--change", "ENV PATH=/bin")
    engine.cli("import", *changes, "-", "alpine:latest", stdin=alpine())
