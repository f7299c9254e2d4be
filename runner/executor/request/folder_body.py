"""Streams a folder as a reproducible tar: the same bytes wherever and whenever it is made from the same files.

Entries are sorted, belong to root and have no times; modes are kept. Files that ``.dockerignore`` excludes are left
out.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Final

from runner.errors import RunnerError, StepError
from runner.executor.request.dockerignore import Hits, Ignore
from runner.executor.request.file_body import MAX_OFFLINE, PIECE, Check, no_check
from runner.reading import NotRegularError, ReadPolicy, open_regular

BLOCK: Final = 512
IGNORE_FILE: Final = ".dockerignore"
MAX_EXCLUDED: Final = 20
"""Names of what is excluded that documents show, at most."""
MAX_IGNORE_FILE: Final = 1024 * 1024
"""The largest ``.dockerignore``, in bytes."""

_UNSENDABLE: Final = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
Mode = Callable[[os.stat_result], int]


@dataclass(frozen=True)
class FolderUpload:
    """Streams a folder as a tar, file by file. ``required`` files are sent even where they are ignored; a run
    without an engine has a ``policy`` for the folder."""

    path: Path
    required: tuple[str, ...] = ()
    policy: ReadPolicy | None = None
    check: Check = no_check
    written: str = ""
    """The path as it is in the scenario."""

    @property
    def size(self) -> None:
        """None: the size is known only at the end."""

    @property
    def label(self) -> str:
        return f"@{self.path.name}.tar"

    @property
    def folder(self) -> str:
        """The folder as it is in the scenario."""
        return self.written or self.path.name

    @cached_property
    def excluded(self) -> tuple[str, ...]:
        """Return what ``.dockerignore`` excludes, of a folder without anything that is sent the folder alone; the first
        :data:`MAX_EXCLUDED` names and one more. A folder that can't be read, or not in time, excludes nothing: sending
        it raises the error.
        """
        try:
            if not self._ignore.excludes:
                return ()
            names = (name for name, is_sent in self._walk() if not is_sent)
            return tuple(islice(names, MAX_EXCLUDED + 1))
        except RunnerError:
            return ()

    @cached_property
    def _ignore(self) -> Ignore:
        path = self.path / IGNORE_FILE
        try:
            with open_regular(path, follow=self.policy is None) as file:
                data = file.read(MAX_IGNORE_FILE + 1)
        except FileNotFoundError:
            data = b""
        except NotRegularError as error:
            raise StepError("unreadable-file", f"{path} can't be read: it is {error.kind}") from None
        except OSError as error:
            raise _unreadable(path, error) from None
        if len(data) > MAX_IGNORE_FILE:
            raise StepError("file-too-large", f"{path} is larger than {MAX_IGNORE_FILE // 1024 // 1024} MiB")
        ignore = Ignore(data.decode("utf-8-sig", "surrogateescape"))
        for name in self.required:
            ignore.keep(name)
        return ignore

    def chunks(self) -> Iterator[bytes]:
        """Yield the tar's bytes.

        Raises:
            StepError: the folder, or a file in it, can't be read or sent, or changed meanwhile.
        """
        return self._tar(_mode)

    def recorded_chunks(self) -> Iterator[bytes]:
        """Yield the tar with modes that do not depend on the umask of a checkout."""
        return self._tar(_portable_mode)

    def _tar(self, mode: Mode) -> Iterator[bytes]:
        if self.policy is not None:
            self.policy.check(self.path)
        try:
            is_folder = self.path.is_dir()
        except ValueError:  # a NUL in the name
            is_folder = False
        if not is_folder:
            hint = "paths are relative to the scenario's own folder"
            raise StepError("unreadable-file", f"there is no folder {self.path}", hint=hint)
        return _in_larger_pieces(self._entries(mode))

    def _entries(self, mode: Mode) -> Iterator[bytes]:
        total = 0
        for name in self._names():
            path = self.path / name
            try:
                status = path.lstat()
                total += status.st_size
                if self.policy is not None and total > MAX_OFFLINE:
                    message = f"{self.path} is larger than {MAX_OFFLINE // 1024 // 1024} MiB"
                    raise StepError("file-too-large", message)
                yield from _entry(name, path, status, mode(status), self.check)
            except OSError as error:
                raise _unreadable(path, error) from None
        yield bytes(2 * BLOCK)

    def _names(self) -> Iterator[str]:
        """Yield the names to send, each folder before its content."""
        return (name for name, is_sent in self._walk() if is_sent)

    def _walk(self) -> Iterator[tuple[str, bool]]:
        """Yield each name and whether it is sent, each folder before its content; what is in an excluded folder only
        as far as some of it can be sent."""
        stack = [self._children("", ())]
        while stack:
            self.check()
            for name, is_folder, hits in stack[-1]:
                is_ignored = self._ignore.ignores(hits)
                is_entered = is_folder and (not is_ignored or self._ignore.may_keep_in(name))
                if not (is_ignored and is_entered):
                    yield name, not is_ignored
                if is_entered:
                    stack.append(self._children(f"{name}/", hits))
                    break
            else:
                stack.pop()

    def _children(self, parent: str, parent_hits: Hits) -> Iterator[tuple[str, bool, Hits]]:
        """Yield (name, whether it is a folder, matches of ``.dockerignore``) of what a folder holds."""
        try:
            with os.scandir(self.path / parent) as unsorted:
                entries = sorted(
                    ((entry.name, entry.is_dir(follow_symlinks=False)) for entry in unsorted),
                    key=lambda entry: os.fsencode(entry[0]),
                )
        except OSError as error:
            raise _unreadable(self.path / parent, error) from None
        for child, is_folder in entries:
            self.check()
            name = f"{parent}{child}"
            yield name, is_folder, self._ignore.hits(name, parent_hits)


def _mode(status: os.stat_result) -> int:
    return stat.S_IMODE(status.st_mode)


def _portable_mode(status: os.stat_result) -> int:
    """Keep only the executable bit, as git does."""
    if stat.S_ISDIR(status.st_mode):
        return 0o755
    return 0o755 if status.st_mode & 0o100 else 0o644


def _entry(name: str, path: Path, status: os.stat_result, mode: int, check: Check) -> Iterator[bytes]:
    info = tarfile.TarInfo(name)
    if stat.S_ISLNK(status.st_mode):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
    elif stat.S_ISDIR(status.st_mode):
        info.type, info.mode = tarfile.DIRTYPE, mode
    elif stat.S_ISREG(status.st_mode):
        info.size, info.mode = status.st_size, mode
    else:
        kind = _UNSENDABLE.get(stat.S_IFMT(status.st_mode), "not a file")
        raise StepError("unreadable-file", f"{path} can't be sent: it is {kind}", hint=f"name it in {IGNORE_FILE}")
    yield info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    if info.isreg():
        yield from _content(path, info.size, check)


def _content(path: Path, size: int, check: Check) -> Iterator[bytes]:
    """Yield exactly as many bytes as the header announces, then the padding of the last block."""
    remaining = size
    with open_regular(path, follow=False) as file:
        while remaining and (data := file.read(min(PIECE, remaining))):
            check()
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
