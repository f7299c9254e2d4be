"""Streams a folder as a reproducible tar: the same bytes wherever and whenever it is made.

Entries are sorted, belong to root and have no times; of a file's mode only the executable bit is kept. Files that
``.dockerignore`` excludes are left out.
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
    """Streams a folder as a tar, file by file. ``required`` files are sent even where they are ignored."""

    path: Path
    required: tuple[str, ...] = ()

    @property
    def size(self) -> None:
        """None: the size is known only at the end."""

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
        for name in self.required:
            ignore.keep(name)
        return ignore

    def chunks(self) -> Iterator[bytes]:
        """Yield the tar's bytes.

        Raises:
            StepError: the folder, or a file in it, can't be read, or changed meanwhile.
        """
        if not self.path.is_dir():
            hint = "paths are relative to the scenario's own folder"
            raise StepError("unreadable-file", f"there is no folder {self.path}", hint=hint)
        return _in_larger_pieces(self._entries())

    def _entries(self) -> Iterator[bytes]:
        for name in self._names("", ()):
            path = self.path / name
            try:
                yield from _entry(name, path)
            except OSError as error:
                raise _unreadable(path, error) from None
        yield bytes(2 * BLOCK)

    def _names(self, parent: str, parent_hits: Hits) -> Iterator[str]:
        """Yield the names to send, each folder before its content."""
        try:
            with os.scandir(self.path / parent) as unsorted:
                entries = sorted(unsorted, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            raise _unreadable(self.path / parent, error) from None
        for entry in entries:
            name = f"{parent}{entry.name}"
            hits = self._ignore.hits(name, parent_hits)
            ignored = self._ignore.ignores(hits)
            if not ignored:
                yield name
            if entry.is_dir(follow_symlinks=False) and (not ignored or self._ignore.may_keep_in(name)):
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
    """Yield exactly as many bytes as the header announces, then the padding of the last block."""
    remaining = size
    with path.open("rb") as file:
        while remaining and (data := file.read(min(PIECE, remaining))):
            remaining -= len(data)
            yield data
    if remaining:
        raise StepError("changed-body", f"{path} became shorter while it was sent")
    if size % BLOCK:
        yield bytes(BLOCK - size % BLOCK)


def _in_larger_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces, so that a tree of small files doesn't need a system call for each."""
    buffer: list[bytes] = []
    size = 0
    for piece in pieces:
        buffer.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(buffer)
            buffer.clear()
            size = 0
    yield b"".join(buffer)


def _unreadable(path: Path, error: OSError) -> StepError:
    return StepError("unreadable-file", f"{path} can't be read: {error.strerror}")
