"""Keeps what a client uploaded as files beside the scenario: plain tars as folders, all else as it was."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import IO, Any, Final

from runner.errors import UsageError
from runner.files import cannot_write
from runner.proxy.tape import Taped

MAX_MEMBERS: Final = 10_000
_AS_FOLDER: Final = frozenset(("image.build", "container.put_archive"))


class Uploads:
    """Writes uploads into ``folder``, which is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self.names: Final[list[str]] = []

    def keep(self, taped: Taped) -> dict[str, Any]:
        """Write an upload; returns the step's key for it: ``body_dir`` or ``body_file``.

        Raises:
            UsageError: ``cannot-write``.
        """
        assert taped.upload is not None
        self._number += 1
        stem = "context" if taped.call.operation and taped.call.operation.name == "image.build" else "upload"
        name = stem if self._number == 1 else f"{stem}-{self._number}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if taped.call.operation is not None and taped.call.operation.name in _AS_FOLDER:
                folder = self._folder / name
                if _unpacked(taped.upload, folder):
                    self.names.append(f"{self._folder.name}/{name}/")
                    return {"body_dir": f"{self._folder.name}/{name}"}
            taped.upload.seek(0)
            with (self._folder / f"{name}.bin").open("wb") as file:
                shutil.copyfileobj(taped.upload, file)
        except OSError as error:
            raise cannot_write(self._folder, error) from None
        self.names.append(f"{self._folder.name}/{name}.bin")
        return {"body_file": f"{self._folder.name}/{name}.bin"}

    def keep_input(self, data: bytes) -> str:
        """Write input that is not text; returns its path.

        Raises:
            UsageError: ``cannot-write``.
        """
        self._number += 1
        path = self._folder / f"input-{self._number}.bin"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            raise cannot_write(path, error) from None
        self.names.append(f"{self._folder.name}/{path.name}")
        return f"{self._folder.name}/{path.name}"


def _unpacked(upload: IO[bytes], folder: Path) -> bool:
    """Unpack a tar of plain files and folders; False if it is none, or has more in it than a folder can hold."""
    upload.seek(0)
    try:
        with tarfile.open(fileobj=upload) as tar:
            members = tar.getmembers()
            plain = all(member.isreg() or member.isdir() for member in members)
            if not plain or len(members) > MAX_MEMBERS:
                return False
            if folder.exists():
                raise UsageError("cannot-write", f"{folder} is there already", hint="remove it, or choose another name")
            folder.mkdir()
            tar.extractall(folder, members, filter="data")
    except (tarfile.TarError, EOFError):
        shutil.rmtree(folder, ignore_errors=True)
        return False
    return True
