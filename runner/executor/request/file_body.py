"""Streams a file as a request's body."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from runner.errors import StepError
from runner.file_access import OFFLINE_LIMIT, open_regular

PIECE: Final = 256 * 1024
"""Bytes that are read at a time."""

Check = Callable[[], None]
"""Raises an error if local work must end: the step is cancelled, or its deadline has passed."""


def no_check() -> None:
    """Let local work continue."""


class FileUpload(NamedTuple):
    """Streams a regular file, below one of the folders ``roots`` if there are any. The size is sent in advance, so that
    the engine notices a truncated body."""

    path: Path
    roots: tuple[Path, ...] | None = None
    check: Check = no_check

    @property
    def size(self) -> int:
        """The size in bytes.

        Raises:
            StepError: ``unreadable-file``; ``outside-folder``; or ``file-too-large``, for a run without an engine.
        """
        try:
            with open_regular(self.path, self.roots) as file:
                size = os.fstat(file.fileno()).st_size
        except OSError as error:
            raise self._unreadable(error) from None
        if self.roots is not None and size > OFFLINE_LIMIT:
            raise self._too_large(OFFLINE_LIMIT)
        return size

    @property
    def label(self) -> str:
        return f"@{self.path.name}"

    def chunks(self) -> Iterator[bytes]:
        try:
            with open_regular(self.path, self.roots) as file:
                while data := file.read(PIECE):
                    self.check()
                    yield data
        except OSError as error:
            raise self._unreadable(error) from None

    def recorded_chunks(self) -> Iterator[bytes]:
        """Yield the bytes, of which a run without an engine reads a limited number."""
        announced = self.size
        return self.chunks() if announced else iter(())

    def read(self, limit: int) -> bytes:
        """Return the whole content.

        Raises:
            StepError: ``unreadable-file``, ``outside-folder``, or ``file-too-large``: it has more than ``limit`` bytes.
        """
        parts: list[bytes] = []
        received = 0
        for data in self.chunks() if self.size <= limit else ():
            parts.append(data)
            received += len(data)
            if received > limit:
                break
        if max(received, self.size) > limit:
            raise self._too_large(limit)
        return b"".join(parts)

    def _too_large(self, limit: int) -> StepError:
        return StepError("file-too-large", f"{self.path} is larger than {limit // 1024 // 1024} MiB")

    def _unreadable(self, error: OSError) -> StepError:
        hint = "paths are relative to the scenario's own folder, or to the working folder, where 'save' writes"
        return StepError("unreadable-file", f"{self.path} can't be read: {error.strerror}", hint=hint)
