"""The names that expressions give a meaning of their own."""

from __future__ import annotations

from typing import Final

RESULT_NAMES: Final = (
    "status",
    "headers",
    "body",
    "stdout",
    "stderr",
    "items",
    "ok",
    "attempts",
    "duration_ms",
    "each",
    "outputs",
)
"""The parts of a step's result; in its own expressions they stand alone."""

RESERVED_NAMES: Final = frozenset((*RESULT_NAMES, "steps", "engine", "run", "range", "now", "unique"))
"""Names that a variable can't have."""
