"""Represents values that are not there: a request body that is missing, and one that only a run can know."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Missing(Enum):
    """The type of :data:`MISSING`."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


class Unknown(str):
    """A text that stands for a value which only a run can know, of whatever type."""

    __slots__ = ()
