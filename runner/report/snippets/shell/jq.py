"""Simple expressions of a scenario in the language of ``jq``."""

from __future__ import annotations

import json
import re

from runner.results.result_path import EVERY, ResultPath

_FILTERS = {"short": "[:12]", "first": "[0]", "last": "[-1]"}
_BARE = re.compile(r"[A-Za-z_]\w*")


def jq_command(path: ResultPath | None) -> str | None:
    """Return the command that reads from a response on its input what a path reads from a result.

    ``body.Id`` becomes ``jq -r .Id``; output that is taken as it is needs no command and gives ``""``. None for
    whatever is not a path into the body or the items, or has another filter than ``short``, ``first``, ``last`` or
    ``length``.

    >>> jq_filter(ResultPath("body", (0, "Names", 0)))
    "jq -r '.[0].Names[0]'"
    """
    if path is None:
        return None
    pipe = path.filter
    if path.root == "stdout" and not path.keys and pipe in (None, "trim"):
        return ""
    if path.root not in ("body", "items") or EVERY in path.keys:
        return None
    text = "".join(_key(key) for key in path.keys)
    if pipe in _FILTERS:
        text += _FILTERS[pipe]
    if not text.startswith("."):
        text = f".{text}"
    if pipe == "length":
        text = "length" if text == "." else f"{text}|length"
    elif pipe and pipe not in _FILTERS:
        return None
    quoted = text if re.fullmatch(r"[\w.]+", text) else "'" + text.replace("'", "'\\''") + "'"
    return f"jq {'-s ' if path.root == 'items' else ''}-r {quoted}"


def _key(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _BARE.fullmatch(key) else f"[{json.dumps(key)}]"
