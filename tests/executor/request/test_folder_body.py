"""A folder as a tar: the same bytes from every copy of it, and a clear error where it can't be read."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.errors import StepError
from runner.executor.request.file_body import PIECE, FileUpload
from runner.executor.request.folder_body import MAX_IGNORE_FILE, FolderUpload
from tests.executor.helpers import Player

LONG = "long-" * 40  # more than a header's 100 bytes
NOT_UTF8 = os.fsdecode(b"caf\xe9")


def fill(folder: Path, order: int) -> Path:
    """Make the same folder in either order, with other times and another mask."""
    files = {
        "Dockerfile": "FROM alpine\n", "a.txt": "x" * 511, "a/b": "", "b": "y" * 512, "ä/ö": "z" * 513,
        NOT_UTF8: "latin", f"{LONG}/{LONG}": "deep", "zz/last": "end",
    }  # fmt: skip
    before = os.umask(0o077 if order < 0 else 0o002)
    try:
        for number, (name, text) in enumerate(list(files.items())[::order]):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            os.utime(path, (number * order, number * order * 1000))
        (folder / "link").symlink_to("a.txt")
        (folder / LONG / "dangling").symlink_to("/nowhere/" + LONG)
        (folder / "folder-link").symlink_to("zz")
        (folder / "empty").mkdir(mode=0o700 if order < 0 else 0o775)
        (folder / "script").write_text("#!/bin/sh\n")
        (folder / "script").chmod(0o755 if order < 0 else 0o700)
    finally:
        os.umask(before)
    return folder


def tar_of(folder: Path) -> bytes:
    return b"".join(FolderUpload(folder).chunks())


def recorded(folder: Path) -> bytes:
    return b"".join(FolderUpload(folder).recorded_chunks())


def test_two_copies_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = fill(tmp_path / "one", 1), tmp_path / "other"
    shutil.copytree(one, other, symlinks=True)
    data = tar_of(one)
    assert data == tar_of(other)
    assert data == tar_of(one), "and so does sending it again"
    assert len(data) % 512 == 0


def test_a_recording_recognises_copies_with_another_umask(tmp_path: Path) -> None:
    one, other = fill(tmp_path / "one", 1), fill(tmp_path / "other", -1)
    assert recorded(one) == recorded(other)
    assert tar_of(one) != tar_of(other), "what is sent has the modes"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o400, 0o755, 0o700, 0o4755])
def test_modes_are_kept(tmp_path: Path, mode: int) -> None:
    (tmp_path / "key").touch()
    (tmp_path / "key").chmod(mode)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder").chmod(mode | 0o100)
    with tarfile.open(fileobj=io.BytesIO(tar_of(tmp_path))) as found:
        assert (found.getmember("key").mode, found.getmember("folder").mode) == (mode, mode | 0o100)


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_the_engine_gets_the_modes(on_docker: Player, umask: int) -> None:
    """A private key stays private in the image."""
    context = on_docker.folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM alpine\nCOPY key script /\n")
    (context / "key").write_text("secret")
    (context / "key").chmod(0o600)
    (context / "script").touch()
    (context / "script").chmod(0o777 & ~umask)
    played = on_docker("""
        steps:
          - image.build: {body_dir: context, t: er-test-modes}
            defer: {image.remove: er-test-modes}
          - create: {body: {Image: er-test-modes, Cmd: [stat, -c, "%a", /key, /script]}}
            capture: {box: body.Id}
            defer: {remove: {id: "{{ box }}", force: true}}
          - start: "{{ box }}"
          - wait: "{{ box }}"
          - id: modes
            logs: {id: "{{ box }}", stdout: true}
    """)
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    response = played["modes"].response
    assert response is not None
    assert response.stdout == f"600\n{0o777 & ~umask:o}\n"


def test_these_bytes_are_known(tmp_path: Path) -> None:
    """Another version of Python, or another machine, makes no difference."""
    (tmp_path / "Dockerfile").write_text("FROM alpine\nCOPY . /\n")
    (tmp_path / "ä").mkdir()
    (tmp_path / "ä" / "script").write_text("#!/bin/sh\n")
    (tmp_path / "ä" / "script").chmod(0o700)
    (tmp_path / "link").symlink_to("ä/script")
    digest = hashlib.sha256(recorded(tmp_path)).hexdigest()
    assert digest == "663d86108d0a6647b2436d3bcb877e60a5b52a78519352da1cf75bc7fb826a9d"


def test_everything_is_in_it(tmp_path: Path) -> None:
    folder = fill(tmp_path / "one", 1)
    with tarfile.open(fileobj=io.BytesIO(tar_of(folder)), errors="surrogateescape") as found:
        members = {member.name: member for member in found}
        for name, content in ((f"{LONG}/{LONG}", b"deep"), ("ä/ö", b"z" * 513)):
            file = found.extractfile(name)
            assert file is not None
            assert file.read() == content
    expected = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert set(members) == expected
    assert NOT_UTF8 in members
    assert members["link"].issym()
    assert members["folder-link"].issym()
    assert members[f"{LONG}/dangling"].linkname == "/nowhere/" + LONG
    assert {oct(member.mode) for member in members.values() if member.isreg()} == {"0o664", "0o700"}
    assert members["script"].mode == 0o700
    assert {(member.mtime, member.uid, member.gid, member.uname) for member in members.values()} == {(0, 0, 0, "")}
    order = list(members)
    assert all(order.index(name.rpartition("/")[0]) < order.index(name) for name in order if "/" in name)


def test_gnu_tar_reads_it(tmp_path: Path) -> None:
    folder, out = fill(tmp_path / "one", 1), tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-x", "-C", out], input=tar_of(folder), check=True)
    assert sorted(os.fsencode(path.relative_to(out)) for path in out.rglob("*")) == sorted(
        os.fsencode(path.relative_to(folder)) for path in folder.rglob("*")
    )


def test_the_engine_reads_it(on_docker: Player) -> None:
    folder = fill(on_docker.folder / "context", 1)
    (folder / "Dockerfile").write_text("FROM alpine\nCOPY . /sent\n")
    played = on_docker("""
        steps:
          - image.build: {body_dir: context, t: er-test-folder}
            defer: {image.remove: er-test-folder}
          - create: {body: {Image: er-test-folder, Cmd: [sh, -c, "cd /sent; find . -type f | sort; cat */*/* */*"]}}
            capture: {box: body.Id}
            defer: {remove: {id: "{{ box }}", force: true}}
          - archive: {id: "{{ box }}", path: /sent, save: sent.tar}
    """)
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    with tarfile.open(on_docker.folder / "sent.tar") as found:
        names = {os.fsencode(member.name.removeprefix("sent/").rstrip("/")) for member in found} - {b"sent"}
    assert names == {os.fsencode(path.relative_to(folder)) for path in folder.rglob("*")}


def test_pieces_are_neither_tiny_nor_huge(tmp_path: Path) -> None:
    for number in range(2000):
        (tmp_path / f"{number:04}").write_text("x")
    (tmp_path / "large").write_bytes(bytes(3 * PIECE))
    sizes = [len(piece) for piece in FolderUpload(tmp_path).chunks()]
    assert len(sizes) < 20
    assert max(sizes) < 3 * PIECE


@pytest.fixture
def with_special_files(tmp_path: Path) -> Path:
    """A folder with a FIFO, a socket and a file."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    return tmp_path


