"""Writes values as text: a text as it is, anything else as JSON writes it, a number in the spelling of its source."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from runner.spelling import SpelledFloat, SpelledInt

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


def as_text(value: Any) -> str:
    """Return a value as it is written inside a longer text."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return as_json(value)


def as_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON: on one line, or indented. A number keeps its spelling where JSON has it too."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=_jsonable)
    if not _is_spelled(value):
        return text
    mark = "\ue000"
    while mark in text:
        mark += "\ue000"
    spellings: list[str] = []
    marked = json.dumps(_marked(value, mark, spellings), ensure_ascii=False, indent=indent, default=_jsonable)
    first, *rest = marked.split(f'"{mark}"')
    return "".join([first, *(part for pair in zip(spellings, rest, strict=True) for part in pair)])


def _is_spelled(value: Any) -> bool:
    """Return whether a number with a spelling of its own is inside."""
    if isinstance(value, Mapping):
        return any(map(_is_spelled, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_is_spelled, value))
    return isinstance(value, (SpelledInt, SpelledFloat))


def _marked(value: Any, mark: str, spellings: list[str]) -> Any:
    """Replace each number that keeps its spelling by a mark, and collect the spellings."""
    if isinstance(value, Mapping):
        return {name: _marked(inner, mark, spellings) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_marked(inner, mark, spellings) for inner in value]
    if isinstance(value, (SpelledInt, SpelledFloat)) and _JSON_NUMBER.fullmatch(value.spelling):
        spellings.append(value.spelling)
        return mark
    return value


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(value, "__iter__"):
        return list(value)  # of a missing value it raises an error, which names it
    if callable(value):
        raise TypeError(f"'{getattr(value, '__name__', 'this')}' is a function, not a value: call it")
    return str(value)
