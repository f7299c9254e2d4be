"""Files that come with the program."""

from __future__ import annotations

from pathlib import Path


def schema_path(name: str) -> Path:
    """Return a schema file: inside the package once installed, beside it in a checkout."""
    packaged = Path(__file__).parent / "schemas" / name
    return packaged if packaged.exists() else Path(__file__).parents[1] / "schemas" / name
