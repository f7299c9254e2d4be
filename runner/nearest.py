"""The nearest known name, for "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` was most likely meant to be, if one is close enough."""
    import difflib

    by_lower = {candidate.lower(): candidate for candidate in sorted(set(known), reverse=True)}
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the nearest known name, or None."""
    found = nearest(name, known)
    return f"did you mean '{found}'?" if found else None
