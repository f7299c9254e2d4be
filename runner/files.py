"""Writes files whole or not at all, and streams whatever their encoding."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

from runner.errors import UsageError


def write_text(path: Path, text: str) -> None:
    """See :func:`write_bytes`; what UTF-8 can't hold becomes ``?``."""
    write_bytes(path, text.encode("utf-8", "replace"))


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file, or leave it as it was: there is never half of one.

    Raises:
        UsageError: ``cannot-write``.
    """
    import tempfile

    try:
        handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
            Path(part).chmod(mode)
            Path(part).replace(path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise cannot_write(path, error) from None


def write_stream(stream: TextIO, text: str) -> None:
    """Text may hold what the stream's encoding lacks; that is shown as ``?`` rather than not at all.

    Raises:
        UsageError: ``cannot-write``.
        BrokenPipeError: the reader has gone, which is not an error.
    """
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise cannot_write(Path("the standard output"), error) from None


def check_writable(path: Path) -> None:
    """Say now what would otherwise be said when everything has run: by making a file there that has no name.

    Raises:
        UsageError: ``cannot-write``.
    """
    import tempfile

    if not path.absolute().parent.is_dir():
        raise UsageError("cannot-write", f"{path} can't be written: there is no folder {path.parent}")
    if path.is_dir():
        raise UsageError("cannot-write", f"{path} can't be written: it is a folder")
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise cannot_write(path, error) from None


def cannot_write(path: Path, error: OSError) -> UsageError:
    return UsageError("cannot-write", f"{path} can't be written: {error.strerror}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
