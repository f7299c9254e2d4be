"""Writes what any language in Python writes alike: pauses, assignments and loops."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from runner.report.snippets.names import python_identifier
from runner.report.snippets.python.words import PythonWords
from runner.report.snippets.session import Draft, Session
from runner.report.snippets.variables import Variable
from runner.results.records import StepRecord


class PythonSession(Session):
    """The snippets of one scenario in Python. With ``exact_times`` nothing of a time is lost."""

    def __init__(self, steps: Sequence[StepRecord], *, exact_times: bool = False) -> None:
        super().__init__(steps, python_identifier)
        self._words = PythonWords(self.variables, exact_times=exact_times)

    def pause(self, seconds: float) -> Draft:
        """Return the code that waits."""
        return Draft(f"time.sleep({seconds:g})", imports=("import time",))

    def assign(self, step: StepRecord) -> Draft | None:
        """Return the code that sets the step's variables; None if it sets none."""
        variables = {name: Variable(self.names.variable(name)) for name in step.captured}
        lines = [f"{variables[name].name} = {self._words.literal(value)}" for name, value in step.captured.items()]
        values = tuple((name, value, variables[name]) for name, value in step.captured.items())
        return Draft("\n".join(lines), values) if lines else None

    def loop(self, step: StepRecord, elements: Sequence[StepRecord]) -> Draft | None:
        """Return the code of a loop's elements, whose captured values become lists; None if there are none."""
        drafts = [self._foreground(element, index) for index, element in enumerate(elements)]
        if not drafts:
            return None
        names = [name for name in step.captured if any(name == value[0] for draft in drafts for value in draft.values)]
        return Draft(
            "\n".join([*(f"{self.names.variable(name)} = []" for name in names), *(draft.code for draft in drafts)]),
            tuple(value for draft in drafts for value in draft.values),
            tuple(setup for draft in drafts for setup in draft.setups),
            tuple(line for draft in drafts for line in draft.imports),
        )

    @abstractmethod
    def _foreground(self, step: StepRecord, index: int | None = None) -> Draft:
        """Return the code of a step; ``index`` is its place in a loop."""
