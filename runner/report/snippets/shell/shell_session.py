"""Shows what all languages of the shell write alike: variables, pauses, arrays of a loop's values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runner.report.snippets.session import Draft, Session
from runner.report.snippets.shell import bash
from runner.report.snippets.variables import Variable
from runner.results.records import StepRecord


class ShellSession(Session):
    """A session whose snippets are pasted into bash."""

    def pause(self, seconds: float) -> Draft:
        return Draft(f"sleep {seconds:g}")

    def assign(self, step: StepRecord) -> Draft | None:
        lines = []
        values = []
        for name, value in step.captured.items():
            if isinstance(value, (str, int, float)) and not isinstance(value, bool):
                variable = Variable(self.names.variable(name))
                lines.append(f"{variable.name}={bash.word(self.variables.split(str(value)))}")
                values.append((name, value, variable))
        return Draft("\n".join(lines), tuple(values)) if lines else None

    def arrays(self, names: Iterable[str], drafts: Sequence[Draft]) -> Draft:
        """Return the code of a loop's elements, which append to an array for each of the names."""
        lines = [*(f"{self.names.variable(name)}=()" for name in names), *(draft.code for draft in drafts)]
        values = tuple(value for draft in drafts for value in draft.values)
        return Draft("\n".join(lines), values, tuple(setup for draft in drafts for setup in draft.setups))
