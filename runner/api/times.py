"""Converts points in time to what the API takes: Unix seconds with up to nine decimals, exactly, without floats.

Accepted are such a number, RFC 3339 (``2026-01-31T12:00:00.5+01:00``), and a duration before now (``10m``, ``1h30m``),
as the docker CLI accepts them (https://docs.docker.com/reference/cli/docker/container/logs/#since).
"""

from __future__ import annotations

import re
import time
from typing import Any, Final

NANO: Final = 1_000_000_000
WANTED: Final = "a time: Unix seconds with up to nine decimals, RFC 3339, or a duration before now such as 10m"

_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_RFC_3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_PART = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,9}))?(ms|us|µs|ns|h|m|s)")
_UNITS: Final = {"h": 3600 * NANO, "m": 60 * NANO, "s": NANO, "ms": 1_000_000, "us": 1000, "µs": 1000, "ns": 1}


def unix_time(value: Any, now: int | None = None) -> str:
    """Return a point in time as the API takes it. ``now``, in nanoseconds, is what a duration counts back from.

    Raises:
        ValueError: it is not a time.
    """
    text = _plain(value)
    if _NUMBER.fullmatch(text):
        return text
    match = _RFC_3339.fullmatch(text)
    if match:
        return _seconds(_instant(match))
    if is_relative(text):
        return _seconds((time.time_ns() if now is None else now) - nanoseconds_of(text))
    raise ValueError(text)


def instant(text: str) -> int | None:
    """Return the nanoseconds since 1970 of a time in RFC 3339; None for any other text."""
    match = _RFC_3339.fullmatch(text)
    if match is None:
        return None
    try:
        return _instant(match)
    except ValueError:  # the 31st of February
        return None


def is_relative(value: Any) -> bool:
    """Return whether this is a duration before now, so that each call means another time."""
    text = str(value).strip()
    return bool(text) and not _PART.sub("", text)


def _plain(value: Any) -> str:
    """Return the value's text, a float's without an exponent and without ``.0``."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if isinstance(value, float) and "e" in text.lower():
        text = f"{value:.9f}".rstrip("0")
    return text.removesuffix(".0").removesuffix(".") if isinstance(value, float) else text


def _instant(match: re.Match[str]) -> int:
    """Return the nanoseconds since 1970 of a time in RFC 3339."""
    from datetime import datetime

    day, clock, fraction, zone = match.groups()
    moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone in 'Zz' else zone}")
    return int(moment.timestamp()) * NANO + int((fraction or "").ljust(9, "0"))


def nanoseconds_of(text: str) -> int:
    """Return the nanoseconds of a relative time such as ``1h30m`` or ``1.5s``."""
    total = 0
    for whole, fraction, unit in _PART.findall(text):
        total += int(whole + fraction) * _UNITS[unit] // 10 ** len(fraction)
    return total


def _seconds(nanoseconds: int) -> str:
    sign, (seconds, rest) = "-" if nanoseconds < 0 else "", divmod(abs(nanoseconds), NANO)
    return f"{sign}{seconds}.{rest:09}".rstrip("0").rstrip(".") if rest else f"{sign}{seconds}"
