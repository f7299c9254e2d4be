"""Cuts runs off in the middle of what they create, many times, and counts what is left and was not named.

``python -m tests.leftovers.torture --tries 200`` does it as often as it takes to believe it; the tests take a sample.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import selectors
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.cli.helpers import Command
from tests.engines import Engine, start_docker, start_podman

WAYS = ("SIGINT", "SIGTERM", "timeout", "broken")
ACTIVITIES = ("create", "build", "exec", "import")
SETTLED = 3.0
"""Seconds after which an engine has done everything that it was asked for."""

SCENARIOS = {
    "create": """
        title: create
        vars: {limit: 60s}
        steps:
          - {id: ready, sleep: 0}
          - for_each: {in: "range(40)", parallel: 4}
            timeout: LIMIT
            create: {body: {Image: alpine, Cmd: ["true"]}}
          - for_each: {in: "range(40)", parallel: 4}
            timeout: LIMIT
            volume.create: {body: {}}
          - {id: end, sleep: 5s}
    """,
    "build": """
        title: build
        steps:
          - {id: ready, sleep: 0}
          - for_each: "range(8)"
            timeout: LIMIT
            image.build: {body_dir: context, nocache: true, t: "left/tortured:{{ item }}"}
          - {id: end, sleep: 5s}
    """,
    "exec": """
        title: exec
        steps:
          - create: {body: {Image: alpine, Cmd: [sleep, "60"], StopSignal: SIGKILL}}
            capture: {box: body.Id}
          - start: "{{ box }}"
          - {id: ready, sleep: 0}
          - for_each: "range(20)"
            container.exec: {id: "{{ box }}", body: {Cmd: [sleep, "0.2"], AttachStdout: true}}
            timeout: LIMIT
            capture: {execs: body.Id}
          - for_each: execs
            timeout: LIMIT
            exec.start: "{{ item }}"
          - {id: end, sleep: 5s}
    """,
    "import": """
        title: import
        steps:
          - {id: ready, sleep: 0}
          - for_each: "range(10)"
            timeout: LIMIT
            image.import: {fromSrc: "-", repo: "left/imported", tag: "{{ item }}", body_file: layer.tar}
          - {id: end, sleep: 5s}
    """,
}
DOCKERFILE = "FROM alpine\nRUN echo one > /one\nCOPY Dockerfile /\nRUN echo two > /two\n"


class Inventory(NamedTuple):
    """Everything on an engine, by id; images with those that have no name."""

    containers: frozenset[str]
    volumes: frozenset[str]
    images: frozenset[str]

    @classmethod
    def of(cls, engine: Engine) -> Inventory:
        volumes: list[dict[str, Any]] = engine.get("/v1.40/volumes")["Volumes"] or []
        return cls(
            frozenset(engine.containers()),
            frozenset(volume["Name"] for volume in volumes),
            frozenset(image["Id"] for image in engine.get("/v1.40/images/json?all=1")),
        )

    def beyond(self, other: Inventory) -> list[str]:
        kinds = zip(self._fields, self, other, strict=True)
        return [f"{kind} {name}" for kind, mine, others in kinds for name in sorted(mine - others)]


class Proxy:
    """A socket before an engine's, whose connections can be cut all at once; new ones work."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.url = f"unix://{path}"
        self._target = urlsplit(engine.url).path
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                self._pairs.add((client, server))
                threading.Thread(target=self._pump, args=(client, server), daemon=True).start()

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        with client, server, selectors.DefaultSelector() as selector, contextlib.suppress(OSError, ValueError):
            for end in other:
                selector.register(end, selectors.EVENT_READ, end)
            while True:
                for key, _ in selector.select():
                    sock: socket.socket = key.data
                    data = sock.recv(65536)
                    if data:
                        other[sock].sendall(data)
                        continue
                    selector.unregister(sock)
                    other[sock].shutdown(socket.SHUT_WR)
                    if not selector.get_map():
                        return

    def cut(self) -> None:
        """Break every connection to the client. The engine sees an end, as when a host disappears: nothing more."""
        for pair in list(self._pairs):
            self._pairs.discard(pair)
            for sock in pair:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


@dataclass
class Tally:
    """What became of the tries of one way. ``named`` counts the lines about what may be left."""

    tries: int = 0
    cut: int = 0
    named: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def silent(self) -> list[str]:
        return self.left if len(self.left) > len(self.named) else []

    def __str__(self) -> str:
        return f"{self.tries} tries, {self.cut} cut off, {len(self.left)} left, {len(self.named)} named"


def written(folder: Path) -> None:
    (folder / "context").mkdir()
    (folder / "context" / "Dockerfile").write_text(DOCKERFILE)
    (folder / "layer.tar").write_bytes(bytes(1024 * 1024))


def one_try(command: Command, way: str, activity: str, chance: random.Random, proxy: Proxy | None) -> tuple[bool, str]:
    """One run; whether it was cut off, and what it has printed."""
    limit = f"{chance.randrange(3, 250)}ms" if way == "timeout" else "60s"
    command.write("x.yaml", SCENARIOS[activity].replace("LIMIT", limit))
    with command.started("x.yaml", "--format", "none") as process:
        assert process.stderr is not None
        seen = b""
        for line in process.stderr:
            seen += line
            if b" ready " in line:
                break
        time.sleep(chance.uniform(0.0, 0.6))
        if way == "broken":
            assert proxy is not None
            proxy.cut()
        elif way != "timeout":
            process.send_signal(signal.Signals[way])
        rest = process.communicate(timeout=120)[1]
    text = (seen + rest).decode()
    return process.returncode != 0, text


def torture(engine: Engine, way: str, tries: int, seed: int, folder: Path, batch: int = 10) -> Tally:
    """Cut runs off; between batches the engine settles, and is looked at."""
    chance = random.Random(f"{seed} {way} {engine.name}")
    tally = Tally()
    written(folder)
    proxy = Proxy(folder / "proxy.sock", engine) if way == "broken" else None
    command = Command(folder, proxy.url if proxy else engine.url)
    before = Inventory.of(engine)
    for number in range(tries):
        cut, text = one_try(command, way, ACTIVITIES[number % len(ACTIVITIES)], chance, proxy)
        tally.tries += 1
        tally.cut += cut
        tally.named += re.findall(r"^ *left: .*", text, re.MULTILINE)
        if "Traceback" in text or "internal error" in text:
            tally.errors.append(text)
        if (number + 1) % batch == 0 or number + 1 == tries:
            time.sleep(SETTLED)
            left = Inventory.of(engine).beyond(before)
            tally.left += left
            before = Inventory.of(engine)
    if proxy:
        proxy.close()
    return tally


@contextlib.contextmanager
def _engine(name: str) -> Iterator[Engine]:
    with start_podman() if name == "podman" else start_docker() as engine:
        yield engine


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.leftovers.torture", description=__doc__.partition("\n")[0])
    parser.add_argument("--tries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--engine", choices=("docker", "podman"), default="docker")
    parser.add_argument("ways", nargs="*", metavar="WAY", help=f"of {', '.join(WAYS)}; all by default")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    with _engine(arguments.engine) as engine:
        for way in arguments.ways or WAYS:
            with tempfile.TemporaryDirectory() as folder:
                tally = torture(engine, way, arguments.tries, arguments.seed, Path(folder))
            print(f"{way:8} {tally}", *tally.left, *tally.named, *tally.errors, sep="\n  ", flush=True)


if __name__ == "__main__":
    main()
