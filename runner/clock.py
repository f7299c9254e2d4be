"""Formats the current time, without ``datetime``, whose import takes longer than a request."""

from __future__ import annotations

import time


def utc_now() -> str:
    """Return the time as RFC 3339 in UTC, with milliseconds."""
    return f"{exact_utc_now()[:-7]}Z"


def exact_utc_now() -> str:
    """Return the time as RFC 3339 in UTC, with nanoseconds as engines have them."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds:09}Z"
