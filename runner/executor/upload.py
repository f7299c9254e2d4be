"""A file as a request's body."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from runner.errors import StepError

PIECE = 256 * 1024


class FileUpload(NamedTuple):
    """Streams a file; its size is known, so that the engine can tell when it ends early."""

    path: Path

    @property
    def size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError as error:
            raise self._unreadable(error) from None

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
        if self.size > limit:
            raise StepError("file-too-large", f"{self.path} is larger than {limit // 1024 // 1024} MiB")
        return b"".join(self.chunks())

    def _unreadable(self, error: OSError) -> StepError:
        hint = "paths are relative to the scenario's own folder, or to the working folder, where 'save' writes"
        return StepError("unreadable-file", f"{self.path} can't be read: {error.strerror}", hint=hint)
