"""Opens files for reading, and limits which ones: regular files only, and only below certain folders where asked."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from runner.errors import StepError

OFFLINE_LIMIT: Final = 1024**3
"""The most bytes that a run without an engine reads from one file or folder."""

_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # with O_NONBLOCK, opening a FIFO returns at once


def resolve_inside(path: Path, roots: Sequence[Path] | None) -> Path:
    """Resolve symbolic links, and check that the result is below one of the folders ``roots``, not hidden there. With
    None every path is accepted as it is.

    Raises:
        StepError: ``outside-folder``.
    """
    if roots is None:
        return path
    try:
        resolved = path.resolve()
    except (OSError, ValueError, RuntimeError):  # a NUL in the name, a circle of links
        raise StepError("outside-folder", f"{str(path)!r} is not a file name") from None
    is_hidden = False
    for root in (root.resolve() for root in roots):
        if resolved == root or root in resolved.parents:
            is_hidden = any(part.startswith(".") for part in resolved.relative_to(root).parts)
            if not is_hidden:
                return resolved
    reason = "is hidden" if is_hidden else f"is outside of {roots[0].resolve()}"
    hint = "without an engine only files below the scenario's folder are read; --allow-read allows other folders"
    raise StepError("outside-folder", f"{path} {reason}", hint=hint)


def open_regular(path: Path, roots: Sequence[Path] | None = None, *, follow: bool = True) -> BinaryIO:
    """Open a regular file, below one of the folders ``roots`` if there are any. Unless ``follow`` is set, the file must
    not be a symbolic link itself.

    Raises:
        StepError: ``outside-folder``, or ``unreadable-file``: it is a folder, a device, a FIFO or a socket.
        OSError: it can't be opened.
    """
    resolved = resolve_inside(path, roots)
    flags = _READ if roots is None and follow else _READ | os.O_NOFOLLOW
    try:
        descriptor = os.open(resolved, flags)
    except ValueError:
        raise StepError("unreadable-file", f"{str(path)!r} can't be read: it is not a file name") from None
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
    raise StepError("unreadable-file", f"{path} can't be read: it is {kind}")
