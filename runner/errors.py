"""Every way a run can go wrong, as one tree.

Each class carries the exit code that the command ends with, so that only ``runner.cli`` needs to know about exit
codes and everything else just raises.
"""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple


class Place(NamedTuple):
    """A span in a file. Lines and columns count from 1; ``length`` is in characters; ``text`` is the source line."""

    file: str
    line: int
    column: int
    length: int = 1
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Diagnostic(NamedTuple):
    """One finding about a scenario: what is wrong, where, and how to mend it."""

    code: str
    message: str
    place: Place | None = None
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"


class RunnerError(Exception):
    """The base of every expected failure: ``code`` is a stable kebab-case name, ``hint`` says what to do, ``details``
    are lines that explain further."""

    exit_code: ClassVar[int] = 70

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        place: Place | None = None,
        details: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.place = place
        self.details = details


class StepError(RunnerError):
    """A step that could not be carried out, or whose result is not what was asked for."""

    exit_code = 1


class UsageError(RunnerError):
    """The command was called wrongly: an unknown option, a value that makes no sense."""

    exit_code = 2


class InvalidScenario(RunnerError):
    """One or more scenario files are wrong; nothing was sent."""

    exit_code = 3

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        first = diagnostics[0]
        super().__init__(first.code, first.message, hint=first.hint, place=first.place)
        self.diagnostics = diagnostics


class EngineError(RunnerError):
    """The engine can't be reached, speaks something else, or the connection broke."""

    exit_code = 4


class DeadlineExceeded(RunnerError):
    """The time that a step has is over. The connection that was in use is closed and never reused."""

    exit_code = 1

    def __init__(self, message: str = "the time for this step is over", *, hint: str | None = None) -> None:
        super().__init__("timeout", message, hint=hint)


class StaleDocument(RunnerError):
    """A generated document no longer says what a run says."""

    exit_code = 5
