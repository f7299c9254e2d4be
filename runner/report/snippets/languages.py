"""A step of a run as something a reader can paste: ``curl`` in bash, the docker CLI, docker-py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from runner.report.snippets.curl import Script
from runner.report.snippets.docker_cli import Session
from runner.report.snippets.docker_py import Program
from runner.results.records import StepRecord


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
