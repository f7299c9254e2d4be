"""Streams a file as a request's body."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from runner.errors import StepError

PIECE = 256 * 1024


class FileUpload(NamedTuple):
    """Streams a file. The size is sent in advance, so that the engine notices a truncated body; a pipe has none."""

    path: Path

    @property
    def size(self) -> int | None:
        try:
            status = self.path.stat()
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None
        if stat.S_ISDIR(status.st_mode):
            raise StepError("unreadable-file", f"{self.path} is a folder", hint="a folder is sent with body_dir")
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    @property
    def label(self) -> str:
        return f"@{self.path.name}"

    def chunks(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                while data := file.read(PIECE):
                    yield data
        except OSError as error:
            raise self._unreadable(error) from None

    def read(self, limit: int) -> bytes:
        """Return the whole content.

        Raises:
            StepError: ``unreadable-file``, or ``file-too-large``: it is larger than ``limit`` bytes.
        """
        size = self.size
        parts: list[bytes] = []
        left = limit
        for data in self.chunks() if size is None or size <= limit else ():
            parts.append(data)
            left -= len(data)
            if left < 0:
                break
        if left < 0 or (size or 0) > limit:
            raise StepError("file-too-large", f"{self.path} is larger than {limit // 1024 // 1024} MiB")
        return b"".join(parts)

    def _unreadable(self, error: OSError | ValueError) -> StepError:
        hint = "paths are relative to the scenario's own folder, or to the working folder, where 'save' writes"
        reason = error.strerror if isinstance(error, OSError) else "it is not a file name"
        return StepError("unreadable-file", f"{self.path} can't be read: {reason}", hint=hint)
