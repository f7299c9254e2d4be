"""Lays out JSON for people: what fits on a line stays on one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Scalar = Callable[[Any], str]


def pretty(value: Any, width: int, indent: str = "", scalar: Scalar | None = None, step: str = "  ") -> str:
    """Return the value as text: an object or a list on one line if that has at most ``width`` characters.

    Lines after the first begin with ``indent``, and with a ``step`` more on each level. ``scalar`` writes keys and
    what holds no other values; with it the text is that of another language than JSON.
    """
    line = flat(value, scalar)
    if len(line) + len(indent) <= width or not isinstance(value, (Mapping, list, tuple)) or not value:
        return line
    inner = indent + step
    if isinstance(value, Mapping):
        rows = [f"{flat(key, scalar)}: {pretty(item, width, inner, scalar, step)}" for key, item in value.items()]
        opening, closing = "{", "}"
    else:
        rows = [pretty(item, width, inner, scalar, step) for item in value]
        opening, closing = "[", "]"
    body = f",\n{inner}".join(rows)
    return f"{opening}\n{inner}{body}\n{indent}{closing}"


def flat(value: Any, scalar: Scalar | None = None) -> str:
    """Return the value on one line."""
    if scalar is None:
        return _ENCODER.encode(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{scalar(key)}: {flat(item, scalar)}' for key, item in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(flat(item, scalar) for item in value)}]"
    return scalar(value)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=_plain)
