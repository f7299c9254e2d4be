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

from runner.executor.times import unix_seconds
from tests.cli.helpers import Command
from tests.engines import Engine, start_docker, start_podman

WAYS = ("SIGINT", "SIGTERM", "timeout", "broken")
ACTIVITIES = ("create", "build", "exec", "import")
SIZE = 8
"""Tries after which the engine settles, and is looked at."""
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
DOCKERFILE = "FROM alpine\nRUN echo try-NUMBER > /one\nCOPY Dockerfile /\nRUN echo two > /two\n"


class Thing(NamedTuple):
    """A thing on an engine: its full id or a volume's name, and when it was created, in whole Unix seconds."""

    noun: str
    id: str
    created: int

    def covered(self, line: str) -> bool:
        """Return whether the line names it, or says that such things may be left of a request or a build."""
        short = self.id.removeprefix("sha256:")[:12]
        of_build = self.noun in ("image", "container") and "images of the build of step" in line
        of_request = f"{self.noun} of step" in line
        return short in line or of_build or of_request or "s of run " in line


def inventory(engine: Engine) -> frozenset[Thing]:
    """Everything on an engine; images with those that have no name, on Podman also containers of its builder."""
    found: list[tuple[str, str, Any]] = []
    if engine.name == "podman":
        containers = engine.get("/v4.0.0/libpod/containers/json?all=true&external=true")
        found += [("container", container["Id"], container["Created"]) for container in containers]
    else:
        containers = engine.get("/v1.40/containers/json?all=1")
        found += [("container", container["Id"], container["Created"]) for container in containers]
    volumes: list[dict[str, Any]] = engine.get("/v1.40/volumes")["Volumes"] or []
    found += [("volume", volume["Name"], volume["CreatedAt"]) for volume in volumes]
    images = engine.get("/v1.40/images/json?all=1")
    found += [("image", image["Id"], image["Created"]) for image in images]
    return frozenset(Thing(noun, name, int(unix_seconds(created) or 0)) for noun, name, created in found)


def built_in(engine: Engine, thing: Thing) -> int | None:
    """The number of the try whose build has made an image; None for any other thing."""
    if thing.noun != "image":
        return None
    found = re.search(r"try-(\d+)", str(engine.get(f"/v1.40/images/{thing.id}/history")))
    return int(found[1]) if found else None


class Try(NamedTuple):
    """One run: its number, when it began, and the lines about what is or may be left."""

    number: int
    began: int
    lines: tuple[str, ...]


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
    """The outcome of the tries of one way. ``named`` are the lines about what is or may be left, ``left`` is what was
    left, and ``silent`` what of it no line of its own run covers."""

    tries: int = 0
    cut: int = 0
    named: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def settle(self, engine: Engine, done: list[Try], left: frozenset[Thing]) -> None:
        """Note what tries have left. An image belongs to the try that its history names; a thing without one to any
        that had begun when it was created, since an engine may carry on after the next one has begun."""
        for thing in sorted(left):
            text = f"{thing.noun} {thing.id}"
            self.left.append(text)
            number = built_in(engine, thing)
            owners = [one for one in done if one.began <= thing.created and number in (None, one.number)]
            if not any(thing.covered(line) for one in owners for line in one.lines):
                self.silent.append(f"{text} of try {number}: {[one.lines for one in owners]}")

    def __str__(self) -> str:
        counts = f"{len(self.left)} left, {len(self.named)} lines, {len(self.silent)} in silence"
        return f"{self.tries} tries, {self.cut} cut off, {counts}"


def written(folder: Path) -> None:
    (folder / "context").mkdir()
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


def torture(engine: Engine, way: str, tries: int, seed: int, folder: Path) -> Tally:
    """Cut runs off; between batches the engine settles, and is looked at."""
    chance = random.Random(f"{seed} {way} {engine.name}")
    tally = Tally()
    written(folder)
    proxy = Proxy(folder / "proxy.sock", engine) if way == "broken" else None
    command = Command(folder, proxy.url if proxy else engine.url)
    before = inventory(engine)
    done: list[Try] = []
    for number in range(tries):
        began = int(time.time())
        command.write("context/Dockerfile", DOCKERFILE.replace("NUMBER", str(number)))
        cut, text = one_try(command, way, ACTIVITIES[number % len(ACTIVITIES)], chance, proxy)
        tally.tries += 1
        tally.cut += cut
        lines = tuple(re.findall(r"^ *left: .*", text, re.MULTILINE))
        tally.named += lines
        done.append(Try(number, began, lines))
        if "Traceback" in text or "internal error" in text:
            tally.errors.append(text)
        if len(done) % SIZE == 0 or number + 1 == tries:
            time.sleep(SETTLED)
            after = inventory(engine)
            tally.settle(engine, done, after - before)
            before = after
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
            silent = [f"in silence: {text}" for text in tally.silent]
            print(f"{way:8} {tally}", *silent, *tally.left, *tally.named, *tally.errors, sep="\n  ", flush=True)


if __name__ == "__main__":
    main()
