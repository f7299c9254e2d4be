"""Simple expressions of a scenario in the language of ``jq``."""

from __future__ import annotations

import json
import re

from runner.report import result_paths

_FILTERS = {"short": "[:12]", "first": "[0]", "last": "[-1]"}
_BARE = re.compile(r"[A-Za-z_]\w*")


def jq_filter(source: str) -> str | None:
    """The command that reads from an answer on its input what ``source`` reads from a result.

    ``body.Id`` becomes ``jq -r .Id``; output that is taken as it is needs no command and gives ``""``. None for
    whatever is not a path, at most with one of the filters ``short``, ``first``, ``last``, ``length`` behind it.

    >>> jq_filter("body[0].Names[0]")
    "jq -r '.[0].Names[0]'"
    """
    left, _, pipe = (part.strip() for part in source.partition("|"))
    if left == "stdout" and pipe in ("", "trim"):
        return ""
    path = result_paths.parse(left)
    if path is None or path.root not in ("body", "items") or result_paths.EVERY in path.keys:
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
