"""Defines what the parser, the evaluator and the values share: names, scopes and the errors of an expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from runner.errors import StepError

Scope: TypeAlias = Mapping[str, Any]
"""The names that an expression sees, with their values."""

GLOBALS = frozenset({"range", "now", "unique"})
"""The functions that every expression sees."""


class Reference(NamedTuple):
    """A name that an expression uses. ``path`` holds the plain keys that follow it (``steps.made.body``); ``optional``
    means that it may be undefined, because ``is defined`` or ``default`` asks for it."""

    name: str
    path: tuple[str, ...] = ()
    optional: bool = False


class Results(dict[str, Any]):
    """The results of the steps that have run, by id: the value of ``steps`` in an expression."""


class ExpressionSyntaxError(Exception):
    """Text that is not an expression; ``word`` is the part of it to point at."""

    def __init__(self, code: str, message: str, hint: str | None = None, word: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.word = word


class EvaluationError(StepError):
    """An expression that can't be evaluated; ``word`` is the part of its text to point at."""

    def __init__(self, code: str, message: str, *, hint: str | None = None, word: str | None = None) -> None:
        super().__init__(code, message, hint=hint)
        self.word = word
