"""A folder as a request's body: a tar with the same bytes wherever and whenever it is made.

Entries are sorted, belong to root and have no times; of a file's mode only whether it can be executed is kept. What
``.dockerignore`` names is left out.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from runner.errors import StepError
from runner.executor.request.dockerignore import Hits, Ignore

PIECE = 256 * 1024
BLOCK = 512
IGNORE_FILE = ".dockerignore"


@dataclass(frozen=True)
class FolderUpload:
    """Streams a folder as a tar, file by file. ``always`` are files that the engine needs, whatever is ignored."""

    path: Path
    always: tuple[str, ...] = ()

    @property
    def size(self) -> None:
        """Only sending tells."""

    @property
    def label(self) -> str:
        return f"@{self.path.name}.tar"

    @property
    def folder(self) -> str:
        """The folder's own name."""
        return self.path.name

    @cached_property
    def _ignore(self) -> Ignore:
        path = self.path / IGNORE_FILE
        try:
            text = path.read_text("utf-8-sig", "surrogateescape")
        except FileNotFoundError:
            text = ""
        except OSError as error:
            raise _unreadable(path, error) from None
        ignore = Ignore(text)
        for name in self.always:
            ignore.keep(name)
        return ignore

    def chunks(self) -> Iterator[bytes]:
        """The tar's bytes.

        Raises:
            StepError: the folder, or a file in it, can't be read, or changes meanwhile.
        """
        if not self.path.is_dir():
            hint = "paths are relative to the scenario's own folder"
            raise StepError("unreadable-file", f"there is no folder {self.path}", hint=hint)
        return _gathered(self._entries())

    def _entries(self) -> Iterator[bytes]:
        for name in self._names("", ()):
            path = self.path / name
            try:
                yield from _entry(name, path)
            except OSError as error:
                raise _unreadable(path, error) from None
        yield bytes(2 * BLOCK)

    def _names(self, below: str, around: Hits) -> Iterator[str]:
        """What is sent, each folder before what is in it."""
        try:
            with os.scandir(self.path / below) as found:
                entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            raise _unreadable(self.path / below, error) from None
        for entry in entries:
            name = f"{below}{entry.name}"
            hits = self._ignore.hits(name, around)
            ignored = self._ignore.ignores(hits)
            if not ignored:
                yield name
            if entry.is_dir(follow_symlinks=False) and (not ignored or self._ignore.may_keep_inside(name)):
                yield from self._names(f"{name}/", hits)


def _entry(name: str, path: Path) -> Iterator[bytes]:
    info = tarfile.TarInfo(name)
    stat = path.lstat()
    if path.is_symlink():
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
    elif path.is_dir():
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    elif path.is_file():
        info.size, info.mode = stat.st_size, 0o755 if stat.st_mode & 0o100 else 0o644
    else:
        return  # a socket or a device has no place in a build
    yield info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    if info.isreg():
        yield from _content(path, info.size)


def _content(path: Path, size: int) -> Iterator[bytes]:
    """As many bytes as the header has promised, whatever the file has become meanwhile, and what fills up a block."""
    left = size
    with path.open("rb") as file:
        while left and (data := file.read(min(PIECE, left))):
            left -= len(data)
            yield data
    if left:
        raise StepError("changed-body", f"{path} became shorter while it was sent")
    if size % BLOCK:
        yield bytes(BLOCK - size % BLOCK)


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces: a tree of small files is not worth a system call for each."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(held)
            held.clear()
            size = 0
    yield b"".join(held)


def _unreadable(path: Path, error: OSError) -> StepError:
    return StepError("unreadable-file", f"{path} can't be read: {error.strerror}")
