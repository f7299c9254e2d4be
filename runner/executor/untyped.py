"""Marks values from outside a scenario whose type is not known yet."""

from __future__ import annotations


class UntypedText(str):
    """A value from a flag or the environment: a text that takes the type of the variable that it sets."""

    __slots__ = ()


class FromEnvironment(UntypedText):
    """A value from the environment, which may define more variables than the scenario declares."""

    __slots__ = ()
