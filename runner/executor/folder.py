"""A folder as a request's body: a tar with the same bytes wherever and whenever it is made.

Entries are sorted, belong to root and have no times; of a file's mode only whether it can be executed is kept. What
``.dockerignore`` names is left out, by the rules of https://docs.docker.com/build/concepts/context/#dockerignore-files.
"""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from runner.errors import StepError

PIECE = 256 * 1024
BLOCK = 512
IGNORE_FILE = ".dockerignore"
ALWAYS_SENT = frozenset({IGNORE_FILE, "Dockerfile"})
"""The engine needs these itself, whatever is ignored."""


@dataclass(frozen=True)
class FolderUpload:
    """Streams a folder as a tar, file by file."""

    path: Path

    @property
    def size(self) -> None:
        """Only sending tells."""

    @property
    def label(self) -> str:
        return f"@{self.path.name}.tar"

    @property
    def folder(self) -> str:
        """The folder's own name."""
        return self.path.name

    @cached_property
    def _ignored(self) -> Ignore:
        try:
            return Ignore((self.path / IGNORE_FILE).read_text("utf-8-sig"))
        except FileNotFoundError:
            return Ignore("")
        except (OSError, UnicodeDecodeError) as error:
            raise StepError("unreadable-file", f"{self.path / IGNORE_FILE} can't be read: {error}") from None

    def chunks(self) -> Iterator[bytes]:
        """The tar's bytes.

        Raises:
            StepError: the folder, or a file in it, can't be read, or changes meanwhile.
        """
        if not self.path.is_dir():
            hint = "paths are relative to the scenario's own folder"
            raise StepError("unreadable-file", f"there is no folder {self.path}", hint=hint)
        for name in sorted(self._names("")):
            try:
                yield from self._entry(name)
            except OSError as error:
                raise StepError("unreadable-file", f"{self.path / name} can't be read: {error.strerror}") from None
        yield b"\0" * (2 * BLOCK)

    def _names(self, below: str) -> Iterator[str]:
        try:
            entries = sorted(os.scandir(self.path / below), key=lambda entry: entry.name)
        except OSError as error:
            raise StepError("unreadable-file", f"{self.path / below} can't be read: {error.strerror}") from None
        for entry in entries:
            name = f"{below}{entry.name}"
            ignored = self._ignored.matches(name) and name not in ALWAYS_SENT
            folder = entry.is_dir(follow_symlinks=False)
            if not ignored:
                yield name
            if folder and (not ignored or self._ignored.has_exceptions):
                yield from self._names(f"{name}/")

    def _entry(self, name: str) -> Iterator[bytes]:
        path = self.path / name
        info = tarfile.TarInfo(name)
        stat = path.lstat()
        if path.is_symlink():
            info.type, info.linkname, info.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
        elif path.is_dir():
            info.type, info.mode = tarfile.DIRTYPE, 0o755
        elif path.is_file():
            info.size, info.mode = stat.st_size, 0o755 if stat.st_mode & 0o100 else 0o644
        else:
            return  # a socket or a device has no place in a build
        yield info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        if info.isreg():
            yield from self._content(path, info.size)

    @staticmethod
    def _content(path: Path, size: int) -> Iterator[bytes]:
        left = size
        with path.open("rb") as file:
            while left and (data := file.read(min(PIECE, left))):
                left -= len(data)
                yield data
        if left:
            raise StepError("unreadable-file", f"{path} became shorter while it was sent")
        if size % BLOCK:
            yield b"\0" * (BLOCK - size % BLOCK)


class Ignore:
    """The patterns of a ``.dockerignore``; the last one that matches a path, or a folder around it, decides."""

    def __init__(self, text: str) -> None:
        self._patterns: list[tuple[bool, re.Pattern[str]]] = []
        for line in text.splitlines():
            pattern = line.strip()
            if not pattern or line.startswith("#"):
                continue
            exception = pattern.startswith("!")
            cleaned = os.path.normpath(pattern.removeprefix("!").strip()).lstrip("/")
            if cleaned != ".":
                self._patterns.append((not exception, re.compile(_regex(cleaned))))
        self.has_exceptions = any(not ignores for ignores, _ in self._patterns)

    def matches(self, name: str) -> bool:
        parts = name.split("/")
        names = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        ignored = False
        for ignores, pattern in self._patterns:
            if ignored != ignores and any(pattern.fullmatch(one) for one in names):
                ignored = ignores
        return ignored


def _regex(pattern: str) -> str:
    """A pattern as a regular expression: ``*`` and ``?`` stay within a name, ``**`` spans folders."""
    out: list[str] = []
    index = 0
    while index < len(pattern):
        character = pattern[index]
        if pattern.startswith("**", index):
            index += 2
            if pattern.startswith("/", index):
                index += 1
                out.append("(?:.*/)?")
            else:
                out.append(".*")
            continue
        closing = pattern.find("]", index + 2) if character == "[" else -1
        if closing > 0:
            inside = pattern[index + 1 : closing].replace("\\", "\\\\")
            out.append(f"[{inside}]" if not inside.startswith("!") else f"[^{inside[1:]}]")
            index = closing
        elif character == "\\" and index + 1 < len(pattern):
            index += 1
            out.append(re.escape(pattern[index]))
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character)))
        index += 1
    return "".join(out)
