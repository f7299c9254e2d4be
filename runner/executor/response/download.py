"""Writes a response to a file, completely or not at all.

Every folder on the way is opened relative to the one before, without following symbolic links, so that no one can
redirect the file meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from types import TracebackType
from typing import Final

from runner.errors import StepError
from runner.executor.files import SaveTarget, file_exists

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Download:
    """Writes to a temporary name beside the final one, and renames once everything has arrived."""

    def __init__(self, root: Path, target: SaveTarget) -> None:
        self.path = root.joinpath(*target.parts)
        self._name = target.name
        self._overwrite = target.overwrite
        self._temporary = f".{secrets.token_hex(8)}.part"
        try:
            self._folder = _open_folder(root, target.parts[:-1])
            try:
                self._check_replaceable(self._overwrite)
                self._file = os.fdopen(os.open(self._temporary, _NEW_FILE, 0o666, dir_fd=self._folder), "wb")
            except BaseException:
                os.close(self._folder)
                raise
        except OSError as error:
            raise self._failed(error) from None

    def _check_replaceable(self, overwrite: bool) -> None:
        """Refuse to replace anything but a regular file, and that only if it may be overwritten."""
        with contextlib.suppress(FileNotFoundError):
            mode = os.stat(self._name, dir_fd=self._folder, follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(0, "it is a folder")
            if not stat.S_ISREG(mode):
                raise OSError(0, "it is not a regular file")
            if not overwrite:
                raise file_exists(self.path)

    def write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise self._failed(error) from None

    def __enter__(self) -> Download:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
            if kind is None:
                self._rename()
        except OSError as failure:
            if kind is None:
                raise self._failed(failure) from None
        finally:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary, dir_fd=self._folder)
            os.close(self._folder)

    def _rename(self) -> None:
        """Give the file its final name, atomically; without ``overwrite`` only if nothing has that name."""
        temporary, name, folder = self._temporary, self._name, self._folder
        if not self._overwrite:
            try:
                os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            except FileExistsError:
                raise file_exists(self.path) from None
            except OSError:  # a file system without hard links: reserve the name instead
                try:
                    os.close(os.open(name, _NEW_FILE, 0o666, dir_fd=folder))
                except FileExistsError:
                    raise file_exists(self.path) from None
            else:
                return
        self._check_replaceable(overwrite=True)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)

    def _failed(self, error: OSError) -> StepError:
        return StepError("cannot-write", f"{self.path} can't be written: {error.strerror}")


def _open_folder(root: Path, parts: tuple[str, ...]) -> int:
    """Open a folder below ``root``, creating what is missing. Returns its descriptor."""
    folder = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
    try:
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=folder)
            inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
    except BaseException:
        os.close(folder)
        raise
    return folder
