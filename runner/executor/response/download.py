"""Writes a response to a file inside the working folder, completely or not at all."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path
from types import TracebackType

from runner.errors import StepError


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file to write.

    Raises:
        StepError: ``outside-folder``.
    """
    root = folder.resolve()
    try:
        path = (root / name).resolve()
    except (OSError, ValueError, RuntimeError):  # an embedded NUL, links in a circle
        raise StepError("outside-folder", f"{name!r} is not a file name") from None
    if root not in path.parents:
        hint = "files are written inside the working folder only"
        raise StepError("outside-folder", f"'{name}' is outside of {root}", hint=hint)
    return path


class Download:
    """Writes to a temporary name beside the final one, and renames once everything has arrived."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")
        try:
            if path.is_dir():
                raise IsADirectoryError(0, "it is a folder")
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("xb")
        except OSError as error:
            raise self._failed(error) from None

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
                self._part.replace(self.path)
        except OSError as failure:
            if kind is None:
                raise self._failed(failure) from None
        finally:
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)

    def _failed(self, error: OSError) -> StepError:
        return StepError("cannot-write", f"{self.path} can't be written: {error.strerror}")
