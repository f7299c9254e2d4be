"""A running engine, and talking to it without the code under test."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import requests
import requests_unixsocket

from tests.engines.packages import Unavailable
from tests.engines.sandbox import Sandbox

START_SECONDS = 30.0


class Version(NamedTuple):
    """Hold what an engine says of itself."""

    engine: str
    api: str

    @property
    def api_key(self) -> tuple[int, ...]:
        """The API version, to be compared: 1.9 is older than 1.41."""
        return api_key(self.api)


def api_key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine to test against. ``suite``, ``folder`` and ``sandbox`` are there where the session started it."""

    name: str
    url: str
    suite: str | None = None
    folder: Path | None = None
    sandbox: Sandbox | None = None

    @property
    def version(self) -> Version:
        body = self.get("/version")
        return Version(body["Version"], body["ApiVersion"])

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
        """Return what ``docker <args>`` prints; a failure is an assertion that shows what it said."""
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
        """Return whether a program takes connections."""
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
        await_answer(self)


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


def await_answer(engine: Engine) -> None:
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
