"""Reads times as engines write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

NANO: Final = 1_000_000_000
"""Nanoseconds in a second."""


def nanoseconds(text: str) -> int | None:
    """Return an RFC 3339 time in nanoseconds since the epoch; None if it is not a time. Zero values are negative."""
    head, zone = (text[:-1], "+00:00") if text.endswith("Z") else (text[:-6], text[-6:])
    whole, _, fraction = head.partition(".")
    try:
        moment = datetime.fromisoformat(f"{whole}{zone}")
    except ValueError:
        return None
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return seconds * NANO + int(f"{fraction:0<9.9}" or 0)
