"""Reading local files ends at the step's time and when the run is stopped, however much there is to read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.errors import DeadlineExceeded, StepError
from runner.executor.request.file_body import MAX_OFFLINE, FileUpload
from runner.executor.request.folder_body import FolderUpload
from tests.engine.scripted import Peer
from tests.executor.helpers import Player
from tests.executor.test_faults import PING, Fault, fault
from tests.executor.test_files import Replayed

__all__ = ["fault"]  # a fixture


@pytest.fixture
def replayed(tmp_path: Path) -> Replayed:
    return Replayed(Player(tmp_path), tmp_path)


def sparse(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


@pytest.mark.parametrize("step", ["image.load: {body_file: large}", "image.build: {body_dir: .}"])
def test_a_replay_ends_at_its_time_while_it_reads(replayed: Replayed, step: str) -> None:
    sparse(replayed.home / "large", MAX_OFFLINE - 2**20)
    began = time.monotonic()
    (done,) = replayed(f"{{{step}, timeout: 50ms}}")
    assert time.monotonic() - began < 3
    assert done.error is not None
    assert done.error.code == "timeout"


@pytest.mark.parametrize(
    "step", ["image.load: {body_file: large}", "image.build: {body_dir: .}", "exec.start: {id: x, stdin_file: large}"]
)
def test_a_replay_reads_a_bounded_amount(replayed: Replayed, step: str) -> None:
    sparse(replayed.home / "large", 2**42)
    (done,) = replayed(f"{{{step}, timeout: 60s}}")
    assert done.error is not None
    assert done.error.code == "file-too-large"


def slow(check: Callable[[], None], folder: Path) -> list[threading.Thread]:
    """Threads that read for ever, unless a check ends them."""

    def read(upload: FileUpload | FolderUpload) -> None:
        with pytest.raises((StepError, DeadlineExceeded)):
            for _ in upload.chunks():
                pass

    uploads = (FileUpload(folder / "large", None, check), FolderUpload(folder, (), None, check))
    threads = [threading.Thread(target=read, args=(upload,), daemon=True) for upload in uploads]
    for thread in threads:
        thread.start()
    return threads


def test_a_check_ends_reading(tmp_path: Path) -> None:
    sparse(tmp_path / "large", 2**40)
    ended = False

    def check() -> None:
        if ended:
            raise StepError("interrupted", "interrupted")

    threads = slow(check, tmp_path)
    time.sleep(0.2)
    assert all(thread.is_alive() for thread in threads)
    ended = True
    for thread in threads:
        thread.join(3)
        assert not thread.is_alive()


def test_a_tree_that_is_only_looked_through_ends_at_the_time_of_its_step(fault: Fault, tmp_path: Path) -> None:
    """Nothing of it is sent, so that no broken connection ends the walk."""
    context = tmp_path / "context"
    (context / "usr").mkdir(parents=True)
    for number in range(3000):
        (context / "usr" / f"folder-{number}").mkdir()
        (context / "usr" / f"folder-{number}" / "file").touch()
    (context / ".dockerignore").write_text("**\n" + "!**/nothing-is-called-so-*\n" * 300)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(PING)
        peer.hold()

    began = time.monotonic()
    played = fault(script, "image.build: {body_dir: context}", "    timeout: 200ms\n")
    assert played.error("asked")[0] == "timeout"
    assert time.monotonic() - began < 30
