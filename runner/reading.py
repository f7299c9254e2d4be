"""Reads files safely: regular files only, up to a size, and where a policy says so only below certain folders.

Scenarios, pages and recordings may come from strangers. ``check``, ``plan``, ``--replay`` and ``docs --check`` read the
files that these name only below their own folder: a :class:`ReadPolicy` decides. A live run has no policy, because it
has the power of the engine anyway.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO, NamedTuple

from runner.errors import StepError
from runner.text import shown

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class ReadPolicy(NamedTuple):
    """Allows to read below ``folders`` (absolute, without symlinks), except in hidden folders."""

    folders: tuple[Path, ...]

    @classmethod
    def below(cls, folder: Path, *allowed: Path) -> ReadPolicy:
        """Return the policy of a scenario's own folder and the folders that the user allows (``--allow-read``)."""
        return cls(tuple(path.resolve() for path in (folder, *allowed)))

    def check(self, path: Path) -> Path:
        """Return the path without symlinks, if what is there may be read. That it is a regular file is left to
        :func:`read_regular`.

        Raises:
            StepError: ``outside-folder``: it is not below an allowed folder, or in a hidden one.
        """
        try:
            resolved = path.resolve()
            is_folder = resolved.is_dir()
        except (OSError, RuntimeError, ValueError):  # a circle of symlinks is a RuntimeError, a NUL a ValueError
            raise StepError("outside-folder", f"{shown(str(path))} is not a path that can be read") from None
        inside = [resolved.relative_to(folder).parts for folder in self.folders if resolved.is_relative_to(folder)]
        if not inside:
            raise StepError("outside-folder", f"{path} is outside the scenario's folder", hint=_HINT)
        hidden = [_hidden(parts if is_folder else parts[:-1]) for parts in inside]
        if all(hidden):
            raise StepError("outside-folder", f"{path} is in the hidden folder '{hidden[0]}'", hint=_HINT)
        return resolved


_HINT = "a run without an engine reads only below the scenario's folder; --allow-read DIR allows another one"


class NotRegularError(OSError):
    """Raised where a path leads to no regular file but to ``kind``: a folder, a device, a named pipe, a socket."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(f"{path} is {kind}")
        self.kind = kind


def read_regular(path: Path, limit: int) -> bytes:
    """Read at most ``limit + 1`` bytes of a regular file, so that the caller sees when it is larger. Never waits for a
    writer, as opening a named pipe would, and never opens a device.

    Raises:
        NotRegularError: it is something else.
        OSError: it can't be read.
    """
    with open_regular(path) as file:
        return file.read(limit + 1)


def open_regular(path: Path, *, follow: bool = True) -> BinaryIO:
    """Open a regular file for reading; with ``follow`` unset, it may not be a symbolic link.

    Raises:
        NotRegularError: it is something else.
        OSError: it can't be read.
    """
    kind = _kind(path)
    if kind is not None:
        raise NotRegularError(path, kind)
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    kind = _kind_of(os.fstat(handle).st_mode)
    if kind is not None:  # it was replaced in between
        os.close(handle)
        raise NotRegularError(path, kind)
    return os.fdopen(handle, "rb")


def _hidden(parts: tuple[str, ...]) -> str | None:
    return next((part for part in parts if part.startswith(".")), None)


def _kind(path: Path) -> str | None:
    """Return what is at a path if it is not a regular file; None for those, and where there is nothing."""
    try:
        return _kind_of(path.stat().st_mode)
    except FileNotFoundError:
        return None


def _kind_of(mode: int) -> str | None:
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "something else")
