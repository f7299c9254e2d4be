"""Points in time, as people write them, become the API's, to the nanosecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.api.times import NANO, is_relative, unix_time

NOW = 1_700_000_000_123_456_789


class Spelled(float):
    """A number that keeps the spelling of its source."""

    def __str__(self) -> str:
        return "1700000000.123456789"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (0, "0"),
        (-5, "-5"),
        (1700000000, "1700000000"),
        (1e9, "1000000000"),
        (1.5e-07, "0.00000015"),
        (Spelled(1.0), "1700000000.123456789"),
        ("1700000000.100", "1700000000.100"),
        (" 1700000000.123456789 ", "1700000000.123456789"),
        ("1970-01-01T00:00:00Z", "0"),
        ("1969-12-31T23:59:59.5Z", "-0.5"),
        ("2026-01-31t12:00:00.000000001z", "1769860800.000000001"),
        ("2026-01-31 12:00:00-05:30", "1769880600"),
        ("9999-12-31T23:59:59.999999999Z", "253402300799.999999999"),
        ("0s", "1700000000.123456789"),
        ("10m", "1699999400.123456789"),
        ("1h30m", "1699994600.123456789"),
        ("1.5s", "1699999998.623456789"),
        ("123456789ns", "1700000000"),
        ("0.123456789s", "1700000000"),
        ("1us1ms", "1700000000.122455789"),
    ],
)
def test_every_form(value: Any, sent: str) -> None:
    assert unix_time(value, NOW) == sent


@pytest.mark.parametrize(
    "value",
    [
        *[True, None, [], {}, "", " ", "yesterday", "1.", ".5", "1.1234567890", "1e3", "0x10", "1_0", "+1", "\u0661"],
        *[1e18, "10 m", "-10m", "10d", "m", "1.h", "1.1234567890s", float("nan"), float("inf")],
        *["2026-01-31", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z"],
    ],
)
def test_what_is_no_time(value: Any) -> None:
    with pytest.raises(ValueError):
        unix_time(value, NOW)


def test_durations_are_relative_and_nothing_else() -> None:
    assert all(is_relative(text) for text in ("10m", "1h30m", " 5s ", "0.5ms"))
    assert not any(is_relative(value) for value in ("", 5, "5", "1700000000.5", "2026-01-31T12:00:00Z", "m"))


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),
    st.integers(0, 999),
    st.integers(-1439, 1439),
)
def test_rfc_3339_is_exact(moment: datetime, nanoseconds: int, minutes: int) -> None:
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = f"{zoned:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06}{nanoseconds:03}{zoned.isoformat()[-6:]}".rjust(35, "0")
    since = (zoned - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000 + nanoseconds
    sign, digits = ("-", -since) if since < 0 else ("", since)
    whole, rest = divmod(digits, NANO)
    assert unix_time(text) == (f"{sign}{whole}.{rest:09}".rstrip("0") if rest else f"{sign}{whole}")


@given(st.text(max_size=30) | st.floats() | st.integers())
def test_any_value_is_a_time_or_an_error(value: Any) -> None:
    try:
        sent = unix_time(value, NOW)
    except ValueError:
        return
    assert sent.removeprefix("-").replace(".", "", 1).isdecimal()
