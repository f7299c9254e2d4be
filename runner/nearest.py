"""The nearest known name, for "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 500
"""Of more known names than this, those are looked at that are nearest in length: comparing takes about 30 µs each."""
LONGEST = 100
"""Characters of a name that may be a typing error. A longer one is data."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` was most likely meant to be, if one is close enough."""
    import difflib

    if len(name) > LONGEST:
        return None
    wanted, candidates = name.lower(), set(known)
    if len(candidates) > MOST:
        import heapq

        def distance(candidate: str) -> tuple[bool, int, str]:
            return candidate.lower() != wanted, abs(len(candidate) - len(name)), candidate

        candidates = set(heapq.nsmallest(MOST, candidates, key=distance))
    by_lower = {candidate.lower(): candidate for candidate in sorted(candidates, reverse=True)}
    if wanted in by_lower:
        return by_lower[wanted]
    close = difflib.get_close_matches(wanted, by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the nearest known name, or None."""
    found = nearest(name, known)
    return f"did you mean '{found}'?" if found else None
