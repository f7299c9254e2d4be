"""The command as a user calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))


def start(folder: Path, *arguments: str | Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """``run`` with these arguments, in a working folder of its own."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("DOCKER_", "RUN_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "runner", *map(str, arguments)],
        cwd=folder,
        env={**bare, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache"), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
