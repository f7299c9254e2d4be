"""The nearest known name, for "did you mean"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

MOST = 500
"""Of more known names than this, those are looked at that are nearest in length: comparing takes about 30 µs each."""
LONGEST = 100
"""Characters of a name that may be a typing error. A longer one is data."""
CLOSE = 5
"""The nearest names that are looked at for one that isn't an opposite."""
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_OPPOSITES: Final = frozenset(
    frozenset(pair.split())
    for pair in (
        "above below",
        "absent present",
        "allow deny",
        "attach detach",
        "connect disconnect",
        "create remove",
        "disable enable",
        "exclude include",
        "export import",
        "first last",
        "from to",
        "join leave",
        "keep clean",
        "load save",
        "lock unlock",
        "max min",
        "on off",
        "pause unpause",
        "pull push",
        "read write",
        "start stop",
        "stdin stdout",
        "stderr stdin",
        "stderr stdout",
    )
)
_NEGATIONS: Final = frozenset({"no", "not", "un", "dis", "without", "skip", "non", "never"})


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` was most likely meant to be, if one is close enough and not its opposite."""
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
    close = difflib.get_close_matches(wanted, by_lower, n=CLOSE, cutoff=0.6)
    return next((by_lower[one] for one in close if not are_opposites(name, by_lower[one])), None)


def are_opposites(one: str, other: str) -> bool:
    """Return whether two names say the opposite of each other: ``--no-keep`` and ``--keep``, ``lock`` and ``unlock``,
    ``image.import`` and ``image.export``."""
    ours, theirs = ([word.lower() for word in _WORDS.findall(name)] for name in (one, other))
    if len(ours) == len(theirs):
        differing = [frozenset(pair) for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
        if differing and all(pair in _OPPOSITES for pair in differing):
            return True
    return _negates(ours, theirs) or _negates(theirs, ours)


def _negates(longer: list[str], shorter: list[str]) -> bool:
    """Return whether one list of words is the other with a negation, as a word or as a prefix."""
    if [word for word in longer if word not in _NEGATIONS] == shorter and longer != shorter:
        return True
    differing = [(a, b) for a, b in zip(longer, shorter, strict=False) if a != b]
    return (
        len(longer) == len(shorter)
        and len(differing) == 1
        and differing[0][0].removesuffix(differing[0][1])
        in (
            "un",
            "dis",
            "non",
            "in",
        )
    )


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the nearest known name, or None."""
    found = nearest(name, known)
    return f"did you mean '{found}'?" if found else None
