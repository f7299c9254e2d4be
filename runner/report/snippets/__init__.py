"""A step of a run as something a reader can paste: ``curl`` in bash, the docker CLI, docker-py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from runner.executor.record import StepRecord
from runner.report.snippets.curl import Script
from runner.report.snippets.dockercli import Session
from runner.report.snippets.dockerpy import Program


class Snippets(NamedTuple):
    """What one step is in each language; None where it has no equivalent there."""

    curl: str | None
    cli: str | None
    python: str | None


class Languages:
    """The snippets of one scenario, asked for in the order of its steps."""

    def __init__(self, endpoint: str, steps: Sequence[StepRecord]) -> None:
        self.curl = Script(endpoint, steps)
        self._cli = Session(steps)
        self._python = Program(endpoint, steps)

    def of(self, step: StepRecord) -> Snippets:
        """A step in all languages."""
        return Snippets(self.curl.command(step), self._cli.command(step), self._python.snippet(step))
