"""Collects the errors and warnings of a scenario, so that one check reports all of them."""

from __future__ import annotations

from typing import Literal

from runner.errors import Diagnostic, InvalidScenario
from runner.scenario.yaml import nodes

MAX_FINDINGS = 50
"""Reporting more than this is not useful; malicious files could produce any number."""


class Findings:
    """Errors and warnings, each with its place."""

    def __init__(self) -> None:
        self._diagnostics: list[Diagnostic] = []

    def error(self, code: str, message: str, node: nodes.Node, hint: str | None = None, word: str = "") -> None:
        """Add an error at a node, or at a word inside it."""
        self.add(Diagnostic(code, message, nodes.place_of(node, word), hint))

    def warning(self, code: str, message: str, node: nodes.Node, hint: str | None = None, word: str = "") -> None:
        """Add a warning at a node, or at a word inside it."""
        self.add(Diagnostic(code, message, nodes.place_of(node, word), hint, "warning"))

    def extend(self, error: InvalidScenario) -> None:
        """Add the diagnostics of an error that was raised."""
        for diagnostic in error.diagnostics:
            self.add(diagnostic)

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic, unless it is there already or the maximum is reached."""
        if not self.full and diagnostic not in self._diagnostics:
            self._diagnostics.append(diagnostic)

    @property
    def full(self) -> bool:
        """Return whether the maximum is reached: further findings are dropped, so checks may stop."""
        return len(self._diagnostics) >= MAX_FINDINGS

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors, by their place."""
        return self._sorted("error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings, by their place."""
        return self._sorted("warning")

    def _sorted(self, severity: Literal["error", "warning"]) -> tuple[Diagnostic, ...]:
        return tuple(sorted((found for found in self._diagnostics if found.severity == severity), key=_position))

    def raise_errors(self) -> None:
        """Raise the errors, if there are any.

        Raises:
            InvalidScenario: with all errors.
        """
        if self.errors:
            raise InvalidScenario(self.errors)


def _position(diagnostic: Diagnostic) -> tuple[str, int, int]:
    place = diagnostic.place
    return (place.file, place.line, place.column) if place else ("", 0, 0)
