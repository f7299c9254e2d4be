"""Decides which local files a run reads and writes.

A run without an engine (a plan, a replay) may come from a stranger: it reads below the scenario's folder only, and what
it saves goes to a private folder, from which its later steps can read it. Any run writes inside the working folder
only, follows no symbolic link there, and replaces only files that it has written itself.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from runner.errors import StepError
from runner.reading import ReadPolicy


class FilePolicy(NamedTuple):
    """Holds what a run may read and write. ``folder`` is the working folder, ``read`` and ``write`` are further
    folders that the user allows; ``written`` are the files that the run has written so far. ``offline`` runs have no
    engine."""

    folder: Path
    read: tuple[Path, ...]
    write: tuple[Path, ...]
    written: set[Path]
    offline: bool


class Readable(NamedTuple):
    """A file or folder to read, and the policy that limits which ones may be read."""

    path: Path
    policy: ReadPolicy | None


class SaveTarget(NamedTuple):
    """The file that a response is written to: a path below ``root``, or below the private folder if that is None."""

    root: Path | None
    parts: tuple[str, ...]
    overwrite: bool

    @property
    def name(self) -> str:
        return self.parts[-1]


class RunFiles:
    """The local files of one scenario's run, which included scenarios share."""

    def __init__(self, policy: FilePolicy, scenario_folder: Path) -> None:
        self._policy = policy
        self._read_policy = ReadPolicy.below(scenario_folder, *policy.read) if policy.offline else None
        self._private: Path | None = None

    def readable(self, folder: Path, name: str) -> Readable:
        """Return a file of a scenario's folder."""
        return Readable(folder / name, self._read_policy)

    def readable_or_saved(self, folder: Path, name: str) -> Readable:
        """Return a file of a scenario's folder, or else one that ``save`` has written."""
        path = folder / name
        if not self._policy.offline:
            saved = self._policy.folder / name
            return Readable(saved if _mode(saved) is not None and _mode(path) is None else path, None)
        if self._private is not None:
            saved = self._private.joinpath(*self._split(name)[2])
            if _mode(saved) is not None:
                return Readable(saved, None)
        return Readable(path, self._read_policy)

    def target(self, name: str, *, overwrite: bool) -> SaveTarget:
        """Check the name of a file to write. Nothing is written yet.

        Raises:
            StepError: ``outside-folder``: it is outside of the working folder and of those that the user allows,
                hidden, or behind a symbolic link; or ``file-exists``.
        """
        root, is_allowed, parts = self._split(name)
        if any(part.startswith(".") for part in parts):
            raise StepError("outside-folder", f"'{name}' is hidden", hint="no part of the path may begin with a dot")
        if self._policy.offline and not is_allowed:
            return SaveTarget(None, parts, overwrite=True)
        path, mode = root, None
        for part in parts:
            path /= part
            mode = _mode(path)
            if mode is not None and stat.S_ISLNK(mode):
                raise StepError("outside-folder", f"{path} is a symbolic link", hint="save follows no links")
        target = SaveTarget(root, parts, overwrite or path in self._policy.written)
        if mode is not None and stat.S_ISREG(mode) and not target.overwrite:
            raise file_exists(path)
        return target

    def _split(self, name: str) -> tuple[Path, bool, tuple[str, ...]]:
        """Split the path of a file to write: the folder that it is in, whether the user allows that one besides the
        working folder, and the parts below it."""
        folder = self._policy.folder
        path = Path(os.path.normpath(folder.absolute() / name))
        if not _is_file_name(name):
            raise StepError("outside-folder", f"{name!r} is not a file name")
        for root, is_allowed in (*((root, True) for root in self._policy.write), (folder, False)):
            for spelling in (root.absolute(), root.resolve()):
                if spelling in path.parents:
                    return root.resolve(), is_allowed, path.relative_to(spelling).parts
        hint = "files are written inside the working folder only; --allow-write allows another one"
        raise StepError("outside-folder", f"'{name}' is outside of {folder.resolve()}", hint=hint)

    def root_of(self, target: SaveTarget) -> Path:
        """Return the folder of a target; the private one is created when it is first needed.

        Raises:
            StepError: ``cannot-write``.
        """
        if target.root is not None:
            return target.root
        if self._private is None:
            import tempfile

            try:
                self._private = Path(tempfile.mkdtemp(prefix="engine-recipes-"))
            except OSError as error:
                raise StepError("cannot-write", f"no private folder can be created: {error.strerror}") from None
        return self._private

    def note_written(self, path: Path) -> None:
        """Note a file that the run may replace from now on."""
        self._policy.written.add(path)

    def close(self) -> None:
        """Remove the private folder."""
        if self._private is not None:
            import shutil

            shutil.rmtree(self._private, ignore_errors=True)


def _mode(path: Path) -> int | None:
    """Return the type and mode of a file, without following a symbolic link; None if there is no such file."""
    try:
        return path.lstat().st_mode
    except (OSError, ValueError):
        return None


def _is_file_name(name: str) -> bool:
    try:
        return b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:
        return False


def file_exists(path: Path) -> StepError:
    hint = "choose another name, or add 'overwrite: true' beside 'save'"
    return StepError("file-exists", f"{path} exists, and this run did not write it", hint=hint)
