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
    """Runs scenarios in a folder for each kind of engine, where what they save and their reports are kept."""

    folder: Path
    reports: dict[Path, list[Path]] = field(default_factory=dict)

    def folder_of(self, engine: Engine) -> Path:
        """The folder for engines of this one's name and suite."""
        folder = self.folder / f"{engine.name}-{engine.suite}"
        folder.mkdir(exist_ok=True)
        return folder

    def reports_of(self, engine: Engine) -> list[Path]:
        """The reports of all runs on engines of this one's name and suite."""
        return self.reports.setdefault(self.folder_of(engine), [])

    def __call__(
        self, engine: Engine, *scenarios: str, secrets: Mapping[str, str] | None = None, **values: str
    ) -> list[dict[str, Any]]:
        """Run these files, which must pass; their part of the report."""
        folder, reports = self.folder_of(engine), self.reports_of(engine)
        report = folder / f"report-{len(reports)}.json"
        command = [sys.executable, "-m", "runner", "--host", engine.url, "--format", "none", "--output", str(report)]
        command += [f"--var={name}={value}" for name, value in values.items()]
        secret = {f"RUN_SECRET_{name.upper()}": value for name, value in (secrets or {}).items()}
        done = subprocess.run(
            [*command, *(str(LIVE / scenario) for scenario in scenarios)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **secret},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        reports.append(report)
        found: list[dict[str, Any]] = json.loads(report.read_bytes())["scenarios"]
        return found
