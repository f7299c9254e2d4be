"""Formats values as short YAML for messages: ``{times: 3, every: 500ms}``."""

from __future__ import annotations

import json
import re
from typing import Any

from runner.scenario.yaml.scalars import resolve

_PLAIN = re.compile(r"[\w./][^\n,\[\]{}#:&*!%@`\"]*(?<! )\Z")
_MAX_SHOWN = 60


def flow(value: Any) -> str:
    """Format a value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(str(name))}: {flow(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(flow(inner) for inner in value)}]"
    if isinstance(value, str) and _PLAIN.match(value) and resolve(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def shown(value: Any) -> str:
    """Format a wrong value for a message: a scalar as it is, up to 60 characters, or the name of its type."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}…'"
