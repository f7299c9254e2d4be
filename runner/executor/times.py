"""Parses the times that engines write."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any, Final

_HTTP_DATE: Final = re.compile(r"\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")
_TOLERANCE: Final = 1.5
"""Seconds by which the ``Date`` of a response may differ from the engine's clock."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(text: str) -> float | None:
    """Return a ``Date`` header (RFC 9110, section 5.6.7) as Unix seconds; None if it is not one. The standard library's
    own parser is slow to import."""
    match = _HTTP_DATE.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        return None
    day, month, year = int(match[1]), _MONTHS.index(match[2]) + 1, int(match[3])
    try:
        return datetime(year, month, day, int(match[4]), int(match[5]), int(match[6]), tzinfo=UTC).timestamp()
    except ValueError:
        return None


def on_engine_clock(seconds: float, date: str) -> float:
    """Return a time of this machine as the clock of an engine has it, in Unix seconds; ``date`` is the ``Date`` header
    of a response that has just come. A small difference may be none, since that header has no fractions."""
    answered = http_date(date)
    offset = answered - time.time() if answered is not None else 0.0
    return seconds + offset - _TOLERANCE if abs(offset) > _TOLERANCE else seconds


def unix_seconds(value: Any) -> float | None:
    """Return the time at which an engine created something, as Unix seconds: it writes a number or RFC 3339 text; None
    for anything else."""
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return None
