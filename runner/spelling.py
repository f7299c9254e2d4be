"""Numbers that keep the spelling of their source: as text they are ``3.20`` or ``0x10``, as numbers 3.2 and 16.

They compare, hash, calculate and become JSON like any other number; ``repr`` is the number's own, ``str`` the spelling.
"""

from __future__ import annotations


class SpelledInt(int):
    """A whole number that was written in another way than Python's."""

    spelling: str

    def __new__(cls, number: int, spelling: str = "") -> SpelledInt:
        """Return the number with its spelling."""
        made = super().__new__(cls, number)
        made.spelling = spelling
        return made

    def __str__(self) -> str:
        return self.spelling


class SpelledFloat(float):
    """A number with a fraction or an exponent that was written in another way than Python's."""

    spelling: str

    def __new__(cls, number: float, spelling: str = "") -> SpelledFloat:
        """Return the number with its spelling."""
        made = super().__new__(cls, number)
        made.spelling = spelling
        return made

    def __str__(self) -> str:
        return self.spelling


def spelled(number: float, text: str) -> float:
    """Return a number that becomes this text; a plain one where that is Python's own spelling."""
    if str(number) == text:
        return number
    return SpelledInt(number, text) if isinstance(number, int) else SpelledFloat(number, text)


def unspelled(number: float) -> float:
    """Return the plain number."""
    return int(number) if isinstance(number, int) else float(number)
