"""Limits which local files the scenarios of a run may read and write."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from runner.reading import ReadPolicy


class FileAccess(NamedTuple):
    """The local files of a run. ``confined`` scenarios, which need no trust, read below their own folder only and write
    to a private one; ``read`` and ``write`` are further folders that the user allows."""

    confined: bool = False
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()

    def policy(self, scenario: Path) -> ReadPolicy | None:
        """Return the policy for a scenario file; None if it may read everything."""
        return ReadPolicy.below(scenario.parent, *self.read) if self.confined else None


LIVE = FileAccess()
"""The access of a live run: it has the power of the engine anyway."""
CONFINED = FileAccess(confined=True)
"""The access of what needs no trust."""
