"""Reading files of strangers: which folders, which kinds of files, how much."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from runner.errors import StepError
from runner.reading import NotRegularError, ReadPolicy, read_regular


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scenario's folder full of bait, beside a secret."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("hunter2")
    folder = tmp_path / "scenario"
    (folder / "sub").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("[user]")
    (folder / "sub" / "in.yaml").write_text("title: I")
    (folder / ".dockerignore").write_text("*")
    (folder / "out").symlink_to(tmp_path / "secret" / "key")
    (folder / "outside").symlink_to(tmp_path / "secret")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "inner").symlink_to(folder / "sub")
    (folder / "hidden").symlink_to(folder / ".git")
    os.mkfifo(folder / "pipe")
    return folder


@pytest.mark.parametrize("name", ["sub/in.yaml", "inner/in.yaml", ".dockerignore", "sub", ".", "sub/../sub", "absent"])
def test_what_is_below_the_folder_may_be_read(folder: Path, name: str) -> None:
    assert ReadPolicy.below(folder).check(folder / name) == (folder / name).resolve()


@pytest.mark.parametrize(
    "name",
    [
        "../secret/key",
        "out",
        "outside/key",
        "outside/absent",
        "/etc/passwd",
        "/dev/zero",
        "/proc/self/environ",
        "..",
        ".git/config",
        ".git",
        "hidden/config",
        "loop",
        "sub/../../secret/key",
        "a\0b",
        "x" * 5000,
    ],
)
def test_nothing_else_may(folder: Path, name: str) -> None:
    with pytest.raises(StepError) as caught:
        ReadPolicy.below(folder).check(folder / name)
    assert caught.value.code == "outside-folder"


def test_a_folder_that_the_user_allows_may_be_read_too(folder: Path) -> None:
    policy = ReadPolicy.below(folder, folder.parent / "secret", folder / ".git")
    for name in ("out", "outside/key", "../secret", ".git/config", "hidden"):
        assert policy.check(folder / name).exists()
    with pytest.raises(StepError, match="outside"):
        policy.check(folder.parent)


def test_the_folder_itself_may_be_reached_through_a_symlink(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder)
    policy = ReadPolicy.below(folder.parent / "link")
    assert policy.check(folder / "sub" / "in.yaml") == policy.check(folder.parent / "link" / "sub" / "in.yaml")


@pytest.mark.parametrize(
    ("name", "kind"), [("pipe", "a named pipe"), ("sub", "a folder"), ("/dev/zero", "a device"), ("sock", "a socket")]
)
def test_only_regular_files_are_opened_and_nothing_is_waited_for(folder: Path, name: str, kind: str) -> None:
    started = time.monotonic()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(folder / "sock"))
        with pytest.raises(NotRegularError) as caught:
            read_regular(folder / name, 10)
    assert caught.value.kind == kind
    assert time.monotonic() - started < 5


def test_a_large_file_is_read_to_the_limit_and_one_more_byte(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(5 * 2**30)
    assert len(read_regular(tmp_path / "sparse", 1000)) == 1001
    (tmp_path / "small").write_bytes(b"abc")
    assert read_regular(tmp_path / "small", 3) == b"abc"
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "absent", 3)
