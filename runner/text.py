"""Makes text and values from an engine or a file safe and short to print."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SHORT_ID = 12
LONG_ID = 64
"""Characters of an id as people and engines write it."""
MAX_SHOWN = 120
"""Longer values are cut when they are shown, in characters."""

# Control characters, which a terminal obeys, and characters that turn the reading direction or are invisible.
_HIDDEN = {
    *range(0x20),
    *range(0x7F, 0xA0),
    0x061C,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
} - {0x09}
_NAMED = {0x0A: "\\n", 0x0D: "\\r"}
_TABLE = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    for code in _HIDDEN
} | _NAMED
_JSON_TABLE = {code: json.dumps(chr(code))[1:-1] for code in _HIDDEN if code >= 0x7F} | {0x7F: "\\u007f"}


def visible(text: str) -> str:
    """Return the text on one line, with what a terminal would obey, or an eye would miss, written as an escape."""
    return text if text.isascii() and text.isprintable() else text.translate(_TABLE)


def visible_json(text: str) -> str:
    """Return JSON text with what a terminal would obey, or an eye would miss, written as JSON's own escapes."""
    return text if text.isascii() and "\x7f" not in text else text.translate(_JSON_TABLE)


def shown(value: Any, limit: int = MAX_SHOWN) -> str:
    """Return a value on one line, as JSON where it is data."""
    try:
        text = json.dumps(
            value, ensure_ascii=False, default=lambda one: dict(one) if isinstance(one, Mapping) else str(one)
        )
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 scenario``, ``2 scenarios``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def short_id(value: str) -> str:
    """Return the first 12 characters of an id, without ``sha256:``, as the docker CLI shows it."""
    return value.removeprefix("sha256:")[:SHORT_ID]


def short_path(path: str) -> str:
    """Return a request's path with the whole ids in it shortened."""
    return "/".join(short_id(part) if len(part) == LONG_ID else part for part in path.split("/"))
