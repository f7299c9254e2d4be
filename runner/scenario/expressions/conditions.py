"""Says what a condition must be, and how to write one: ``when``, ``until``, ``fail_if``, ``check``, ``expect.that``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from runner.scenario.expressions.references import EvaluationError
from runner.text import shown

NOT_A_CONDITION: Final = "not-a-condition"
"""The code of an error: a condition whose value is neither true nor false."""
_MAX_QUOTED: Final = 40
_OPERAND = re.compile(r"[\w.\[\]'\"()]+")


def not_a_condition(text: str, value: Any) -> EvaluationError:
    """Return the error of a condition with another value, which says how to write the question."""
    message = f"a condition must be true or false; this one is {shown(value, 60)}"
    return EvaluationError("not-a-condition", message, hint=questions(text, value))


def questions(text: str, value: Any) -> str:
    """Return ways to ask about a value, the likeliest first."""
    name = text if len(text) <= _MAX_QUOTED and _OPERAND.fullmatch(text) else "x"
    length, defined = f"{name} | length > 0", f"{name} is defined"
    match value:
        case str():
            example = value if 0 < len(value) <= _MAX_QUOTED and "'" not in value and value.isprintable() else "false"
            ways = (f"{name} == '{example}'", length, defined)
        case int() | float():
            ways = (f"{name} > 0", f"{name} == 1", defined)
        case list() | tuple() | Mapping():
            ways = (length, defined, f"{name} == …")
        case _:
            ways = (f"{name} is not none", defined, f"{name} == 'false'")
    return f"write the question: {', '.join(ways[:-1])} or {ways[-1]}"
