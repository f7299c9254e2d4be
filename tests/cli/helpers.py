"""Calls the command as a shell does: another process, its own environment, a folder of the test's."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PASSES = "title: passes\nsteps:\n  - {id: one, sleep: 0}\n"
FAILS = "title: fails\nsteps:\n  - {id: bad, check: ['1 == 2']}\n"


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@dataclass
class Command:
    """``folder`` is where it runs; ``at`` the engine's address."""

    folder: Path
    at: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def environment(self, **more: str) -> dict[str, str]:
        hidden = ("DOCKER_", "RUN_", "NO_COLOR", "PYTHONPATH")
        env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        env.update(HOME=str(self.folder), PYTHONPATH=str(ROOT), PYTHONWARNINGS="error", RUN_FULL_EXIT="1")
        env["DOCKER_HOST"] = self.at or ""
        return {**env, **self.env, **more}

    def __call__(self, *words: str, env: Mapping[str, str] | None = None, **more: Any) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "runner", *words],
            cwd=self.folder,
            env=self.environment(**(env or {})),
            capture_output=True,
            check=False,
            timeout=60,
            **more,
        )
        err = done.stderr.decode()
        assert "Traceback" not in err or "--debug" in words, err
        return Done(done.returncode, done.stdout.decode(), err)

    @contextmanager
    def started(self, *words: str, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
        """A command that runs beside the test; ended with it."""
        process = subprocess.Popen(
            [sys.executable, "-m", "runner", *words],
            cwd=self.folder,
            env=self.environment(),
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()
