"""A file as a request's body."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from runner.errors import StepError

PIECE = 256 * 1024


class FileUpload(NamedTuple):
    """Streams a file. Its size is known, so that the engine can tell when it ends early; a pipe's is not."""

    path: Path

    @property
    def size(self) -> int | None:
        try:
            found = self.path.stat()
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None
        if stat.S_ISDIR(found.st_mode):
            raise StepError("unreadable-file", f"{self.path} is a folder", hint="a folder is sent with body_dir")
        return found.st_size if stat.S_ISREG(found.st_mode) else None

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
        """All of it.

        Raises:
            StepError: it can't be read, or is larger than ``limit`` bytes.
        """
        known = self.size
        parts: list[bytes] = []
        left = limit
        for data in self.chunks() if known is None or known <= limit else ():
            parts.append(data)
            left -= len(data)
            if left < 0:
                break
        if left < 0 or (known or 0) > limit:
            raise StepError("file-too-large", f"{self.path} is larger than {limit // 1024 // 1024} MiB")
        return b"".join(parts)

    def _unreadable(self, error: OSError | ValueError) -> StepError:
        hint = "paths are relative to the scenario's own folder, or to the working folder, where 'save' writes"
        why = error.strerror if isinstance(error, OSError) else "it names no file"
        return StepError("unreadable-file", f"{self.path} can't be read: {why}", hint=hint)
