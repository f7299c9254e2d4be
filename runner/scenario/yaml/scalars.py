"""Resolves plain scalars by YAML 1.2's core schema."""

from __future__ import annotations

import re
from functools import lru_cache

from runner.scenario.yaml.nodes import PlainScalar
from runner.spelling import spelled

MAX_PLAIN = 400
"""Longer plain values are text: no engine accepts a number of so many digits."""

_WORDS: dict[str, PlainScalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_SPECIAL_FLOAT = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")


def resolve(text: str) -> PlainScalar:
    """Return the value of a plain scalar (YAML 1.2, 10.3.2): ``no``, ``on`` and ``22:22`` are text. A number keeps its
    spelling."""
    return _resolved(text) if len(text) <= MAX_PLAIN else text


@lru_cache(maxsize=4096)
def _resolved(text: str) -> PlainScalar:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "-+.0123456789":
        if _INTEGER.match(text):
            base = {"0o": 8, "0x": 16}.get(text[:2], 10)
            return spelled(int(text if base == 10 else text[2:], base), text)
        if _FLOAT.match(text):
            return spelled(float(text), text)
        if _SPECIAL_FLOAT.match(text):
            return spelled(float(text.lower().replace(".", "", 1)), text)
    return text
