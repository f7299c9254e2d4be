"""Shows JSON coloured, and foldable without a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from json.encoder import JSONEncoder, encode_basestring
from typing import Any, Literal, NamedTuple

from markupsafe import Markup

from runner.report.html import templates
from runner.report.wording import cut
from runner.text import count

_INLINE = 72
"""Characters up to which a list or an object is on one line."""
_OPEN_LINES = 40
"""Lines up to which the parts of an answer are open at first."""
_MAX_ELEMENTS = 500
_SCALARS = frozenset({str, int, float, bool, type(None)})
_ENCODER = JSONEncoder(ensure_ascii=False, default=str)

Token = tuple[str, str]
"""A class, or nothing, and a text."""


class Row(NamedTuple):
    """A line; or the beginning or the end of a part that folds, which has a ``size``."""

    kind: Literal["line", "open", "close"]
    tokens: tuple[Token, ...]
    opened: bool = True
    size: str = ""


def view(value: Any, *, opened: bool = True) -> Markup:
    """Return a value as nested ``<details>``; large parts are closed at first, and all of it if not ``opened``."""
    rows: list[Row] = []
    _part(rows, value, (), "", opened=opened)
    return templates.render("json.html", rows=rows)


def _part(rows: list[Row], value: Any, label: tuple[Token, ...], after: str, *, opened: bool) -> None:
    """Add the rows of a value between the label of its key and a comma."""
    flat = _flat(value)
    if flat is not None:
        rows.append(Row("line", (*label, *flat, ("", after))))
        return
    opening, closing = ("{", "}") if isinstance(value, Mapping) else ("[", "]")
    noun = "key" if isinstance(value, Mapping) else "element"
    elements = list(value.items()) if isinstance(value, Mapping) else [(None, part) for part in value]
    size = f"{count(len(elements), noun)} {closing}{after}"
    rows.append(Row("open", (*label, ("", opening)), opened, size))
    for number, (key, part) in enumerate(elements[:_MAX_ELEMENTS], 1):
        comma = "," if number < len(elements) else ""
        inner: tuple[Token, ...] = () if key is None else (("key", _scalar(str(key))), ("", ": "))
        _part(rows, part, inner, comma, opened=lines_of(part, _OPEN_LINES) <= _OPEN_LINES)
    more = len(elements) - _MAX_ELEMENTS
    if more > 0:
        rows.append(Row("line", (("", f"… {more} more"),)))
    rows.append(Row("close", (("", f"{closing}{after}"),)))


def _flat(value: Any) -> tuple[Token, ...] | None:
    """Return the tokens of a value that fits on one line."""
    if type(value) not in _SCALARS and _width(value, _INLINE) > _INLINE:
        return None
    tokens: list[Token] = []
    _tokens(tokens, value)
    return tuple(tokens)


def _tokens(tokens: list[Token], value: Any) -> None:
    if type(value) in _SCALARS:
        tokens.append((_kind(value), _scalar(value)))
    elif isinstance(value, Mapping):
        separator = "{"
        for key, part in value.items():
            tokens += [("", separator), ("key", _scalar(str(key))), ("", ": ")]
            _tokens(tokens, part)
            separator = ", "
        tokens.append(("", "}" if value else "{}"))
    elif isinstance(value, list):
        separator = "["
        for part in value:
            tokens.append(("", separator))
            _tokens(tokens, part)
            separator = ", "
        tokens.append(("", "]" if value else "[]"))
    else:
        tokens.append((_kind(value), _scalar(value)))


def lines_of(value: Any, most: int) -> int:
    """Return how many lines a value takes when all of it is open; beyond ``most``, some number that is more."""
    if type(value) in _SCALARS or _width(value, _INLINE) <= _INLINE:
        return 1
    lines = 2 if isinstance(value, (Mapping, list)) else 1
    for part in _values(value):
        if lines > most:
            break
        lines += lines_of(part, most - lines)
    return lines


def _width(value: Any, most: int) -> int:
    """Return how many characters a value takes on one line; beyond ``most``, some number that is more."""
    if type(value) in _SCALARS or not isinstance(value, (Mapping, list)):
        return len(_dumps(value))
    width = 2 * max(len(value), 1)
    if isinstance(value, Mapping):
        width += 2 * len(value)
    for part in chain.from_iterable(value.items()) if isinstance(value, Mapping) else value:
        if width > most:
            break
        width += _width(part, most - width)
    return width


def _values(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _scalar(value: Any) -> str:
    return cut(_dumps(value))


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "string"
    return "figure" if isinstance(value, (int, float)) and not isinstance(value, bool) else "word"


def _dumps(value: Any) -> str:
    return encode_basestring(value) if isinstance(value, str) else _ENCODER.encode(value)
