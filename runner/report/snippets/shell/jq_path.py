"""Writes paths into a result in the language of ``jq``."""

from __future__ import annotations

import json
import re
from typing import Final

from runner.results.result_path import EVERY, ResultPath
from runner.text import SHORT_ID

_FILTERS: Final = {"short": f"[:{SHORT_ID}]", "first": "[0]", "last": "[-1]"}
_OF_DIGESTS: Final = {**_FILTERS, "short": f'|ltrimstr("sha256:")[:{SHORT_ID}]'}
_BARE = re.compile(r"[A-Za-z_]\w*")


def path_program(path: ResultPath, inside: str, *, digest: bool = False) -> str | None:
    """Return the program for a plain path, which may lead to a ``digest``; None if it is more than that."""
    if path.root not in ("body", "items") or EVERY in path.keys:
        return None
    filters = _OF_DIGESTS if digest else _FILTERS
    text = inside + "".join(jq_key(key) for key in path.keys) + filters.get(path.filter or "", "")
    if not text.startswith("."):
        text = f".{text}"
    if path.filter == "length":
        return "length" if text == "." else f"{text}|length"
    return text if path.filter is None or path.filter in _FILTERS else None


def jq_key(key: str | int) -> str:
    """Return what leads from a value to one inside it."""
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _BARE.fullmatch(key) else f"[{json.dumps(key, ensure_ascii=False)}]"
