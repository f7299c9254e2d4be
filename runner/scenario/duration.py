"""Durations as scenarios write them: ``500ms``, ``5s``, ``2m``, ``1h``, or a number of seconds."""

from __future__ import annotations

import math
import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PATTERN = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h)?\s*\Z")


def seconds(value: object) -> float:
    """Return a duration in seconds.

    Raises:
        ValueError: it is not a duration, or a negative one.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
        if not math.isfinite(number) or number < 0:
            raise ValueError(f"{value} is not a duration")
        return number
    if isinstance(value, str):
        match = _PATTERN.match(value)
        if match:
            return float(match[1]) * _UNITS[match[2] or "s"]
    raise ValueError(f"{value!r} is not a duration: write 500ms, 5s, 2m, 1h or a number of seconds")
