"""Tracks values that no snippet reads: the reader sets variables for them, before they are used."""

from __future__ import annotations

from runner.report.snippets.names import Names
from runner.report.snippets.session import distinctive
from runner.report.snippets.variables import Variable, Variables
from runner.report.wording import title_of
from runner.results.records import StepRecord
from runner.text import visible


class UnsetVariables:
    """Shows captured values that were not read as variables all the same."""

    def __init__(self, variables: Variables, names: Names) -> None:
        self._variables = variables
        self._names = names
        self._unset: dict[str, str] = {}

    def note(self, step: StepRecord) -> None:
        """Take note of what a step captured, as far as no snippet has read it."""
        for name, value in step.captured.items():
            if isinstance(value, list) or all(text in self._variables for text in distinctive(value)):
                continue
            source = step.capture_sources.get(name)
            variable = Variable(self._names.variable(name))
            self._variables.learn(value, variable)
            where = f"{source.text} of the answer to" if source is not None else "set by"
            self._unset[variable.name] = visible(f"{where} '{title_of(step)}'".replace("\n", " "))

    def needed(self) -> list[tuple[str, str]]:
        """Return the variables that are used for the first time, with what the reader must set them to."""
        needed = sorted(name for name in self._variables.used if name in self._unset)
        return [(name, self._unset.pop(name)) for name in needed]
