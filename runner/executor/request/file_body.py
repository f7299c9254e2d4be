"""Streams a file as a request's body."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from runner.errors import StepError
from runner.reading import NotRegularError, ReadPolicy, open_regular

PIECE: Final = 256 * 1024
"""Bytes that are read at a time."""

MAX_OFFLINE: Final = 1024**3
"""The most bytes that a run without an engine reads from one file or folder."""

Check = Callable[[], None]
"""Raises an error if local work must end: the step is cancelled, or its deadline has passed."""


def no_check() -> None:
    """Let local work continue."""


class FileUpload(NamedTuple):
    """Streams a regular file, which a run without an engine has a ``policy`` for. The size is sent in advance, so that
    the engine notices a truncated body."""

    path: Path
    policy: ReadPolicy | None = None
    check: Check = no_check
    written: str = ""
    """The path as it is in the scenario."""

    @property
    def size(self) -> int:
        """The size in bytes.

        Raises:
            StepError: ``unreadable-file``; ``outside-folder``; or ``file-too-large``, for a run without an engine.
        """
        with self._open() as file:
            size = os.fstat(file.fileno()).st_size
        if self.policy is not None and size > MAX_OFFLINE:
            raise self._too_large(MAX_OFFLINE)
        return size

    @property
    def label(self) -> str:
        return f"@{self.path.name}"

    def chunks(self) -> Iterator[bytes]:
        with self._open() as file:
            while data := self._read(file):
                self.check()
                yield data

    def recorded_chunks(self) -> Iterator[bytes]:
        """Yield the bytes, of which a run without an engine reads a limited number."""
        announced = self.size
        return self.chunks() if announced else iter(())

    def beginning(self, limit: int) -> tuple[bytes, int]:
        """Return the first bytes, and the size of all.

        Raises:
            StepError: ``unreadable-file``, ``outside-folder``, or ``file-too-large``.
        """
        size = self.size
        with self._open() as file:
            try:
                return file.read(limit), size
            except OSError as error:
                raise self._unreadable(error) from None

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

    def _open(self) -> BinaryIO:
        path = self.path if self.policy is None else self.policy.check(self.path)
        try:
            return open_regular(path)
        except NotRegularError as error:
            hint = "a folder is sent with body_dir" if error.kind == "a folder" else None
            raise StepError("unreadable-file", f"{self.path} can't be sent: it is {error.kind}", hint=hint) from None
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None

    def _read(self, file: BinaryIO) -> bytes:
        try:
            return file.read(PIECE)
        except OSError as error:
            raise self._unreadable(error) from None

    def _too_large(self, limit: int) -> StepError:
        return StepError("file-too-large", f"{self.path} is larger than {limit // 1024 // 1024} MiB")

    def _unreadable(self, error: OSError | ValueError) -> StepError:
        hint = "paths are relative to the scenario's own folder, or to the working folder, where 'save' writes"
        reason = error.strerror if isinstance(error, OSError) else "it is not a file name"
        return StepError("unreadable-file", f"{self.path} can't be read: {reason}", hint=hint)