@pytest.mark.parametrize(
    ("ignored", "error"), [("socket", "pipe can't be sent: it is a named pipe"), ("pipe", "a socket")]
)
def test_what_can_not_be_sent_is_an_error(with_special_files: Path, ignored: str, error: str) -> None:
    (with_special_files / ".dockerignore").write_text(ignored)
    with pytest.raises(StepError, match=error) as caught:
        tar_of(with_special_files)
    assert caught.value.code == "unreadable-file"
    assert ".dockerignore" in (caught.value.hint or "")


def test_what_can_not_be_sent_may_be_ignored(with_special_files: Path) -> None:
    (with_special_files / ".dockerignore").write_text("pipe\nsocket\n")
    with tarfile.open(fileobj=io.BytesIO(tar_of(with_special_files))) as found:
        assert found.getnames() == [".dockerignore", "file"]


def test_an_ignore_file_that_is_a_fifo_or_huge_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".dockerignore")
    with pytest.raises(StepError, match="it is a named pipe"):
        tar_of(tmp_path)
    (tmp_path / ".dockerignore").unlink()
    (tmp_path / ".dockerignore").write_bytes(b"\n" * (MAX_IGNORE_FILE + 1))
    with pytest.raises(StepError, match="larger than 1 MiB"):
        tar_of(tmp_path)


def test_a_deep_tree_is_sent(tmp_path: Path) -> None:
    """Python's recursion has a limit; folders have another one."""
    subprocess.run(["mkdir", "-p", "/".join("d" * 1500)], cwd=tmp_path, check=True)
    assert tar_of(tmp_path).count(b"ustar") >= 1500
    subprocess.run(["rm", "-r", "d"], cwd=tmp_path, check=True)


def test_there_is_no_such_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("missing", "file", "a\0b"):
        with pytest.raises(StepError, match="there is no folder"):
            FolderUpload(tmp_path / name).chunks().__next__()


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder of nobody's, in which this test is nobody too."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    if os.geteuid() == 0:
        os.seteuid(65534)
        yield folder
        os.seteuid(0)
    else:
        yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["secret", "folder", ".dockerignore"])
def test_what_can_not_be_read_is_named(as_nobody: Path, name: str) -> None:
    path = as_nobody / name
    path.mkdir() if name == "folder" else path.touch()
    path.chmod(0)
    with pytest.raises(StepError, match=f"{name}/? can't be read: Permission denied") as caught:
        list(FolderUpload(as_nobody).chunks())
    assert caught.value.code == "unreadable-file"
    path.chmod(0o700)


def test_a_file_that_grows_is_sent_as_long_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * 3 * PIECE)
    data = b""
    for piece in FolderUpload(tmp_path).chunks():
        data += piece
        with (tmp_path / "log").open("ab") as log:
            log.write(b"more")
    with tarfile.open(fileobj=io.BytesIO(data)) as found:
        assert found.getmember("log").size == 3 * PIECE


def test_a_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * 3 * PIECE)
    pieces = FolderUpload(tmp_path).chunks()
    next(pieces)
    os.truncate(tmp_path / "log", PIECE)
    with pytest.raises(StepError, match="log became shorter while it was sent") as caught:
        list(pieces)
    assert caught.value.code == "changed-body"


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * PIECE + b"y")
    upload = FileUpload(tmp_path / "file")
    assert (upload.size, upload.label) == (PIECE + 1, "@file")
    assert [len(piece) for piece in upload.chunks()] == [PIECE, 1]
    assert upload.read(PIECE + 1) == b"x" * PIECE + b"y"
    with pytest.raises(StepError, match="is larger than 0 MiB"):
        upload.read(PIECE)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing", "No such file"), ("folder", "is a folder"), ("a\0b", "it is not a file name"),
        ("pipe", "a named pipe"), ("/dev/zero", "a device"), ("/dev/full", "a device"),
    ],
)  # fmt: skip
def test_what_is_no_file(tmp_path: Path, name: str, why: str) -> None:
    """Nothing waits for a writer at the other end of a pipe, or reads from a device for ever."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StepError, match=why):
        _ = FileUpload(tmp_path / name).size
