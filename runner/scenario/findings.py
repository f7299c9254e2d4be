"""Collects what is wrong with a scenario, so that one look at it shows everything."""

from __future__ import annotations

from runner.errors import Diagnostic, InvalidScenario
from runner.scenario.yaml import nodes

MAX_FINDINGS = 50
"""More than this many helps nobody; a hostile file could have any number."""


class Findings:
    """Errors and warnings, each with its place."""

    def __init__(self) -> None:
        self.all: list[Diagnostic] = []

    def error(
        self,
        code: str,
        message: str,
        source: nodes.Source,
        node: nodes.Node,
        *,
        hint: str | None = None,
        word: str = "",
    ) -> None:
        self._add(Diagnostic(code, message, nodes.place_of(source, node, word), hint))

    def warning(
        self,
        code: str,
        message: str,
        source: nodes.Source,
        node: nodes.Node,
        *,
        hint: str | None = None,
        word: str = "",
    ) -> None:
        self._add(Diagnostic(code, message, nodes.place_of(source, node, word), hint, "warning"))

    @property
    def full(self) -> bool:
        """Nothing more is taken in, so that looking for more is not worth the time."""
        return len(self.all) >= MAX_FINDINGS

    def take_over(self, error: InvalidScenario) -> None:
        for diagnostic in error.diagnostics:
            self._add(diagnostic)

    def _add(self, diagnostic: Diagnostic) -> None:
        if not self.full and diagnostic not in self.all:
            self.all.append(diagnostic)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted((one for one in self.all if one.severity == "error"), key=_order))

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted((one for one in self.all if one.severity == "warning"), key=_order))

    def raise_errors(self) -> None:
        """Raises:
        InvalidScenario: there is at least one error.
        """
        if self.errors:
            raise InvalidScenario(self.errors)


def _order(diagnostic: Diagnostic) -> tuple[str, int, int]:
    place = diagnostic.place
    return (place.file, place.line, place.column) if place else ("", 0, 0)
