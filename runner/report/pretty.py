"""JSON as people write it: what fits on a line stands on one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Scalar = Callable[[Any], str]


def json_scalar(value: Any) -> str:
    """A value that holds no others, in JSON."""
    return json.dumps(value, ensure_ascii=False, default=str)


def pretty(value: Any, width: int, indent: str = "", scalar: Scalar = json_scalar, step: str = "  ") -> str:
    """The value as text whose lines after the first begin with ``indent``, and with a ``step`` more on each level.

    An object or a list stands on one line if that has at most ``width`` characters. ``scalar`` writes what holds no
    other values; with another one the text is that of another language.
    """
    line = flat(value, scalar)
    if len(line) + len(indent) <= width or not isinstance(value, (Mapping, list, tuple)) or not value:
        return line
    inner = indent + step
    if isinstance(value, Mapping):
        rows = [f"{scalar(key)}: {pretty(one, width, inner, scalar, step)}" for key, one in value.items()]
        opening, closing = "{", "}"
    else:
        rows = [pretty(one, width, inner, scalar, step) for one in value]
        opening, closing = "[", "]"
    body = f",\n{inner}".join(rows)
    return f"{opening}\n{inner}{body}\n{indent}{closing}"


def flat(value: Any, scalar: Scalar = json_scalar) -> str:
    """The value on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{scalar(key)}: {flat(one, scalar)}' for key, one in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(flat(one, scalar) for one in value)}]"
    return scalar(value)
