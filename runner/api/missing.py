"""Distinguishes a request body that is missing from one that is null."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Missing(Enum):
    """The type of :data:`MISSING`."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
