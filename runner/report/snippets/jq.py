"""Simple expressions of a scenario in the language of ``jq``."""

from __future__ import annotations

import json
import re

_STEP = re.compile(r"""\.([A-Za-z_]\w*) | \[(-?\d+)\] | \[\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\]""", re.VERBOSE)
_FILTERS = {"short": "[:12]", "first": "[0]", "last": "[-1]"}


def jq_filter(source: str) -> str | None:
    """The command that reads from an answer on its input what ``source`` reads from a result.

    ``body.Id`` becomes ``jq -r .Id``; output that is taken as it is needs no command and gives ``""``. None for
    whatever is not a path, at most with one of the filters ``short``, ``first``, ``last``, ``length`` behind it.

    >>> jq_filter("body[0].Names[0]")
    "jq -r '.[0].Names[0]'"
    """
    path, _, pipe = (part.strip() for part in source.partition("|"))
    if path == "stdout" and pipe in ("", "trim"):
        return ""
    root = next((name for name in ("body", "items") if re.match(rf"{name}(?!\w)", path)), None)
    if root is None:
        return None
    text = _path(path[len(root) :])
    if text is None:
        return None
    if pipe in _FILTERS:
        text += _FILTERS[pipe]
    elif pipe == "length":
        text = "length" if text == "." else f"{text}|length"
    elif pipe:
        return None
    quoted = text if re.fullmatch(r"[\w.]+", text) else "'" + text.replace("'", "'\\''") + "'"
    return f"jq {'-s ' if root == 'items' else ''}-r {quoted}"


def _path(rest: str) -> str | None:
    """Names and indexes, one after the other."""
    text, end = "", 0
    for match in _STEP.finditer(rest):
        if match.start() != end:
            return None
        end = match.end()
        name, index, *keys = match.groups()
        if name is not None:
            text += f".{name}"
            continue
        key = next((key for key in keys if key is not None), None)
        text += f"[{index}]" if key is None else f"[{json.dumps(key)}]"
    if end != len(rest):
        return None
    return text if text.startswith(".") else f".{text}"
