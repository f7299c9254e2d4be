"""The errors of the runner: one shape, one tree, one table of exit codes.

    RunnerError                what every expected failure is
    ├── StepError              a step could not be carried out, or its result is not what was asked for
    │   └── FieldError         a value does not fit the API
    ├── DeadlineExceeded       a step's time is up
    ├── UsageError             the command was called wrongly
    ├── InvalidScenario        scenario files are wrong; nothing was sent
    ├── EngineError            the engine is unreachable, speaks something else, or the connection broke
    └── StaleDocument          a generated document differs from what a run gives

An error becomes a :class:`Diagnostic`, which keeps its kind and its place in a file. Records, recordings, reports and
the terminal all show that one shape, and :meth:`Diagnostic.exit_code` reads the exit code from its kind.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar, Final, Literal, NamedTuple

ErrorKind = Literal["step", "deadline", "usage", "scenario", "engine", "document", "bug"]


class ExitCode(IntEnum):
    """Lists the exit codes of the command."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    ENGINE = 4
    STALE = 5
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


_EXIT_CODES: Final[dict[ErrorKind, ExitCode]] = {
    "step": ExitCode.FAILED,
    "deadline": ExitCode.FAILED,
    "usage": ExitCode.USAGE,
    "scenario": ExitCode.INVALID,
    "engine": ExitCode.ENGINE,
    "document": ExitCode.STALE,
    "bug": ExitCode.BUG,
}


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
    """One error or warning. ``code`` is a stable kebab-case name, ``hint`` says what to do, ``details`` are lines that
    explain further, ``kind`` decides the exit code."""

    code: str
    message: str
    place: Place | None = None
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"
    kind: ErrorKind = "step"
    details: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        return _EXIT_CODES[self.kind]


class RunnerError(Exception):
    """The base of every expected failure; see :class:`Diagnostic` for the fields."""

    kind: ClassVar[ErrorKind] = "bug"

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

    @property
    def exit_code(self) -> ExitCode:
        return _EXIT_CODES[self.kind]

    def diagnostic(self, place: Place | None = None, details: tuple[str, ...] = ()) -> Diagnostic:
        """Return the error as a record: at its own place, or else at ``place``; ``details`` replace its own."""
        return Diagnostic(
            self.code, self.message, self.place or place, self.hint, kind=self.kind, details=details or self.details
        )


class StepError(RunnerError):
    """A step that could not be carried out, or whose result is not what was asked for."""

    kind = "step"


class UsageError(RunnerError):
    """The command was called wrongly: an unknown option, a value that makes no sense."""

    kind = "usage"


class InvalidScenario(RunnerError):
    """One or more scenario files are wrong; nothing was sent."""

    kind = "scenario"

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        first = diagnostics[0]
        super().__init__(first.code, first.message, hint=first.hint, place=first.place)
        self.diagnostics = diagnostics


class EngineError(RunnerError):
    """The engine can't be reached, speaks something else, or the connection broke."""

    kind = "engine"


class FieldError(StepError):
    """A value that does not fit the API. ``field`` is its path in the step's call: a parameter's name, or ``body`` and
    the keys below it."""

    def __init__(self, code: str, message: str, field: tuple[str | int, ...], *, hint: str | None = None) -> None:
        super().__init__(code, message, hint=hint)
        self.field = field


class DeadlineExceeded(RunnerError):
    """A step's time is up. The connection that was in use is closed and never reused."""

    kind = "deadline"

    def __init__(self, message: str = "the time for this step is up", *, hint: str | None = None) -> None:
        super().__init__("timeout", message, hint=hint)


class StaleDocument(RunnerError):
    """A generated document differs from what a run gives."""

    kind = "document"


def error_of(diagnostic: Diagnostic) -> RunnerError:
    """Return an error that can be raised again from its record."""
    if diagnostic.kind == "deadline":
        return DeadlineExceeded(diagnostic.message, hint=diagnostic.hint)
    error = EngineError if diagnostic.kind == "engine" else StepError
    return error(
        diagnostic.code,
        diagnostic.message,
        hint=diagnostic.hint,
        place=diagnostic.place,
        details=diagnostic.details,
    )
