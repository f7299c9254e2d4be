"""Running scenario files as a user does, and keeping their reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engines import Engine

LIVE = Path(__file__).parent
ROOT = LIVE.parent.parent


@dataclass
class Runs:
    """Runs scenarios in a folder of their own, where what they save and their reports are kept."""

    folder: Path
    reports: list[Path] = field(default_factory=list)

    def __call__(
        self, engine: Engine, *scenarios: str, secrets: Mapping[str, str] | None = None, **values: str
    ) -> list[dict[str, Any]]:
        """Run these files, which must pass; their part of the report."""
        report = self.folder / f"report-{len(self.reports)}.json"
        command = [sys.executable, "-m", "runner", "--host", engine.url, "--format", "none", "--output", str(report)]
        command += [f"--var={name}={value}" for name, value in values.items()]
        secret = {f"RUN_SECRET_{name.upper()}": value for name, value in (secrets or {}).items()}
        done = subprocess.run(
            [*command, *(str(LIVE / scenario) for scenario in scenarios)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **secret},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        self.reports.append(report)
        found: list[dict[str, Any]] = json.loads(report.read_bytes())["scenarios"]
        return found
