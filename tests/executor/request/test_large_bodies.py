"""Bodies of 2 GiB, both ways, through the whole command in a process of its own: its memory does not grow with them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

import runner
from tests.engine.scripted import Peer, Script, ok, serving
from tests.executor.test_faults import PING

SIZE = 2 * 1024**3
MOST_MEMORY = 128 * 1024**2
PIECE = bytes(1024 * 1024)


def meets(then: Callable[[Peer], None]) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(PING)
        then(peer)

    return script


def peak_memory(folder: Path, step: str, script: Script) -> int:
    """Run one step with the command; the most memory that its process had, in bytes."""
    (folder / "large.yaml").write_text(f"title: Large\nsteps:\n  - {step}\n")
    root = Path(runner.__file__).parent.parent
    stopwatch = [sys.executable, str(root / "tests" / "benchmarks" / "stopwatch.py"), "measured.json"]
    with serving(script) as server:
        run = [sys.executable, "-m", "runner", "large.yaml", "-q", "--format", "none", "-H", server.endpoint.url]
        env = {**os.environ, "PYTHONPATH": str(root)}
        done = subprocess.run([*stopwatch, *run], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    memory: int = json.loads((folder / "measured.json").read_text())["memory"]
    print(f"peak memory: {memory / 1024**2:.1f} MiB")
    return memory


def test_a_large_export(tmp_path: Path) -> None:
    info = tarfile.TarInfo("large")
    info.size = SIZE
    head, end = info.tobuf(), bytes(1024)

    def export(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (head, *[PIECE] * (SIZE // len(PIECE)), end):
            peer.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        peer.send(b"0\r\n\r\n")

    assert peak_memory(tmp_path, "export: {id: box, save: box.tar}", meets(export)) < MOST_MEMORY
    assert (tmp_path / "box.tar").stat().st_size == SIZE + 1536
    (tmp_path / "box.tar").unlink()


@pytest.mark.parametrize(
    ("step", "size"),
    [
        ("image.import: {fromSrc: '-', body_file: large}", SIZE),
        ("image.build: {body_dir: .}", None),
    ],
    ids=["file", "folder"],
)
def test_a_large_import(tmp_path: Path, step: str, size: int | None) -> None:
    with (tmp_path / "large").open("wb") as sparse:
        sparse.truncate(SIZE)
    heard = 0

    def listen(peer: Peer) -> None:
        nonlocal heard
        head = peer.head()
        assert (f"Content-Length: {size}" if size else "Transfer-Encoding: chunked").encode() in head
        end = b""
        while heard < SIZE if size else not end.endswith(b"\r\n0\r\n\r\n"):
            data = peer.some()
            heard += len(data)
            end = (end + data)[-7:]
        peer.send(ok(b'{"status":"sha256:0"}\n', "Content-Type: application/json"))

    assert peak_memory(tmp_path, step, meets(listen)) < MOST_MEMORY
    assert heard >= SIZE


def test_a_large_input(tmp_path: Path) -> None:
    size = 200 * 1024**2
    with (tmp_path / "large").open("wb") as sparse:
        sparse.truncate(size)
    heard = 0

    def echo(peer: Peer) -> None:
        nonlocal heard
        peer.request()
        peer.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        while heard < size:
            heard += len(peer.some())
        peer.send(b"\1\0\0\0\0\0\0\3end")

    assert peak_memory(tmp_path, "exec.start: {id: x, stdin_file: large}", meets(echo)) < 100 * 1024**2
    assert heard == size
